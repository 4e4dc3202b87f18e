"""The years that a calendar may contain, and the numbers of their periods.

A period is one month of one exercise, numbered ``(exercise - 2000) * 16 + month``; months 13 and 14 remain free for closing
entries.  Month 0 has the opening balances of the exercise and nothing else, so that the sums of a year show them apart from
its movements.  Month 15 has the entries that bring charges and products to the result, so that both can be read as they were
before.  These two are open at first, as they follow other entries, and are closed and locked like the others once they are
final.  These numbers stand apart from the calendar, which needs NumPy: a report starts without it.
"""

from enum import IntEnum

YEAR_FIRST = 2000
YEAR_LAST = 2126
"""The years that a calendar may contain: an exercise fits in seven bits."""

PERIODS_PER_YEAR = 16
OPENING_MONTH = 0
RESULT_MONTH = 15
CLOSING_MONTHS = frozenset({OPENING_MONTH, RESULT_MONTH})
"""The months that are of no date: those of openings and of the result.  Both are open at the beginning of an exercise."""


class PeriodState(IntEnum):
    """Whether a period takes entries; a closed one may be opened again, a locked one never."""

    CLOSED = 0
    OPEN = 1
    LOCKED = 2


def to_period(exercise: int, month: int) -> int:
    """Return the period number of a month of an exercise."""
    return (exercise - YEAR_FIRST) * PERIODS_PER_YEAR + month
