"""The origins of opened credits: what opened them, by the name that an opening states."""

from collections.abc import Mapping
from enum import IntEnum


class Origin(IntEnum):
    """What opened credits.  Numbers are stored with openings: append only."""

    NONE = 0
    FINANCE_LAW = 1
    AMENDING_LAW = 2
    DECREE_OF_ADVANCE = 3
    TRANSFER = 4
    CARRY_OVER = 5
    CONTRIBUTION_FUND = 6


ORIGIN_NUMBERS: Mapping[str, int] = {origin.name.lower(): int(origin) for origin in Origin if origin}

WITHOUT_RECEIPT = (int(Origin.CARRY_OVER), int(Origin.TRANSFER))
"""The origins of credits of a fund that no receipt of this ledger brings: what the year before left, or another ledger."""

TITLES = 8
"""One more than the titles of LOLF art. 5; 0 stands for several titles."""

STAFF_TITLE_NUMBER, INVESTMENT_TITLE_NUMBER = 2, 5

QUARTER = 4
"""At most a quarter of what finance laws opened on a title is committed in advance (finance law for 2005, art. 108)."""
