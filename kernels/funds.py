"""Contribution funds and assigned revenue: what was collected for a fund opens its credits (LOLF art. 17; rule A19).

One line opens AE and CP, the same sum of both, and takes it up from the receipt that it follows.
"""

import numpy as np

from core.catalog import BudgetAction
from core.outcome_codes import Outcome
from kernels import budget, collection_days, followers, restorations
from kernels.availability import AE, CP
from kernels.findings import accepted, refused
from kernels.jit import as_position, rare_part
from kernels.links import find_target
from kernels.prior_reservations import build_tree


@rare_part
def check_receipt(acts, book, line, item):
    """Check that ``item`` collected for the fund and programme of the line, in its budget year, and repays no expense.

    The programme of the line may be one that follows that of the receivable by an order (rule A64).  What was identified after
    the year of its credit opens credits of the running year too, as those of the year before open no more.
    """
    own, collected = as_position(max(acts[line].cell, 0)), as_position(book.items[item].cell)
    fund, year = book.cells[own].fund_code, as_position(book.cells[own].year)
    is_of_fund = fund != 0 and fund == book.cells[collected].fund_code
    is_of_programme = followers.follows(book, own, collected)
    first_day, last_day = book.years[year].first_day, book.years[year].last_day
    credit_day = collection_days.read_day(book, as_position(item))
    is_of_year = first_day <= book.items[item].day <= last_day or first_day <= credit_day <= last_day
    receivable = as_position(restorations.find_receivable(book, item))
    if is_of_fund and is_of_programme and is_of_year and book.items[receivable].parent == 0:
        return accepted()
    return refused(Outcome.FUND_RECEIPT_MISMATCH.value, -1, 0)


@rare_part
def _find_tree_and_target(acts, book, line, cell):
    _, target = find_target(book, acts[line].kind, cell)
    return build_tree(book), target


@rare_part
def check_figures(acts, book, line, cell):
    """Check that a line opens AE and CP at a programme, whose figures can take them."""
    tree, target = _find_tree_and_target(acts, book, line, cell)
    action, nothing = np.int64(BudgetAction.OPEN.value), np.int64(-1)
    finding = budget.check_budget_line(tree, (action, np.int64(AE), target, nothing), acts[line].amount)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    return budget.check_budget_line(tree, (action, np.int64(CP), target, nothing), acts[line].amount)


@rare_part
def open_credits(acts, book, step, cell):
    """Open AE and CP of an accepted line; ``step`` = (line, amount), a negative amount undoes it."""
    line, amount = step
    tree, target = _find_tree_and_target(acts, book, line, cell)
    action, nothing = np.int64(BudgetAction.OPEN.value), np.int64(-1)
    budget.apply_budget_line(tree, (action, np.int64(AE), target, nothing), amount)
    budget.apply_budget_line(tree, (action, np.int64(CP), target, nothing), amount)
