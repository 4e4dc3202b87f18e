"""Checks of the IBANs and BICs of lines."""

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


def mark_ibans(line_batch: LineBatch) -> None:
    """Mark invalid IBANs."""
    column = line_batch.read_text(Field.IBAN)
    if column:
        is_invalid = column.values.compute_once(
            "iban", lambda values: _find_invalid(iban.check_ibans, values)
        )
        if is_invalid.any():
            line_batch.mark_fault(column.expand(is_invalid), Outcome.IBAN_INVALID, Field.IBAN)


def mark_bics(line_batch: LineBatch, kind: NDArray[np.uint8]) -> None:
    """Mark invalid BICs on lines that pay; on lines that register a third party they can still be corrected."""
    column = line_batch.read_text(Field.BIC)
    if column:
        is_invalid = column.values.compute_once("bic", lambda values: _find_invalid(bic.check_bics, values))
        if is_invalid.any():
            line_batch.mark_fault(column.expand(is_invalid) & PAYS[kind], Outcome.FIELD_INVALID, Field.BIC)


def _find_invalid(check: Any, values: DistinctTexts) -> NDArray[np.bool_]:
    """Return whether each text is filled and fails the check."""
    is_valid = allocate_zeros(Flags, len(values.spans.start))
    check(values.spans, values.text, is_valid)
    return (values.spans.end > values.spans.start) & (is_valid.flag == 0)
