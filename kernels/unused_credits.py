"""Credits that a year has left: an order carries them into the next, or they are annulled (LOLF art. 15; rules A66, A67).

A line takes credits from a place and from every level above it, so that no level keeps what the one below has lost.  A line
that carries stands before the one that brings the same sum into the next year.  AE are carried as far as they are available;
CP as far as thousandths of the initial credits, those of special accounts as far as their receipts (art. 21) and those of
funds as far as they are available, as receipts alone opened them.
"""

import numpy as np

from core.catalog import BudgetAction
from core.nomenclature import SHEETS, CentreLevel
from core.outcome_codes import Outcome
from kernels import followers, special_accounts
from kernels.availability import ALLOTTED, CP, OPENED, RESERVED, add_to_figure, find_full_node
from kernels.budget import (
    FAMILIES,
    apply_earmark,
    check_free_credits,
    check_undistributed_credits,
    find_programme,
)
from kernels.decrees import compute_share, find_row
from kernels.findings import accepted, refused
from kernels.jit import as_position, rare_part
from kernels.links import find_target
from kernels.prior_reservations import build_tree


@rare_part
def _brings(acts, book, line, cell):
    """Return whether the line behind ``line`` brings what it takes into the next year, to where it may go."""
    after = as_position(line + 1)
    if after >= acts.size or acts[after].head != acts[line].head:
        return False
    own, effects = as_position(max(acts[after].cell, 0)), book.effects[acts[after].kind]
    is_in = effects.budget == BudgetAction.CARRY_IN.value
    is_of_measure = effects.measure == book.effects[acts[line].kind].measure
    if acts[after].fault != 0:  # it is refused itself
        return True
    is_alike = acts[after].amount == acts[line].amount and acts[after].day == acts[line].day
    is_of_next_year = np.int64(book.cells[own].year) == np.int64(book.cells[cell].year) + 1
    sheets = book.cells[own].centre_node % SHEETS, book.cells[cell].centre_node % SHEETS
    is_pair = is_in and is_of_measure and is_alike and is_of_next_year and sheets[0] == sheets[1]
    return is_pair and followers.follows(book, own, as_position(cell))


@rare_part
def _sum_carried_credits(book, row):
    """Return the CP that were carried from the programmes of a section of a special account."""
    cents = np.int64(0)
    for number in range(book.special[row].first, book.special[row].end):
        first = np.int64(book.special[as_position(number)].node)
        for sheet in range(SHEETS):
            cents += book.decrees[find_row(first + sheet, np.int64(CP))].carried
    return cents


@rare_part
def _check_ceiling(book, cell, programme, amount):
    """Check the CP that leave a programme for the next year; nothing lifts the ceiling of title 2."""
    row, missing = as_position(book.cells[cell].special), np.int64(0)
    sums = book.decrees[find_row(np.int64(programme), np.int64(CP))]
    if row > 0:
        _, to_order = special_accounts.compute_remainders(book, row)
        missing = _sum_carried_credits(book, row) + amount - to_order
    elif programme % FAMILIES == 0 and not (book.nodes[programme].lifted and not book.nodes[programme].staff):
        limit = np.int64(book.years[book.cells[cell].year].carry_over_limit)
        missing = sums.carried + amount - compute_share(np.int64(sums.law), limit)
    return (
        refused(Outcome.CARRY_OVER_LIMIT.value, np.int64(programme), missing) if missing > 0 else accepted()
    )


@rare_part
def _check_free(tree, measure, target, amount):
    """Check that nothing uses or freezes the credits, at their place and above it, and that it did not pass them on."""
    if (
        tree.nodes[target].level == CentreLevel.OPERATION.value
    ):  # above it they are earmarked, and free with it
        finding = check_free_credits(tree, measure, target, amount)
        return (
            finding
            if finding[0] != Outcome.ACCEPTED.value
            else check_undistributed_credits(tree, measure, target, amount)
        )
    node = np.int64(target)
    while node >= 0:
        finding = check_free_credits(tree, measure, node, amount)
        if finding[0] != Outcome.ACCEPTED.value:
            return finding
        node = np.int64(tree.nodes[node].parent)
    return check_undistributed_credits(tree, measure, target, amount)


@rare_part
def _check_limits(tree, measure, target, amount):
    """Check that credits may come to a place: figures are not full, and an operation takes AE alone."""
    node = np.int64(target)
    if tree.nodes[node].level == CentreLevel.OPERATION.value:
        if measure == CP:
            return refused(Outcome.FUND_CENTRE_LEVEL.value, node, 0)
        node = np.int64(tree.nodes[node].parent)
        full = np.int64(find_full_node(tree, node, -1, (measure + RESERVED, amount)))
        if full >= 0:
            return refused(Outcome.BALANCE_LIMIT.value, full, 0)
    full = np.int64(find_full_node(tree, np.int64(target), -1, (measure + OPENED, amount)))
    return refused(Outcome.BALANCE_LIMIT.value, full, 0) if full >= 0 else accepted()


@rare_part
def check_line(acts, book, line, cell):
    """Return the finding of the first rule that a line breaks, by which credits leave their year or come to the next."""
    action = book.effects[acts[line].kind].budget
    measure, target = find_target(book, acts[line].kind, cell)
    tree, amount = build_tree(book), acts[line].amount
    if action == BudgetAction.CARRY_IN.value:
        before = as_position(max(np.int64(line) - 1, 0))
        is_out = book.effects[acts[before].kind].budget == BudgetAction.CARRY_OUT.value
        if before == line or acts[before].head != acts[line].head or not is_out:
            return refused(Outcome.CARRY_OVER_MISMATCH.value, np.int64(target), 0)
        return _check_limits(tree, measure, target, amount)
    if action == BudgetAction.CARRY_OUT.value:
        is_staff_ae = measure != CP and tree.nodes[target].staff
        if is_staff_ae or not tree.nodes[target].blocking or not _brings(acts, book, line, cell):
            return refused(Outcome.CARRY_OVER_MISMATCH.value, np.int64(target), 0)
    finding = _check_free(tree, measure, target, amount)
    if finding[0] != Outcome.ACCEPTED.value or measure != CP or action != BudgetAction.CARRY_OUT.value:
        return finding
    return _check_ceiling(book, as_position(cell), as_position(find_programme(tree, target)), amount)


@rare_part
def apply_line(acts, book, step, cell):
    """Apply an accepted line; ``step`` = (line, amount), a negative amount undoes it."""
    line, amount = step
    action, tree = book.effects[acts[line].kind].budget, build_tree(book)
    measure, target = find_target(book, acts[line].kind, cell)
    cents = amount if action == BudgetAction.CARRY_IN.value else -amount
    node = np.int64(target)
    if tree.nodes[node].level == CentreLevel.OPERATION.value:
        apply_earmark(tree, measure, target, cents)
        node = np.int64(tree.nodes[node].parent)
    while node >= 0:
        add_to_figure(tree, node, measure + OPENED, cents)
        above = np.int64(tree.nodes[node].parent)
        if above >= 0:
            add_to_figure(tree, above, measure + ALLOTTED, cents)
        node = above
    if action == BudgetAction.CARRY_OUT.value:
        row = find_row(np.int64(find_programme(tree, target)), np.int64(measure))
        book.decrees[row].carried += amount
        book.decrees[row].touched = 1
