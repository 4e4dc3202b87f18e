"""Days on which TARGET, the euro's settlement system, is open: a payment is executed on no other.

Closed on Saturdays, Sundays, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December.
Source: the European Central Bank's long-term calendar of TARGET closing days, in force since 2002; in 2000 and 2001 the
same, and 31 December 2001 besides.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.calendar import YEAR_FIRST, YEAR_LAST

_SINGLE_CLOSING_DAYS = (date(2001, 12, 31),)
"""Closed for the change to euro notes and coins."""


def is_open(days: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether TARGET is open on each of ``days``, counted from 1970-01-01."""
    return np.is_busday(_to_dates(days), busdaycal=_OPEN_DAYS)


def find_open_day(days: NDArray[np.int32], open_days_after: int = 0) -> NDArray[np.int32]:
    """The first open day at or after each of ``days``, or the one that is ``later`` open days behind it."""
    found = np.busday_offset(_to_dates(days), open_days_after, roll="forward", busdaycal=_OPEN_DAYS)
    return found.astype(np.int64).astype(np.int32)


def compute_easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar.

    Source: the anonymous algorithm that Meeus gives in "Astronomical Algorithms", chapter 8.
    """
    golden, (century, of_century) = year % 19, divmod(year, 100)
    leaps, rest = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * rest + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _list_closing_days(year: int) -> Iterator[date]:
    yield from (date(year, 1, 1), date(year, 5, 1), date(year, 12, 25), date(year, 12, 26))
    yield from (compute_easter(year) + timedelta(days) for days in (-2, 1))


def _to_dates(days: NDArray[np.int32]) -> NDArray[np.datetime64]:
    return days.astype(np.int64).astype("M8[D]")


_OPEN_DAYS = np.busdaycalendar(
    holidays=[
        *_SINGLE_CLOSING_DAYS,
        *(day for year in range(YEAR_FIRST, YEAR_LAST + 2) for day in _list_closing_days(year)),
    ]
)
