"""The bank accounts that lines name: is it an IBAN, is it a BIC?"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.outcome_codes import Outcome
from core.tables.columns import allocate_zeros
from core.tables.journal import Flags
from ingest.resolution.line_batch import PAYS, LineBatch
from ingest.resolution.text_columns import DistinctTexts
from kernels import bic, iban


def mark_ibans(reading: LineBatch) -> None:
    """Fault what is no IBAN."""
    column = reading.read_text(Field.IBAN)
    if column:
        wrong = column.values.compute_once("iban", lambda values: _find_invalid(iban.check_ibans, values))
        if wrong.any():
            reading.mark_fault(column.expand(wrong), Outcome.IBAN_INVALID, Field.IBAN)


def mark_bics(reading: LineBatch, kind: NDArray[np.uint8]) -> None:
    """Fault what is no BIC, where somebody is to be paid; of registered third parties it may still be put right."""
    column = reading.read_text(Field.BIC)
    if column:
        wrong = column.values.compute_once("bic", lambda values: _find_invalid(bic.check_bics, values))
        if wrong.any():
            reading.mark_fault(column.expand(wrong) & PAYS[kind], Outcome.FIELD_INVALID, Field.BIC)


def _find_invalid(check: Any, values: DistinctTexts) -> NDArray[np.bool_]:
    """Whether each text is one, and fails the check."""
    good = allocate_zeros(Flags, len(values.spans.start))
    check(values.spans, values.text, good)
    return (values.spans.end > values.spans.start) & (good.flag == 0)
