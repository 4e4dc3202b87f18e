"""The calendar: which exercises and months are open for entries, and the period of a date.

Periods are those of ``core.periods``.  During the complementary period of an exercise (LOLF art. 28: at most twenty days),
dates of the following January count as its December.
"""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import ReferenceDataError
from core.periods import CLOSING_MONTHS, PERIODS_PER_YEAR, YEAR_FIRST, YEAR_LAST, to_period
from core.reference.files import read_toml

MONTHS = range(1, 13)
COMPLEMENTARY_DAYS_MAX = 20
PER_MILLE = 1000
RETENTION_LIMIT = 50
RECOVERY_FROM, RECOVERY_UNTIL = 650, 800
"""The shares of a contract that a year has if its table states none: 65 % and 80 % (décret 2016-360 art. 111, unread)."""
CARRY_OVER_LIMIT = 30
VISA_DAYS = 15
VISA_DAYS_MAX = 366

_YEARS = frozenset(map(str, range(YEAR_FIRST, YEAR_LAST + 1)))
_DECEMBER = 12
_NEXT_JANUARY = PERIODS_PER_YEAR + 1
_YEAR_BEFORE = YEAR_FIRST - 1


class DecreeLimits(NamedTuple):
    """What decrees may do in a year, in thousandths of what finance laws opened (LOLF art. 12 to 14)."""

    virement: int = 20
    """Moves within a ministry, of the first finance law, by programme and by its title 2."""
    advance: int = 10
    """Openings by decrees of advance, of the first finance law."""
    cancellation: int = 15
    """Cancellations by decree, of all finance laws of the year."""


@dataclass(frozen=True, slots=True)
class Exercise:
    """The months of an exercise that are open when a ledger begins it, its complementary period, and its last dates.

    The credits of payroll are checked from ``payroll_check_month`` on: December (GBCP art. 233).
    """

    year: int
    months_open_at_start: frozenset[int]
    complementary_days: int
    """How many days of the next January count as its December."""
    last_order_day: date | None = None
    """The last day on which payments are ordered; None where no day is set."""
    payroll_check_month: int = 12
    agreement_required_from: date | None = None
    """The day from which on a line that names no person needs an agreement of its sender; None where none does."""
    decrees: DecreeLimits = field(default_factory=DecreeLimits)
    retention_limit: int = RETENTION_LIMIT
    """Thousandths of a request that may be retained as a guarantee (rule A36)."""
    visa_days: int = VISA_DAYS
    """The days that the budget controller has for a visa; his silence counts after the last of them (GBCP art. 103)."""
    recovery_from: int = RECOVERY_FROM
    """Thousandths of a contract: once so much is served, the recovery of its advances begins."""
    recovery_until: int = RECOVERY_UNTIL
    """Thousandths of a contract: once so much is served, they are recovered."""
    carry_over_limit: int = CARRY_OVER_LIMIT
    """Thousandths of the initial CP that orders may carry into the next year (LOLF art. 15)."""

    def find_last_order_day(self) -> date:
        """Return the last day on which payments are ordered: 31 December where none is set."""
        return self.last_order_day or date(self.year, _DECEMBER, 31)


class DatePlacement(NamedTuple):
    """The period of each date of a column."""

    period: NDArray[np.int32]
    """Period number; for a date outside its exercise, that of the date's own year, or 0 outside the calendar's range."""
    is_inside: NDArray[np.bool_]
    """Whether the date lies in its exercise or the complementary period; false for an unknown exercise."""


