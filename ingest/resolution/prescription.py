"""Debts of the State that have lapsed (*prescription quadriennale*): a request for one is refused unless it states why not."""

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import Field
from core.effective_dates import EffectiveDated
from core.outcome_codes import Outcome
from core.prescription import STOP_PATTERN
from ingest.resolution.line_batch import BILLS, LineBatch

_FIELDS = (Field.RIGHT_YEAR, Field.INVOICE_DATE)
_EPOCH_YEAR = 1970


def mark_unreadable_rights(
    line_batch: LineBatch, kind: NDArray[np.uint8], exercise: NDArray[np.int64]
) -> None:
    """Mark requests whose right arose after their exercise, and those that state a stop of an unknown kind."""
    if Field.RIGHT_YEAR in line_batch.arrays:
        year, _ = line_batch.read_number(Field.RIGHT_YEAR)
        line_batch.mark_fault(BILLS[kind] & (year > exercise), Outcome.FIELD_INVALID, Field.RIGHT_YEAR)
    stop = line_batch.read_text(Field.PRESCRIPTION_STOP)
    if stop is not None:
        options = pc.MatchSubstringOptions(f"^({STOP_PATTERN.pattern})?$")
        is_readable = pc.call_function("match_substring_regex", [stop.values.array], options)
        by_value = np.ones(len(stop.values.spans.start), bool)
        by_value[: len(is_readable)] = is_readable.to_numpy(zero_copy_only=False)
        is_unreadable = BILLS[kind] & ~stop.expand(by_value)
        line_batch.mark_fault(is_unreadable, Outcome.FIELD_INVALID, Field.PRESCRIPTION_STOP)


def mark_lapsed_debts(
    line_batch: LineBatch, kind: NDArray[np.uint8], day: NDArray[np.int32], *, lapse_years: EffectiveDated
) -> None:
    """Mark requests of ``day`` for debts that have lapsed, by the year of the right, otherwise by the date of the invoice.

    Certified service has the exercise of its request, so it has not lapsed: only an older invoice can show a lapse.
    """
    if line_batch.arrays.keys().isdisjoint(_FIELDS):
        return
    is_open = BILLS[kind] & ~line_batch.find_filled(Field.PRESCRIPTION_STOP)
    first_year = _read_years(day) - lapse_years.look_up(day)
    right_year, _ = line_batch.read_number(Field.RIGHT_YEAR)
    states_year = right_year >= 0
    line_batch.mark_fault(
        is_open & states_year & (right_year < first_year), Outcome.PRESCRIBED, Field.RIGHT_YEAR
    )
    invoice_day, _ = line_batch.read_number(Field.INVOICE_DATE)
    by_invoice = is_open & ~states_year & line_batch.find_filled(Field.INVOICE_DATE)
    line_batch.mark_fault(
        by_invoice & (_read_years(invoice_day) < first_year), Outcome.PRESCRIBED, Field.INVOICE_DATE
    )


def _read_years(days: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return the years of days since 1970."""
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + _EPOCH_YEAR
