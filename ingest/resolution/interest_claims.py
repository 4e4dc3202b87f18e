"""Claims of late interest that do not say why they are made: the rule limits them (rule A59)."""

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from ingest.resolution.line_batch import CLAIMS_INTEREST, LineBatch


def find_limited_claims(line_batch: LineBatch, kind: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the rows of claims without a reason."""
    claims = CLAIMS_INTEREST[kind]
    if not claims.any():
        return np.zeros(0, np.int64)
    return np.flatnonzero(claims & ~line_batch.mark_values(Field.REASON))