class Calendar:
    """The known exercises, as lookup tables that give the periods of a column of dates without a loop."""

    def __init__(self, exercises: dict[int, Exercise]) -> None:
        self.exercises = exercises
        # Every table has one more entry at each end, for values out of its range.
        self._period_of_day = _build_periods_by_day()
        self._is_known = np.zeros(YEAR_LAST - YEAR_FIRST + 3, bool)
        self._last_day = np.zeros(self._is_known.size, np.int32)
        for year, exercise in exercises.items():
            self._is_known[year - _YEAR_BEFORE] = True
            self._last_day[year - _YEAR_BEFORE] = _find_first_day(year + 1) + exercise.complementary_days - 1

    def contains(self, exercises: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return whether the calendar contains each exercise."""
        return self._is_known.take(exercises.astype(np.int64) - _YEAR_BEFORE, mode="clip")

    def place_dates(self, days: NDArray[np.int32], exercises: NDArray[np.integer]) -> DatePlacement:
        """Return the period of each date (days since 1970) in its exercise."""
        at = exercises.astype(np.int64) - _YEAR_BEFORE
        is_known = self._is_known.take(at, mode="clip")
        natural = self._period_of_day.take(days - (_find_first_day(YEAR_FIRST) - 1), mode="clip")
        start = (at - 1) * PERIODS_PER_YEAR
        month = natural - start
        is_complementary = (month == _NEXT_JANUARY) & (days <= self._last_day.take(at, mode="clip"))
        is_own_year = (month >= 1) & (month <= _DECEMBER)
        period = np.where(is_complementary, start + _DECEMBER, natural).astype(np.int32)
        return DatePlacement(period, (is_own_year | is_complementary) & is_known)

    def mark_open_periods(self) -> NDArray[np.uint8]:
        """Return 1 for every open period, by period number."""
        is_open = np.zeros(to_period(YEAR_LAST + 1, 0), np.uint8)
        for exercise in self.exercises.values():
            months = exercise.months_open_at_start | CLOSING_MONTHS
            is_open[[to_period(exercise.year, month) for month in months]] = 1
        return is_open

    def mark_payroll_checks(self) -> NDArray[np.uint8]:
        """Return 1 for every period in which the credits of payroll are checked, by period number."""
        is_checked = np.zeros(to_period(YEAR_LAST + 1, 0), np.uint8)
        for exercise in self.exercises.values():
            first = to_period(exercise.year, exercise.payroll_check_month)
            is_checked[first : to_period(exercise.year, _DECEMBER) + 1] = 1
        return is_checked


def load(path: Path) -> Calendar:
    """Read a calendar file.

    Raises
    ------
    ReferenceDataError
        An exercise, a month or a number of days is invalid; the message gives the place and the remedy.
    """
    tables = read_toml(path).get("exercise", {})
    if not isinstance(tables, dict):
        raise ReferenceDataError(
            str(path), f"exercise is {tables!r}", "Write a table for each exercise, as in: [exercise.2018]"
        )
    if not tables:
        raise ReferenceDataError(str(path), "the calendar has no exercise", "Add one, as in: [exercise.2018]")
    exercises = [_parse_exercise(f"{path}, exercise {name}", name, table) for name, table in tables.items()]
    return Calendar({exercise.year: exercise for exercise in exercises})


def _parse_exercise(place: str, name: str, table: Any) -> Exercise:
    if name not in _YEARS:
        raise ReferenceDataError(
            place,
            f"{name!r} is not an exercise",
            f"Name a year from {YEAR_FIRST} to {YEAR_LAST}, in four digits.",
        )
    if not isinstance(table, dict):
        raise ReferenceDataError(
            place, f"the exercise is {table!r}", f"Write a table, as in: [exercise.{name}]"
        )
    months, days = table.get("months_open_at_start"), table.get("complementary_days")
    if not isinstance(months, list) or not all(type(month) is int and month in MONTHS for month in months):
        raise ReferenceDataError(place, f"months_open_at_start is {months!r}", "List months from 1 to 12.")
    if type(days) is not int or not 0 <= days <= COMPLEMENTARY_DAYS_MAX:
        raise ReferenceDataError(
            place, f"complementary_days is {days!r}", f"Write a number from 0 to {COMPLEMENTARY_DAYS_MAX}."
        )
    return Exercise(
        int(name),
        frozenset(months),
        days,
        _parse_last_order_day(place, int(name), table),
        _parse_check_month(place, table),
        _parse_agreement_day(place, int(name), table),
        DecreeLimits(
            **{
                limit: _parse_share(place, limit, table, usual=usual)
                for limit, usual in DecreeLimits._field_defaults.items()
            }
        ),
        _parse_share(place, "retention", table, usual=RETENTION_LIMIT),
        _parse_visa_days(place, table),
        _parse_share(place, "recovery_from", table, usual=RECOVERY_FROM),
        _parse_share(place, "recovery_until", table, usual=RECOVERY_UNTIL),
        _parse_share(place, "carry_over", table, usual=CARRY_OVER_LIMIT),
    )


def _parse_share(place: str, limit: str, table: dict[str, Any], *, usual: int) -> int:
    key = f"{limit}_per_mille"
    share = table.get(key, usual)
    if type(share) is int and 0 <= share <= PER_MILLE:
        return share
    raise ReferenceDataError(
        place, f"{key} is {share!r}", f"Write thousandths, from 0 to {PER_MILLE}: 20 is 2 %."
    )


def _parse_visa_days(place: str, table: dict[str, Any]) -> int:
    days = table.get("visa_days", VISA_DAYS)
    if type(days) is int and 1 <= days <= VISA_DAYS_MAX:
        return days
    raise ReferenceDataError(
        place,
        f"visa_days is {days!r}",
        f"Write a number from 1 to {VISA_DAYS_MAX}: the text gives {VISA_DAYS}.",
    )


def _parse_check_month(place: str, table: dict[str, Any]) -> int:
    month = table.get("payroll_check_month", _DECEMBER)
    if type(month) is int and month in MONTHS:
        return month
    raise ReferenceDataError(
        place, f"payroll_check_month is {month!r}", "Name a month from 1 to 12: 12 is December."
    )


def _parse_agreement_day(place: str, year: int, table: dict[str, Any]) -> date | None:
    day = table.get("agreement_required_from")
    if day is None or (type(day) is date and day.year == year):
        return day
    raise ReferenceDataError(
        place,
        f"agreement_required_from is {day}",
        f"Write a day of {year}, as {year}-01-01, or leave it out where lines need to name no person.",
    )


def _parse_last_order_day(place: str, year: int, table: dict[str, Any]) -> date | None:
    """Return the last day for orders: not before 10 December (decree 2007-687), if the year has one."""
    day = table.get("last_order_day")
    if day is None or (type(day) is date and date(year, _DECEMBER, 10) <= day <= date(year, _DECEMBER, 31)):
        return day
    raise ReferenceDataError(
        place,
        f"last_order_day is {day}",
        f"Write a day from {year}-12-10 to {year}-12-31, or leave it out where there is none.",
    )


def _find_first_day(year: int) -> int:
    return int(np.datetime64(f"{year}-01-01", "D").astype(np.int64))


def _build_periods_by_day() -> NDArray[np.int32]:
    """Return the period of every day of the range by its own year, between two zeros for the days outside."""
    days = np.arange(f"{YEAR_FIRST}-01-01", f"{YEAR_LAST + 2}-01-01", dtype="M8[D]")
    months = days.astype("M8[M]").astype(np.int64) - (YEAR_FIRST - 1970) * 12
    year, month = np.divmod(months, 12)
    return np.concatenate(([0], year * PERIODS_PER_YEAR + month + 1, [0])).astype(np.int32)
