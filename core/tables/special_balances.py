"""The figures of special accounts, which receipts alone change."""

from typing import NamedTuple

from core.tables.columns import Code, Entry, Index, Money, Small


class SpecialProgrammes(NamedTuple):
    """The programmes of earmarked special accounts, those of one account and budget year next to each other; row 0 is none.

    Expenses of the account are limited by what was collected for all of its programmes in the year (LOLF art. 21).
    """

    node: Index
    """The first of the six budget nodes of the programme in the year."""
    year: Code
    """Row of the budget year in ``Book.years``."""
    first: Index
    """The first row of the account in the year."""
    end: Index
    """The end after its last row."""
    later: Index
    """The row of the programme in the next year, else of another one of its account; 0 if there is none."""
    brought: Money
    """What the account brought forward into the year, the same in all of its rows."""
    collected: Money
    """What was collected for the programme in the year, or for an ended one of its account; no repayments of expenses."""
    touched: Code


class SpecialBalances(NamedTuple):
    """What was collected for a programme of an earmarked account in a year, after a batch.  A COPY row."""

    batch: Entry
    programme: Index
    budget_year: Small
    collected: Money
