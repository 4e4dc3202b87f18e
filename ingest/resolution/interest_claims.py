"""Claims of late interest: each must say why it is made (rule A59)."""

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.outcome_codes import Outcome
from ingest.resolution.line_batch import CLAIMS_INTEREST, LineBatch


def mark_unexplained_claims(line_batch: LineBatch, kind: NDArray[np.uint8]) -> None:
    """Mark claims of late interest that do not say why they are made.

    What the rule gives depends on the debits of the journal, which the decision of a line does not know.
    """
    claims = CLAIMS_INTEREST[kind]
    if claims.any():
        line_batch.mark_fault(
            claims & ~line_batch.find_filled(Field.REASON), Outcome.INTEREST_EXCEEDS_RULE, Field.REASON
        )
