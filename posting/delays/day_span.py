"""The days whose debits are measured."""

from datetime import date
from typing import NamedTuple


class DaySpan(NamedTuple):
    """The days from the first to the last, inclusive."""

    first: date
    last: date


ALL_DAYS = DaySpan(date(2000, 1, 1), date(2099, 12, 31))
