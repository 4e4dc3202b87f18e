"""Earmarked special accounts: they engage and order no more than the receipts that were seen of them (LOLF art. 21; rule A23).

Both totals are limited, each by itself, as an expense is engaged first and ordered later.  Engaged are the AE of the budget
year that commitments and requests without one use, in advance too; ordered is what the programmes reserve and consume of CP,
whatever the title or fund.  Frozen credits and earmarks are no expense.  Receipts count in the year of their day (art. 28).
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
def _compute_remainders(book, row):
    """Return the cents that the section of ``row`` may still engage and those that it may still order, of its year."""
    to_engage = np.int64(book.special[row].brought)
    ordered = np.int64(0)
    for number in range(book.special[row].first, book.special[row].end):
        at = as_position(number)
        to_engage += book.special[at].collected
        first = np.int64(book.special[at].node)
        for sheet in range(SHEETS):
            node = as_position(first + sheet)
            ordered += (
                book.figures[node, CP + RESERVED] + book.figures[node, CP + CONSUMED] - book.frozen[node].cp
            )
    to_order = to_engage - ordered
    for number in range(book.special[row].first, book.special[row].end):
        to_engage -= book.special[as_position(number)].engaged
    return to_engage, to_order


@rare_part
def check_expense(book, cell, demand):
    """Check that the account of ``cell`` may engage and order what ``demand`` adds, which has not been counted yet."""
    row = as_position(book.cells[cell].special)
    engages, orders = demand[0] + demand[1], demand[2] + demand[3]
    if row == 0 or (engages <= 0 and orders <= 0):
        return accepted()
    to_engage, to_order = _compute_remainders(book, row)
    missing = np.int64(0)
    if engages > 0:
        missing = max(missing, engages - to_engage)
    if orders > 0:
        missing = max(missing, orders - to_order)
    if missing > 0:
        return refused(
            Outcome.SPECIAL_RECEIPTS_EXCEEDED.value, np.int64(book.special[row].node), np.int64(missing)
        )
    return accepted()


@rare_part
def _find_row(acts, book, line, link):
    """Return the row that a receipt counts in: of its programme or section in the year of its day; 0 if it counts nowhere.

    What repays an expense does not count: it gives back credits (rule A29).
    """
    row, day = as_position(book.cells[link[1]].special), acts[line].day
    if book.items[link[0]].parent != 0:
        return as_position(0)
    while row > 0 and day > book.years[as_position(book.special[row].year)].last_day:
        row = as_position(book.special[row].later)
    return row


@rare_part
def _compute_change(book, link, amount):
    """Return the demand of a line that spends, settles or moves an expense; nothing of any other."""
    action = book.effects[link[2]].budget
    if action == BudgetAction.SPEND.value:
        return compute_demand(book, link, amount)
    if action == BudgetAction.SETTLE.value or action == BudgetAction.REASSIGN.value:
        return compute_settlement(book, link, amount)
    return np.int64(0), np.int64(0), np.int64(0), np.int64(0)


@rare_part
def check_line(acts, book, line, link):
    """Check a line of a special account: its expense against the receipts, or a receipt against the limit of figures.

    A carry is checked where it takes its credits: see ``kernels.carries``.
    """
    demand = _compute_change(book, link, acts[line].amount)
    finding = check_expense(book, link[1], demand)
    if finding[0] != Outcome.ACCEPTED.value or book.effects[link[2]].reaches != Stage.COLLECTED.value:
        return finding
    row = as_position(_find_row(acts, book, line, link))
    if row > 0 and book.special[row].collected > BALANCE_MAX - acts[line].amount:
        return refused(Outcome.BALANCE_LIMIT.value, np.int64(book.special[row].node), 0)
    return accepted()


@rare_part
def count_engagement(book, cell, cents):
    """Add to what the programme of ``cell`` engages in its year; negative cents give it back."""
    row = as_position(book.cells[cell].special)
    if row > 0 and cents != 0:
        book.special[row].engaged += cents
        book.special[row].touched = 1


@rare_part
def count_line(acts, book, step, link):
    """Count what a line engages or collects for a special account; ``step`` = (line, amount), a negative amount undoes it.

    A carry is counted where it moves its credits.  A withdrawal of an earlier year gives nothing back: the balance that was
    brought forward has its money already.
    """
    line, amount = step
    demand = _compute_change(book, link, amount)
    count_engagement(book, link[1], demand[0] + demand[1])
    if book.effects[link[2]].reaches == Stage.COLLECTED.value:
        row = as_position(_find_row(acts, book, line, link))
        if row > 0:
            book.special[row].collected += amount
            book.special[row].touched = 1
