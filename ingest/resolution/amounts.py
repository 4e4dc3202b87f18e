"""The amounts of lines: cents, and the faults of what is not an amount, or too great for its payment method."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.money import AMOUNT_MAX
from core.outcome_codes import Outcome
from core.payment_rules import SEPA_MAX
from ingest.resolution.line_batch import MAY_BE_ZERO, PAYS, LineBatch, NumberColumn

SEPA = "sepa"
_SEPA_ALONE: Mapping[str, int] = {SEPA: 1}


def choose_amount_field(line_batch: LineBatch) -> Field:
    """Return the column of amounts that the lines have."""
    return Field.AMOUNT_CENTS if Field.AMOUNT_CENTS in line_batch.arrays else Field.AMOUNT


def read_amounts(line_batch: LineBatch, kind: NDArray[np.uint8]) -> NumberColumn:
    """Return the cents and the fault of each amount; 0 is no fault of kinds without amount, or of what may be zero."""
    field = choose_amount_field(line_batch)
    cents, faults = line_batch.read_number(field)
    if field is Field.AMOUNT_CENTS and (cents.min(initial=1) <= 0 or cents.max(initial=1) > AMOUNT_MAX):
        limit_faults = np.where(cents > AMOUNT_MAX, Outcome.AMOUNT_OVER_LIMIT, 0)
        faults = np.where(cents <= 0, Outcome.AMOUNT_NOT_POSITIVE, limit_faults).astype(np.uint8)
    if not faults.any():
        return NumberColumn(cents, faults)
    is_admitted = MAY_BE_ZERO[kind] & (cents == 0) & (faults == Outcome.AMOUNT_NOT_POSITIVE)
    return NumberColumn(cents, np.where(is_admitted, 0, faults).astype(np.uint8))


def mark_amounts(
    line_batch: LineBatch, kind: NDArray[np.uint8], amounts: NumberColumn, *, sepa_only: bool
) -> None:
    """Mark faulty amounts, and those above the SEPA limit on lines that must be paid by SEPA."""
    cents, faults = amounts
    field = choose_amount_field(line_batch)
    line_batch.mark_faults(faults, field)
    if cents.max(initial=0) > SEPA_MAX:
        method = line_batch.read_text(Field.METHOD)
        asks_for_sepa = (
            method.map_to_numbers(_SEPA_ALONE, 0) == 1 if method else np.zeros(line_batch.rows, bool)
        )
        line_batch.mark_fault(
            (cents > SEPA_MAX) & (asks_for_sepa | PAYS[kind] & sepa_only), Outcome.SEPA_LIMIT_EXCEEDED, field
        )
