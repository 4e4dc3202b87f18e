"""The figures of special accounts: what was collected, what is engaged, and what was carried into the year."""

from typing import NamedTuple

from core.tables.columns import Code, Entry, Index, Money, Small


class SpecialProgrammes(NamedTuple):
    """The programmes of earmarked special accounts; row 0 is none.

    Those of one account and budget year, or of one section of it, are next to each other.  Their expenses, engaged or ordered,
    are limited by what was collected for all of them in the year (LOLF art. 21).
    """

    node: Index
    """The first of the six budget nodes of the programme in the year."""
    year: Code
    """Row of the budget year in ``Book.years``."""
    first: Index
    """The first row of the account, or of the section, in the year."""
    end: Index
    """The end after its last row."""
    later: Index
    """The row of the programme in the next year, else of another one of its section; 0 if there is none."""
    brought: Money
    """What the account, or the section, brought forward into the year, the same in all of its rows."""
    collected: Money
    """What was collected for the programme in the year, or for an ended one of its section; no repayments of expenses."""
    engaged: Money
    """AE of the year that commitments, and requests without one, engage; withdrawals of earlier years lower nothing."""
    carried: Money
    """What carries brought into the year of commitments, services, requests and guarantees of years before: it is engaged and
    not paid, and the balance that was brought forward contains its money."""
    state_payees: Money
    """Bits of the payees of ``Acts.state_payee`` that the account may not pay: number 1 is bit 1."""
    touched: Code


class SpecialBalances(NamedTuple):
    """What was collected, engaged and carried for a programme of an earmarked account in a year, by batch.  A COPY row."""

    batch: Entry
    programme: Index
    budget_year: Small
    collected: Money
    engaged: Money
    carried: Money
