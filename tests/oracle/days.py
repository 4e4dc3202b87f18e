"""Parsing of dates into days since 1970-01-01."""

import re
from datetime import date

_EPOCH = date(1970, 1, 1)


def parse(text: str) -> int | None:
    """Return the day of ``YYYY-MM-DD``, or None: no other order or separator, and the day must exist."""
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text, re.ASCII)
    if match is None:
        return None
    try:
        return (date(*map(int, match.groups())) - _EPOCH).days
    except ValueError:
        return None


def split_day(day: int) -> tuple[int, int, int]:
    """Return (year, month, day of the month)."""
    day_of_calendar = date.fromordinal(_EPOCH.toordinal() + day)
    return day_of_calendar.year, day_of_calendar.month, day_of_calendar.day
