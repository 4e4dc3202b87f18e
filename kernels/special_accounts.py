"""Earmarked special accounts: they spend no more than the receipts that were seen of them (LOLF art. 21; rule A23).

Expenses are what the programmes of the account reserve and consume of CP in the budget year, whatever the title or fund;
frozen credits are reserved, but are no expense.  Receipts count in the year of their day (LOLF art. 28).
"""

import numpy as np

from core.catalog import BudgetAction, Stage
from core.money import BALANCE_MAX
from core.nomenclature import SHEETS
from core.outcome_codes import Outcome
from kernels.availability import CONSUMED, CP, RESERVED
from kernels.findings import accepted, refused
from kernels.jit import as_position, rare_part
from kernels.links import compute_demand, compute_settlement


@rare_part
def _compute_remainder(book, row):
    """Return the cents that the account of ``row`` may still spend in its year."""
    remainder = np.int64(book.special[row].brought)
    for number in range(book.special[row].first, book.special[row].end):
        at = as_position(number)
        remainder += book.special[at].collected
        first = np.int64(book.special[at].node)
        for sheet in range(SHEETS):
            node = as_position(first + sheet)
            remainder += (
                book.frozen[node].cp - book.figures[node, CP + RESERVED] - book.figures[node, CP + CONSUMED]
            )
    return remainder


@rare_part
def check_expense(book, cell, cents):
    """Check that the account of ``cell`` may spend ``cents`` more, which have not been counted yet."""
    row = as_position(book.cells[cell].special)
    if row == 0 or cents <= 0:
        return accepted()
    missing = cents - _compute_remainder(book, row)
    if missing > 0:
        return refused(
            Outcome.SPECIAL_RECEIPTS_EXCEEDED.value, np.int64(book.special[row].node), np.int64(missing)
        )
    return accepted()


@rare_part
def _find_row(acts, book, line, link):
    """Return the row that a receipt counts in: of its programme or account in the year of its day; 0 if it counts nowhere.

    What repays an expense does not count: it gives back credits (rule A29).
    """
    row, day = as_position(book.cells[link[1]].special), acts[line].day
    if book.items[link[0]].parent != 0:
        return as_position(0)
    while row > 0 and day > book.years[as_position(book.special[row].year)].last_day:
        row = as_position(book.special[row].later)
    return row


@rare_part
def check_line(acts, book, line, link):
    """Check a line of a special account: its expense against the receipts, or a receipt against the limit of figures.

    A carry is checked where it takes its credits: see ``kernels.carries``.
    """
    action = book.effects[link[2]].budget
    if action == BudgetAction.SPEND.value:
        demand = compute_demand(book, link, acts[line].amount)
        return check_expense(book, link[1], demand[2] + demand[3])
    if action == BudgetAction.SETTLE.value or action == BudgetAction.REASSIGN.value:
        demand = compute_settlement(book, link, acts[line].amount)
        return check_expense(book, link[1], demand[2] + demand[3])
    if book.effects[link[2]].reaches == Stage.COLLECTED.value:
        row = as_position(_find_row(acts, book, line, link))
        if row > 0 and book.special[row].collected > BALANCE_MAX - acts[line].amount:
            return refused(Outcome.BALANCE_LIMIT.value, np.int64(book.special[row].node), 0)
    return accepted()


@rare_part
def count_receipt(acts, book, step, link):
    """Count what a line collects for a special account; ``step`` = (line, amount), a negative amount undoes it."""
    line, amount = step
    row = as_position(_find_row(acts, book, line, link))
    if row > 0:
        book.special[row].collected += amount
        book.special[row].touched = 1
