"""Restorations: what was collected of an expense gives back credits of the running year (rule A29).

A receivable that repays an expense follows its request, in the same fund centre.  A restoration follows the collection
of such a receivable; its assignment is that of the expense, in the year of the restoration.  Where the programme of the
expense is suppressed or cut anew since, both are on one that follows it by an order (rule A64).
"""

import numpy as np

from core.money import BALANCE_MAX
from core.outcome_codes import Outcome
from core.restorations import ANY_YEAR
from kernels import advances, collection_days, debts, expenses, followers
from kernels.availability import AE, CONSUMED, CP, RESERVED
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part

_SHEETS = 6
"""Budget nodes of one fund centre: title 2 or not, by family of funds."""


@part
def _find_place(book, cell, node):
    """Return a node of the year of ``cell`` as its place in any year; -1 for none."""
    first = np.int64(book.years[as_position(book.cells[cell].year)].first_node)
    return np.int64(node) - first if node >= 0 else np.int64(-1)


@rare_part
def _is_of_centre(book, own, expense):
    """Return whether ``own`` is in the fund centre of the expense, or of a programme that follows its own by an order."""
    if followers.is_of_other_programme(book, own, expense):
        return followers.follows(book, own, expense)
    centre = _find_place(book, own, book.cells[own].centre_node) // _SHEETS
    return centre == _find_place(book, expense, book.cells[expense].centre_node) // _SHEETS


@rare_part
def check_repayment(acts, book, line, item):
    """Check that a receivable repays the expense ``item``: in the same fund centre, by a nature for its title.

    An advance is no expense yet, and what was moved to another imputation is not restored on the first one.  No more is
    asked back of ``item``, be it a request, payroll, late interest, a carry or a part, than was taken up of it: of what was
    only requested, or was rejected, nothing was paid that could come back.
    """
    own, expense = as_position(max(acts[line].cell, 0)), as_position(book.items[item].cell)
    if not _is_of_centre(book, own, expense):
        return refused(Outcome.ASSIGNMENT_DIFFERS.value, -1, 0)
    request = expenses.find_request(book, item)
    is_expense = not advances.is_advance(book, book.items[request].kind)
    is_of_title = book.cells[own].repaid_title == book.cells[expense].repaid_title
    if not (is_expense and is_of_title and expenses.admits_repayment(book, request)):
        return refused(Outcome.REPAYMENT_MISMATCH.value, -1, 0)
    missing = acts[line].amount - debts.find_repayable(book, item)
    return refused(Outcome.REPAYMENT_EXCEEDS_PAYMENT.value, -1, missing) if missing > 0 else accepted()


@part
def find_receivable(book, receipt):
    """Return the receivable that ``receipt`` collected."""
    return np.int64(book.items[receipt].parent)


@part
def _is_of_follower(book, own, expense):
    """Return whether ``own`` is of the expense, on a programme that follows its own: of its item, fund and sheet."""
    first, second = book.cells[own], book.cells[expense]
    is_same_sheet = first.centre_node % _SHEETS == second.centre_node % _SHEETS
    is_same_item = first.item_code == second.item_code and first.fund_code == second.fund_code
    has_operation = (first.operation_node >= 0) == (second.operation_node >= 0)
    return is_same_sheet and is_same_item and has_operation and followers.follows(book, own, expense)


@part
def _is_of_expense(book, own, expense):
    """Return whether two assignments are one, whatever their years; codes of another programme are its own."""
    if followers.is_of_other_programme(book, own, expense):
        return _is_of_follower(book, own, expense)
    first, second = book.cells[own], book.cells[expense]
    is_same_item = (
        first.area_code == second.area_code
        and first.item_code == second.item_code
        and first.fund_code == second.fund_code
    )
    centre = _find_place(book, own, first.centre_node) == _find_place(book, expense, second.centre_node)
    operation = _find_place(book, own, first.operation_node) == _find_place(
        book, expense, second.operation_node
    )
    return is_same_item and centre and operation


@part
def _is_too_late(book, own, expense, receipt):
    """Return whether ``receipt`` collected after the last day of its nature, which the year of the receivable gives.

    What was on suspense was collected when the bank credited it.
    """
    nature, day = as_position(book.items[receipt].cell), book.items[receipt].day
    last_year = np.int64(book.cells[expense].year) + book.cells[nature].restored_years
    in_time = book.cells[nature].restored_years == ANY_YEAR or last_year >= book.years.size
    if in_time or collection_days.read_day(book, receipt) <= book.years[as_position(last_year)].last_day:
        return False
    is_open = book.cells[nature].restored_until_closed != 0 and book.cells[own].operation_node >= 0
    return not is_open or day < book.years[as_position(book.cells[own].year)].first_day


@rare_part
def check_restoration(acts, book, line, item):
    """Check that a restoration follows the collection of a repaid expense, on its assignment, before the last day."""
    expense = as_position(book.items[as_position(find_receivable(book, item))].parent)
    if expense == 0:
        return refused(Outcome.RESTORATION_WITHOUT_EXPENSE.value, -1, 0)
    own, charged = as_position(max(acts[line].cell, 0)), as_position(book.items[expense].cell)
    is_elsewhere = book.cells[own].accountant != book.cells[as_position(book.items[item].cell)].accountant
    if is_elsewhere or not _is_of_expense(book, own, charged):
        return refused(Outcome.ASSIGNMENT_DIFFERS.value, -1, 0)
    if _is_too_late(book, own, charged, item):
        return refused(Outcome.RESTORATION_TOO_LATE.value, -1, 0)
    return accepted()


@part
def _is_full(tree, node, figure, amount):
    return tree.figures[node, figure] < amount - BALANCE_MAX


@rare_part
def check_limits(tree, nodes, amount):
    """Return the finding if a restoration would lower consumption, or raise an earmark, beyond the limit of figures."""
    centre, operation = nodes
    if operation >= 0 and _is_full(tree, as_position(operation), AE + CONSUMED, amount):
        return refused(Outcome.BALANCE_LIMIT.value, operation, 0)
    node = np.int64(centre)
    while node >= 0:
        at = as_position(node)
        is_over = operation >= 0 and tree.figures[at, AE + RESERVED] > BALANCE_MAX - amount
        if is_over or _is_full(tree, at, AE + CONSUMED, amount) or _is_full(tree, at, CP + CONSUMED, amount):
            return refused(Outcome.BALANCE_LIMIT.value, node, 0)
        node = np.int64(tree.nodes[at].parent)
    return accepted()
