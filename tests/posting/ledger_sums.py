"""The sums in the ledger of a book, without zeros."""

import numpy as np

from core.periods import PERIODS_PER_YEAR, to_period
from core.tables.book import LEDGER_ACCOUNTANTS, LEDGER_ACCOUNTS
from posting.book.book_state import BookState
from posting.book.code_numbers import CodeKind

Place = tuple[int, int, int]
"""Period, accountant, account."""


def read_sums(state: BookState) -> dict[Place, tuple[int, int]]:
    """Return debit and credit by place: only the folios that can be in use are read, as most of the table is never touched."""
    sums: dict[Place, tuple[int, int]] = {}
    for year in state.registry.years:
        for period in range(to_period(year, 0), to_period(year, PERIODS_PER_YEAR)):
            for accountant in range(len(state.registry.numbers[CodeKind.ACCOUNTANT]) + 1):
                sums |= _read_folio(state, period, accountant)
    return sums


def _read_folio(state: BookState, period: int, accountant: int) -> dict[Place, tuple[int, int]]:
    first = (period * LEDGER_ACCOUNTANTS + accountant) * LEDGER_ACCOUNTS
    rows = state.book.ledger[first : first + LEDGER_ACCOUNTS]
    posted = np.flatnonzero((rows["debit"] != 0) | (rows["credit"] != 0)).tolist()
    return {
        (period, accountant, account): (int(rows["debit"][account]), int(rows["credit"][account]))
        for account in posted
    }
