"""Earmarked special accounts: they engage and order no more than the receipts that were seen of them (LOLF art. 21; rule A23).

Both totals are limited, each by itself, as an expense is engaged first and ordered later.  Engaged are the AE of the budget
year that commitments and requests without one use, in advance too, and what carries brought into the year, whose money the
balance brought forward contains; ordered is what the programmes reserve and consume of CP, whatever the title or fund.  Frozen
credits and earmarks are no expense.  Receipts count in the year of their day (art. 28); a confirmed penalty is one.
"""

import numpy as np

from core.catalog import BudgetAction, Family, Remainder, Role, Stage
from core.money import BALANCE_MAX
from core.nomenclature import SHEETS
from core.outcome_codes import Outcome
from kernels import collection_days
from kernels.availability import CONSUMED, CP, RESERVED
from kernels.findings import accepted, refused
from kernels.jit import as_position, rare_part
from kernels.links import compute_demand, compute_settlement


@rare_part
def compute_remainders(book, row):
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
        at = as_position(number)
        to_engage -= book.special[at].engaged + book.special[at].carried
    return to_engage, to_order


@rare_part
def check_expense(book, cell, demand, own_receipt):
    """Check that the account of ``cell`` may engage and order what ``demand`` adds, which has not been counted yet.

    ``own_receipt`` is what the same act collects: a confirmed penalty pays for itself.
    """
    row = as_position(book.cells[cell].special)
    engages, orders = demand[0] + demand[1], demand[2] + demand[3]
    if row == 0 or (engages <= 0 and orders <= 0):
        return accepted()
    to_engage, to_order = compute_remainders(book, row)
    missing = np.int64(0)
    if engages > 0:
        missing = max(missing, engages - to_engage - own_receipt)
    if orders > 0:
        missing = max(missing, orders - to_order - own_receipt)
    if missing > 0:
        return refused(
            Outcome.SPECIAL_RECEIPTS_EXCEEDED.value, np.int64(book.special[row].node), np.int64(missing)
        )
    return accepted()


@rare_part
def _find_receipt_row(acts, book, step, link):
    """Return the row that a line collects for: of its programme or section in the year of its day; 0 if it collects nothing.

    ``step`` = (line, its entry).  The day of what was on suspense is that of the credit of the bank.  What repays an expense
    does not count: it gives back credits (rule A29).  What takes back a receipt counts on its own day.
    """
    row = as_position(book.cells[link[1]].special)
    if book.effects[link[2]].credit == Role.PENALTY_PRODUCT.value:
        return row
    receivable = as_position(link[0] if link[4] > 0 else book.items[as_position(link[0])].parent)
    if book.effects[link[2]].reaches != Stage.COLLECTED.value or book.items[receivable].parent != 0:
        return as_position(0)
    day = collection_days.find_day(acts, book, step[0], step[1])
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
def _pays_state(acts, book, line, link):
    """Return whether a line names a payee that is the State itself, which the account may not pay (LOLF art. 21 II)."""
    effects = book.effects[acts[line].kind]
    if effects.inherits or effects.mirrors or acts[line].state_payee == 0:
        return False
    if effects.family != Family.PAYMENT_REQUEST.value and effects.family != Family.RETENTION.value:
        return False
    forbidden = np.int64(book.special[as_position(book.cells[link[1]].special)].state_payees)
    return (forbidden >> np.int64(acts[line].state_payee)) & np.int64(1) != 0


@rare_part
def check_line(acts, book, line, link):
    """Check a line of a special account: its payee, its expense against the receipts, a receipt against the limit of figures.

    A carry is checked where it takes its credits: see ``kernels.carries``.
    """
    if _pays_state(acts, book, line, link):
        return refused(Outcome.SPECIAL_PAYMENT_FORBIDDEN.value, -1, 0)
    amount = np.int64(acts[line].amount)
    entry = np.int64(book.counters[0].entries) + 1 + np.int64(line) - np.int64(acts[line].head)
    row = as_position(_find_receipt_row(acts, book, (line, entry), link))
    demand = _compute_change(book, link, amount)
    finding = check_expense(book, link[1], demand, amount if row > 0 else np.int64(0))
    if (
        finding[0] == Outcome.ACCEPTED.value
        and row > 0
        and book.special[row].collected > BALANCE_MAX - link[4] * amount
    ):
        return refused(Outcome.BALANCE_LIMIT.value, np.int64(book.special[row].node), 0)
    return finding


@rare_part
def count_engagement(book, cell, cents):
    """Add to what the programme of ``cell`` engages in its year; negative cents give it back."""
    row = as_position(book.cells[cell].special)
    if row > 0 and cents != 0:
        book.special[row].engaged += cents
        book.special[row].touched = 1


@rare_part
def _find_carry_change(acts, book, line, link):
    """Return (cell, sign): where a line adds to what carries brought into a year, or gives it back; sign 0 for any other.

    A carry adds, and its rejection gives back; so does a withdrawal, in the year of a carried commitment.  What is rejected
    of a request or penalty of an earlier year is left to its commitment: if that is carried already, the line adds there.
    """
    item, cell, base, root, sign = link
    effects = book.effects[base]
    if effects.budget == BudgetAction.CARRY.value and book.effects[book.items[root].under].ae_reserved != 0:
        return cell, np.int64(0)  # it takes AE of the year, which count as engaged
    if effects.carries:
        return cell, np.int64(sign)
    if effects.budget == BudgetAction.WITHDRAW.value:
        is_in_year = acts[line].day <= book.years[as_position(book.cells[cell].year)].last_day
        return cell, np.int64(-1 if is_in_year and book.effects[book.items[item].kind].carries else 0)
    returns = effects.draws == Remainder.UNBILLED.value or effects.draws == Remainder.OPEN.value
    is_request = effects.family == Family.PAYMENT_REQUEST.value or effects.family == Family.RETENTION.value
    if sign < 0 and root > 0 and returns and is_request and effects.follows == Family.COMMITMENT.value:
        own = as_position(book.items[as_position(root)].cell)
        return own, np.int64(book.cells[own].year != book.cells[cell].year)
    return cell, np.int64(0)


@rare_part
def count_line(acts, book, step, link):
    """Count what a line engages, carries or collects for a special account.

    ``step`` = (line, amount, entry of the line); a negative amount undoes it.

    A carry of a request without a commitment engages AE of the next year: see ``kernels.carries``.  A withdrawal of what
    was not carried gives nothing back: the balance that was brought forward has its money already.
    """
    line, amount, entry = step
    demand = _compute_change(book, link, amount)
    count_engagement(book, link[1], demand[0] + demand[1])
    cell, sign = _find_carry_change(acts, book, line, link)
    row = as_position(book.cells[as_position(cell)].special)
    if row > 0 and sign != 0:
        book.special[row].carried += sign * amount
        book.special[row].touched = 1
    row = as_position(_find_receipt_row(acts, book, (line, entry), link))
    if row > 0:
        book.special[row].collected += link[4] * amount
        book.special[row].touched = 1
