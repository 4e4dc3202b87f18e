"""The years that a calendar may contain, and the numbers of their periods.

A period is one month of one exercise, numbered ``(exercise - 2000) * 16 + month`` so that months thirteen to fifteen
remain free for closing entries.  Month 0 has the opening balances of the exercise and nothing else, so that the sums of a
year show them apart from its movements.  It is open at first, as it follows later entries of the year before, and is closed
and locked like the others once the openings are final.  These numbers stand apart from the calendar, which needs NumPy: a
report starts without it.
"""

from enum import IntEnum

YEAR_FIRST = 2000
YEAR_LAST = 2126
"""The years that a calendar may contain: an exercise fits in seven bits."""

PERIODS_PER_YEAR = 16
OPENING_MONTH = 0


class PeriodState(IntEnum):
    """Whether a period takes entries; a closed one may be opened again, a locked one never."""

    CLOSED = 0
    OPEN = 1
    LOCKED = 2


def to_period(exercise: int, month: int) -> int:
    """Return the period number of a month of an exercise."""
    return (exercise - YEAR_FIRST) * PERIODS_PER_YEAR + month
