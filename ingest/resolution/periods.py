"""The accounting periods of lines, by posting date and exercise."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.calendar import Calendar, DatePlacement
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR
from ingest.resolution.line_batch import MONTHS, SPENDS_AE, YEAR_BOUND, LineBatch
from posting.book.registry import Registry

_DAYS_NEAR = 500
"""Dates so many days before or after that of the first line are looked up among days that are placed once."""

_DAY_MAX = 1 << 20
"""Behind every date of the calendar."""

_ANTICIPATION_MONTHS = 10
"""The whole months of a year before AE of the next one are taken: from 1 November on (LOLF art. 9)."""


class Periods(NamedTuple):
    """The period and the posting date of each line; 0 where the date is outside of the exercise."""

    period: NDArray[np.int32]
    day: NDArray[np.int32]


def assign_periods(
    line_batch: LineBatch, kind: NDArray[np.uint8], exercise: NDArray[np.int64], *, registry: Registry
) -> Periods:
    """Find the period of each posting date, and mark dates outside of the exercise."""
    day, _ = line_batch.read_number(Field.DATE)
    if Field.POSTING_DATE in line_batch.arrays:
        posting_day, _ = line_batch.read_number(Field.POSTING_DATE)
        states_day = line_batch.mark_values(Field.POSTING_DATE)
        is_misplaced = states_day & _find_misplaced_lines(line_batch, kind, (day, posting_day))
        line_batch.mark_fault(is_misplaced, Outcome.DATE_OUTSIDE_EXERCISE, Field.POSTING_DATE)
        day = np.where(states_day, posting_day, day)
    days = np.clip(day, np.iinfo(np.int32).min, np.iinfo(np.int32).max).astype(np.int32)
    period, is_inside = _find_periods(days, exercise, registry.reference.calendar)
    month = MONTHS[kind]
    if (month >= 0).any():
        period = np.where(month >= 0, period - period % PERIODS_PER_YEAR + month, period)
    if is_inside.all():
        return Periods(period, days)
    line_batch.mark_fault((exercise > 0) & ~is_inside, Outcome.DATE_OUTSIDE_EXERCISE, Field.DATE)
    return Periods(np.where(is_inside, period, 0), np.where(is_inside, days, 0))


def _find_misplaced_lines(
    line_batch: LineBatch, kind: NDArray[np.uint8], dates: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> NDArray[np.bool_]:
    """Find lines posted before the day of their act, or on a day that gives them credits which that day does not.

    The journal keeps the day of posting, by which the rules of year judge: so no sender chooses the year by it.
    """
    months = [day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) for day in dates]
    of_act, of_posting = months
    changes_year = YEAR_BOUND[kind] & (of_act // 12 != of_posting // 12)
    anticipates = SPENDS_AE[kind] & line_batch.mark_values(Field.SERVICE_START)
    waits = (of_act % 12 < _ANTICIPATION_MONTHS) & (of_posting % 12 >= _ANTICIPATION_MONTHS)
    return (dates[1] < dates[0]) | changes_year | (anticipates & waits)


def _find_periods(days: NDArray[np.int32], exercise: NDArray[np.int64], calendar: Calendar) -> DatePlacement:
    """Return the period of each date.

    Days near the first line's, in the same exercise, are looked up in a window that is placed once; the calendar places the
    others.
    """
    if not len(days):
        return calendar.place_dates(days, exercise)
    first_day = min(max(int(days[0]), 0), _DAY_MAX) - _DAYS_NEAR
    window = np.arange(first_day, first_day + 2 * _DAYS_NEAR, dtype=np.int32)
    of_window = calendar.place_dates(window, exercise[:1])
    offsets = days - np.int32(first_day)
    placed = DatePlacement(
        of_window.period.take(offsets, mode="clip"), of_window.is_inside.take(offsets, mode="clip")
    )
    is_near = offsets.view(np.uint32) < len(window)
    others = np.flatnonzero((exercise != exercise[0]) | ~is_near)
    if len(others):
        placed.period[others], placed.is_inside[others] = calendar.place_dates(days[others], exercise[others])
    return placed


def collapse_uniform(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return one number if all lines have the same, else the column."""
    return numbers[:1] if numbers.size and numbers.min() == numbers.max() else numbers
