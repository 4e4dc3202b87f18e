"""The programmes that follow others by orders, as the engine reads them (GBCP art. 161)."""

from typing import NamedTuple

from core.tables.columns import Code, Index


class Followers(NamedTuple):
    """Each programme of a budget year with each other programme of a later year that follows it by an order."""

    year: Code
    """Row of the budget year in ``Book.years``."""
    later_year: Code
    programme: Index
    """The number of its code, as in ``Cells.programme``."""
    follower: Index
