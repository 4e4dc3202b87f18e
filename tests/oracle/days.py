"""Text to days since 1970-01-01."""

import re
from datetime import date

_EPOCH = date(1970, 1, 1)


def parse(text: str) -> int | None:
    """The day that ``YYYY-MM-DD`` says, or None: no other order or mark, and the day must exist."""
    match = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text, re.ASCII)
    if match is None:
        return None
    try:
        return (date(*map(int, match.groups())) - _EPOCH).days
    except ValueError:
        return None


def split_day(day: int) -> tuple[int, int, int]:
    """(year, month, day of the month)."""
    found = date.fromordinal(_EPOCH.toordinal() + day)
    return found.year, found.month, found.day
