"""Debts of the State that have lapsed (*prescription quadriennale*): a request for one is refused unless it states why not."""

from typing import NamedTuple

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
    is_open = BILLS[kind] & ~line_batch.mark_values(Field.PRESCRIPTION_STOP)
    if not is_open.any():
        return
    right_year, _ = line_batch.read_number(Field.RIGHT_YEAR)
    invoice_day, _ = line_batch.read_number(Field.INVOICE_DATE)
    by_invoice = (right_year < 0) & line_batch.mark_values(Field.INVOICE_DATE)
    latest = _compute_latest_years(day, lapse_years)
    may_lapse = np.where(
        by_invoice, invoice_day < latest.first_day, (right_year >= 0) & (right_year < latest.year)
    )
    rows = np.flatnonzero(is_open & may_lapse)  # mostly few
    if rows.size:
        years = _compute_first_years(day[rows], lapse_years)
        is_late = np.zeros(line_batch.rows, bool)
        is_late[rows] = np.where(
            by_invoice[rows], invoice_day[rows] < years.first_day, right_year[rows] < years.year
        )
        line_batch.mark_fault(is_late & ~by_invoice, Outcome.PRESCRIBED, Field.RIGHT_YEAR)
        line_batch.mark_fault(is_late & by_invoice, Outcome.PRESCRIBED, Field.INVOICE_DATE)


class _FirstYears(NamedTuple):
    """The first year whose debts have not lapsed, and its first day: of each of some days."""

    year: NDArray[np.int64]
    first_day: NDArray[np.int64]


def _compute_latest_years(day: NDArray[np.int32], lapse_years: EffectiveDated) -> _FirstYears:
    """Return a first year that is that of each day or later, as if the shortest lapse were valid on the last day."""
    shortest = EffectiveDated(lapse_years.since[:1], lapse_years.value.min(keepdims=True))
    return _compute_first_years(day.max(keepdims=True), shortest)


def _compute_first_years(days: NDArray[np.int32], lapse_years: EffectiveDated) -> _FirstYears:
    years = days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) - lapse_years.look_up(days)
    first_days = years.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return _FirstYears(years + _EPOCH_YEAR, first_days)
