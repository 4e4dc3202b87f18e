"""The limits of decrees: what they move, open and cancel against what finance laws opened (LOLF art. 12 to 14; rule A19).

A move by decree counts at both programmes, whichever way the credits go; AE and CP are counted apart.
"""

import numpy as np

from core.catalog import BudgetAction
from core.money import BALANCE_MAX
from core.nomenclature import SHEETS
from core.origins import Origin
from core.outcome_codes import Outcome
from kernels.availability import CP
from kernels.budget import FAMILIES
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part


@part
def find_row(place, measure):
    """Return the row of AE or CP of a node in ``Book.decrees``, or of a year in ``Book.decree_years``."""
    return as_position(2 * place + (1 if measure == CP else 0))


@part
def compute_share(base, per_mille):
    """Return the thousandths of ``base``, rounded down."""
    return base // 1000 * per_mille + base % 1000 * per_mille // 1000


@part
def _find_sheets(node):
    """Return the nodes of HT2 and T2 of the same programme, on ordinary credits."""
    first = np.int64(node) - node % SHEETS
    return first, first + FAMILIES


@part
def _is_voted(book, node):
    """Return whether a finance law opened AE or CP of the programme."""
    for sheet in _find_sheets(node):
        for row in range(2 * sheet, 2 * sheet + 2):
            if book.decrees[as_position(row)].law > 0 or book.decrees[as_position(row)].amending > 0:
                return True
    return False


@part
def _check_virement(book, node, measure, per_mille, amount):
    """Check the limit of moves within a ministry at one of both programmes, and at its title 2 if that moves."""
    others, staff = _find_sheets(node)
    own = book.decrees[find_row(staff, measure)]
    rest = book.decrees[find_row(others, measure)]
    missing = own.moved + rest.moved + amount - compute_share(own.law + rest.law, per_mille)
    if missing <= 0 and node == staff:
        missing = own.moved + amount - compute_share(np.int64(own.law), per_mille)
    return refused(Outcome.VIREMENT_LIMIT.value, node, missing) if missing > 0 else accepted()


@part
def _check_move(acts, book, line, place, action):
    """Check a move: to a programme that a finance law opened, and within the limit if it stays in its ministry."""
    year, measure, target = place
    source, amount, per_mille = (
        acts[line].source,
        acts[line].amount,
        np.int64(book.years[year].virement_limit),
    )
    if not _is_voted(book, target):
        return refused(Outcome.PROGRAMME_NOT_VOTED.value, target, 0)
    if action == BudgetAction.DECREE_TRANSFER.value:
        return accepted()
    finding = _check_virement(book, np.int64(source), measure, per_mille, amount)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    return _check_virement(book, np.int64(target), measure, per_mille, amount)


@part
def _check_opening(acts, book, line, place):
    year, measure, target = place
    if target % FAMILIES != 0:
        return accepted()
    sums, amount, origin = book.decrees[find_row(target, measure)], acts[line].amount, acts[line].source
    if origin == Origin.DECREE_OF_ADVANCE.value:
        total = book.decree_years[find_row(year, measure)]
        limit = compute_share(np.int64(total.law), np.int64(book.years[year].advance_limit))
        missing = total.advanced + amount - limit
        return refused(Outcome.ADVANCE_LIMIT.value, target, missing) if missing > 0 else accepted()
    if (origin == Origin.FINANCE_LAW.value and sums.law > BALANCE_MAX - amount) or (
        origin == Origin.AMENDING_LAW.value and sums.amending > BALANCE_MAX - amount
    ):
        return refused(Outcome.BALANCE_LIMIT.value, target, 0)
    return accepted()


@part
def _check_cancellation(book, place, amount):
    year, measure, target = place
    total = book.decree_years[find_row(year, measure)]
    limit = compute_share(total.law + total.amending, np.int64(book.years[year].cancellation_limit))
    missing = total.cancelled + amount - limit
    return refused(Outcome.CANCELLATION_LIMIT.value, target, missing) if missing > 0 else accepted()


@rare_part
def check_decree(acts, book, line, place, action):
    """Return the finding of the first limit that a line breaks; ``place`` = (row of the year, measure, target node)."""
    if action == BudgetAction.OPEN.value:
        return _check_opening(acts, book, line, place)
    if action == BudgetAction.VIREMENT.value or action == BudgetAction.DECREE_TRANSFER.value:
        return _check_move(acts, book, line, place, action)
    if action == BudgetAction.DECREE_CANCEL.value:
        return _check_cancellation(book, place, acts[line].amount)
    return accepted()


@part
def _add_opening(sums, origin, amount):
    if origin == Origin.FINANCE_LAW.value:
        sums.law += amount
    elif origin == Origin.AMENDING_LAW.value:
        sums.amending += amount
    elif origin == Origin.DECREE_OF_ADVANCE.value:
        sums.advanced += amount


@rare_part
def add_to_decrees(acts, book, step, place, action):
    """Add an accepted line to the figures that limit decrees; ``step`` = (line, amount), a negative amount undoes it."""
    line, amount = step
    year, measure, target = place
    row, total = find_row(target, measure), find_row(year, measure)
    if action == BudgetAction.OPEN.value and target % FAMILIES == 0:
        _add_opening(book.decrees[row], acts[line].source, amount)
        _add_opening(book.decree_years[total], acts[line].source, amount)
        book.decrees[row].touched = 1
    elif action == BudgetAction.DECREE_CANCEL.value:
        book.decrees[row].cancelled += amount
        book.decree_years[total].cancelled += amount
        book.decrees[row].touched = 1
    elif action == BudgetAction.VIREMENT.value:
        source = find_row(np.int64(acts[line].source), measure)
        book.decrees[source].moved += amount
        book.decrees[row].moved += amount
        book.decrees[source].touched = 1
        book.decrees[row].touched = 1
