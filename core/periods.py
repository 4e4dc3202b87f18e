"""The years that a calendar may contain, and the numbers of their periods.

A period is one month of one exercise, numbered ``(exercise - 2000) * 16 + month``.  Month 0 has the opening balances of the
exercise and nothing else, so that the sums of a year show them apart from its movements.  Months 13 and 14 have the inventory
of the accountants: what the next year reverses, and provisions, which it keeps.  Month 15 is that of the central accountant:
it has the entries that bring charges and products to the result, so that both can be read as they were before.  These four are
open at first, as they follow other entries, and are closed and locked like the others once they are final.  These numbers
stand apart from the calendar, which needs NumPy: a report starts without it.
"""

from enum import IntEnum

YEAR_FIRST = 2000
YEAR_LAST = 2126
"""The years that a calendar may contain: an exercise fits in seven bits."""

PERIODS_PER_YEAR = 16
OPENING_MONTH = 0
INVENTORY_MONTH, PROVISION_MONTH = 13, 14
RESULT_MONTH = 15
INVENTORY_MONTHS = (INVENTORY_MONTH, PROVISION_MONTH)
CLOSING_MONTHS = frozenset({OPENING_MONTH, *INVENTORY_MONTHS, RESULT_MONTH})
"""The months that are of no date: those of openings, the inventory and the result, open at the beginning of an exercise."""
MONTHS_OF_YEAR = (OPENING_MONTH, *range(1, 13), *INVENTORY_MONTHS, RESULT_MONTH)
"""All months of an exercise, in the order in which they are locked."""


class PeriodState(IntEnum):
    """Whether a period takes entries; a closed one may be opened again, a locked one never."""

    CLOSED = 0
    OPEN = 1
    LOCKED = 2


def to_period(exercise: int, month: int) -> int:
    """Return the period number of a month of an exercise."""
    return (exercise - YEAR_FIRST) * PERIODS_PER_YEAR + month
