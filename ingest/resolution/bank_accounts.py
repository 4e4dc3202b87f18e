"""The bank accounts that lines name: is it an IBAN, is it a BIC?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.outcome_codes import Outcome
from core.tables.columns import blank
from core.tables.journal import Flags
from ingest.resolution.line_batch import PAYS, Reading
from ingest.resolution.text_columns import Values
from kernels import bic, iban


def mark_ibans(reading: Reading) -> None:
    """Fault what is no IBAN."""
    column = reading.text(Field.IBAN)
    if column:
        wrong = column.values.once("iban", lambda values: _wrong(iban.check, values))
        if wrong.any():
            reading.mark(column.by_row(wrong), Outcome.IBAN_INVALID, Field.IBAN)


def mark_bics(reading: Reading, kind: NDArray[np.uint8]) -> None:
    """Fault what is no BIC, where somebody is to be paid; of registered third parties it may still be put right."""
    column = reading.text(Field.BIC)
    if column:
        wrong = column.values.once("bic", lambda values: _wrong(bic.check, values))
        if wrong.any():
            reading.mark(column.by_row(wrong) & PAYS[kind], Outcome.FIELD_INVALID, Field.BIC)


def _wrong(check: Any, values: Values) -> NDArray[np.bool_]:
    """Whether each text is one, and fails the check."""
    good = blank(Flags, len(values.spans.start))
    check(values.spans, values.text, good)
    return (values.spans.end > values.spans.start) & (good.flag == 0)
