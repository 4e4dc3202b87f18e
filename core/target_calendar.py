"""The open days of TARGET, the settlement system of the euro: payments are executed on these days only.

Closed on Saturdays, Sundays, 1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December.
Source: the European Central Bank's long-term calendar of TARGET closing days, in force since 2002; in 2000 and 2001 the
same days, and in addition 31 December 2001.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.periods import YEAR_FIRST, YEAR_LAST

_SINGLE_CLOSING_DAYS = (date(2001, 12, 31),)
"""Closed for the change to euro notes and coins."""


def is_open(days: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return whether TARGET is open on each of ``days``, counted from 1970-01-01."""
    return np.is_busday(_to_dates(days), busdaycal=_OPEN_DAYS)


def find_open_day(days: NDArray[np.int32], open_days_after: int = 0) -> NDArray[np.int32]:
    """Return the first open day on or after each of ``days``, or the one ``open_days_after`` open days later."""
    dates = np.busday_offset(_to_dates(days), open_days_after, roll="forward", busdaycal=_OPEN_DAYS)
    return dates.astype(np.int64).astype(np.int32)


def compute_easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar.

    Source: the anonymous algorithm that Meeus gives in "Astronomical Algorithms", chapter 8.
    """
    golden, (century, year_of_century) = year % 19, divmod(year, 100)
    leaps, rest = divmod(century, 4)
    moon = (19 * golden + century - leaps - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * rest + 2 * (year_of_century // 4) - moon - year_of_century % 4) % 7
    correction = (golden + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * correction + 114, 31)
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
