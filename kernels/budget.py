"""The acts that bring credits or take them away: opening, allotment, move, earmark, return, cancellation, freeze.

``opened`` is what a node received from above, ``allotted`` what it passed to its children; a parent never allots more than
it has (rule A19).  No act leaves a node with less than it has already reserved and consumed.  Frozen credits stay opened and
are reserved at their node and above it; their node does not pass them on.
"""

from core.catalog import BudgetAction
from core.nomenclature import SHEETS, CentreLevel, FundFamily
from core.outcome_codes import Outcome
from kernels import availability
from kernels.availability import AE, ALLOTTED, CP, OPENED, RESERVED, add_to_figure
from kernels.findings import accepted, refused
from kernels.jit import part, rare_part
from kernels.prior_reservations import compute_free, find_short_node, refuse_shortage

FAMILIES = len(FundFamily)


@part
def check_limit(tree, node, figure, amount):
    """Check that a figure can take the amount."""
    if tree.figures[node, figure] > availability.BALANCE_MAX - amount:
        return refused(Outcome.BALANCE_LIMIT.value, node, 0)
    return accepted()


@part
def _check_opening(tree, measure, target, amount):
    if tree.nodes[target].level != CentreLevel.PROGRAMME.value:
        return refused(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    return check_limit(tree, target, measure + OPENED, amount)


@part
def _read_frozen_credits(tree, measure, node):
    """Return the cents that are frozen at the node itself."""
    return tree.frozen[node].cp_here if measure == CP else tree.frozen[node].ae_here


@part
def check_undistributed_credits(tree, measure, node, amount):
    """Check that a node has passed on and frozen little enough."""
    undistributed = tree.figures[node, measure + OPENED] - tree.figures[node, measure + ALLOTTED]
    undistributed -= _read_frozen_credits(tree, measure, node)
    if amount > undistributed:
        return refused(Outcome.ALLOTMENT_EXCEEDED.value, node, amount - undistributed)
    return accepted()


@part
def _check_allotment(tree, measure, target, amount):
    level = tree.nodes[target].level
    if level != CentreLevel.BOP.value and level != CentreLevel.UO.value:
        return refused(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    finding = check_undistributed_credits(tree, measure, tree.nodes[target].parent, amount)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    return check_limit(tree, target, measure + OPENED, amount)


@part
def _check_earmark(tree, target, amount):
    if tree.nodes[target].level != CentreLevel.OPERATION.value:
        return refused(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    above = tree.nodes[target].parent
    short = find_short_node(tree, above, AE, amount)
    if short >= 0:
        return refuse_shortage(tree, short, (AE, amount), Outcome.AE_EXCEEDED.value)
    full = availability.find_full_node(tree, above, -1, (AE + RESERVED, amount))
    if full >= 0:
        return refused(Outcome.BALANCE_LIMIT.value, full, 0)
    return check_limit(tree, target, AE + OPENED, amount)


@part
def find_programme(tree, node):
    """Return the node of the programme above ``node``."""
    while tree.nodes[node].parent >= 0:
        node = tree.nodes[node].parent
    return node


@part
def _is_move_forbidden(tree, source, target):
    """Return whether a move is forbidden: to the same node, other programme, year or fund family, or HT2 to T2 (rule A18)."""
    if source == target or (tree.nodes[target].staff and not tree.nodes[source].staff):
        return True
    return source % 3 != target % 3 or find_programme(tree, source) // 6 != find_programme(tree, target) // 6


@part
def _check_move_limit(tree, measure, giver, taker, amount):
    while giver != taker and giver >= 0:
        if tree.figures[taker, measure + OPENED] > availability.BALANCE_MAX - amount:
            return refused(Outcome.BALANCE_LIMIT.value, taker, 0)
        giver, taker = tree.nodes[giver].parent, tree.nodes[taker].parent
    return accepted()


@part
def check_free_credits(tree, measure, node, amount):
    """Check that a node has neither reserved nor consumed the amount."""
    if amount > compute_free(tree, node, measure):
        return refuse_shortage(tree, node, (measure, amount), Outcome.BUDGET_BELOW_CONSUMPTION.value)
    return accepted()


@part
def _check_move(tree, measure, source, target, amount):
    if tree.nodes[source].level != tree.nodes[target].level:
        return refused(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    if _is_move_forbidden(tree, source, target):
        return refused(Outcome.MOVE_FORBIDDEN.value, source, 0)
    giver, taker = source, target
    while giver != taker and giver >= 0:
        finding = check_free_credits(tree, measure, giver, amount)
        if finding[0] != Outcome.ACCEPTED.value:
            return finding
        giver, taker = tree.nodes[giver].parent, tree.nodes[taker].parent
    finding = check_undistributed_credits(tree, measure, source, amount)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    return _check_move_limit(tree, measure, source, target, amount)


@part
def _check_decree_move(tree, measure, source, target, amount):
    """Check that ordinary credits of one programme may go to another: what it has neither passed on nor used, never to T2."""
    for node in (source, target):
        if tree.nodes[node].level != CentreLevel.PROGRAMME.value:
            return refused(Outcome.FUND_CENTRE_LEVEL.value, node, 0)
    raises_staff = tree.nodes[target].staff and not tree.nodes[source].staff
    is_of_fund = source % FAMILIES != 0 or target % FAMILIES != 0
    if source // SHEETS == target // SHEETS or raises_staff or is_of_fund:
        return refused(Outcome.MOVE_FORBIDDEN.value, source, 0)
    finding = check_free_credits(tree, measure, source, amount)
    if finding[0] == Outcome.ACCEPTED.value:
        finding = check_undistributed_credits(tree, measure, source, amount)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    return check_limit(tree, target, measure + OPENED, amount)


@part
def _check_decrease(tree, action, measure, target, amount):
    """Check that credits may leave a node: a BOP or UO returns them to its parent, those of a programme are cancelled."""
    is_programme = tree.nodes[target].level == CentreLevel.PROGRAMME.value
    cancels = action == BudgetAction.CANCEL.value or action == BudgetAction.DECREE_CANCEL.value
    if is_programme != cancels or tree.nodes[target].level == CentreLevel.OPERATION.value:
        return refused(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    finding = check_free_credits(tree, measure, target, amount)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    return check_undistributed_credits(tree, measure, target, amount)


@part
def _check_freeze(tree, measure, target, amount):
    if tree.nodes[target].level == CentreLevel.OPERATION.value:
        return refused(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    node = target
    while node >= 0:
        finding = check_free_credits(tree, measure, node, amount)
        if finding[0] != Outcome.ACCEPTED.value:
            return finding
        node = tree.nodes[node].parent
    finding = check_undistributed_credits(tree, measure, target, amount)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    full = availability.find_full_node(tree, target, -1, (measure + RESERVED, amount))
    return refused(Outcome.BALANCE_LIMIT.value, full, 0) if full >= 0 else accepted()


@part
def _check_earmark_decrease(tree, target, amount):
    """Check that an operation keeps what is used on it, and gives back at most what was earmarked for it in this year.

    AE that are available again after a withdrawal (rule A15) were earmarked in an earlier year.
    """
    if tree.nodes[target].level != CentreLevel.OPERATION.value:
        return refused(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    finding = check_free_credits(tree, AE, target, amount)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    return check_undistributed_credits(tree, AE, target, amount)


@part
def _check_unfreeze(tree, measure, target, amount):
    if tree.nodes[target].level == CentreLevel.OPERATION.value:
        return refused(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    frozen = _read_frozen_credits(tree, measure, target)
    if amount > frozen:
        return refused(Outcome.UNFREEZE_EXCEEDED.value, target, amount - frozen)
    return accepted()


@rare_part
def check_budget_line(tree, budget_line, amount):
    """Return the finding of one budget line; ``budget_line`` = (action, measure, target node, source node)."""
    action, measure, target, source = budget_line
    if action == BudgetAction.OPEN.value:
        return _check_opening(tree, measure, target, amount)
    if action == BudgetAction.ALLOT.value:
        return _check_allotment(tree, measure, target, amount)
    if action == BudgetAction.EARMARK.value:
        return _check_earmark(tree, target, amount)
    if action == BudgetAction.UNEARMARK.value:
        return _check_earmark_decrease(tree, target, amount)
    if action == BudgetAction.FREEZE.value:
        return _check_freeze(tree, measure, target, amount)
    if action == BudgetAction.UNFREEZE.value:
        return _check_unfreeze(tree, measure, target, amount)
    if action == BudgetAction.VIREMENT.value or action == BudgetAction.DECREE_TRANSFER.value:
        return _check_decree_move(tree, measure, source, target, amount)
    if action != BudgetAction.MOVE.value:
        return _check_decrease(tree, action, measure, target, amount)
    return _check_move(tree, measure, source, target, amount)


@part
def _apply_allotment(tree, measure, target, amount):
    add_to_figure(tree, tree.nodes[target].parent, measure + ALLOTTED, amount)
    add_to_figure(tree, target, measure + OPENED, amount)


@part
def _apply_move(tree, measure, source, target, amount):
    giver, taker = source, target
    while giver != taker and giver >= 0:
        add_to_figure(tree, giver, measure + OPENED, -amount)
        add_to_figure(tree, taker, measure + OPENED, amount)
        above_giver, above_taker = tree.nodes[giver].parent, tree.nodes[taker].parent
        if above_giver != above_taker and above_giver >= 0:
            add_to_figure(tree, above_giver, measure + ALLOTTED, -amount)
            add_to_figure(tree, above_taker, measure + ALLOTTED, amount)
        giver, taker = above_giver, above_taker


@part
def apply_earmark(tree, measure, target, amount):
    """Open AE at an operation, and reserve them at every level above it."""
    add_to_figure(tree, target, measure + OPENED, amount)
    node = tree.nodes[target].parent
    while node >= 0:
        add_to_figure(tree, node, measure + RESERVED, amount)
        tree.frozen[node].earmarked += amount
        node = tree.nodes[node].parent


@part
def _apply_freeze(tree, measure, target, amount):
    if measure == CP:
        tree.frozen[target].cp_here += amount
    else:
        tree.frozen[target].ae_here += amount
    node = target
    while node >= 0:
        if measure == CP:
            tree.frozen[node].cp += amount
        else:
            tree.frozen[node].ae += amount
        tree.frozen[node].touched = 1
        add_to_figure(tree, node, measure + RESERVED, amount)
        node = tree.nodes[node].parent


@rare_part
def apply_budget_line(tree, budget_line, amount):
    """Apply an accepted line; a negative ``amount`` undoes it."""
    action, measure, target, source = budget_line
    if action == BudgetAction.OPEN.value:
        add_to_figure(tree, target, measure + OPENED, amount)
    elif action == BudgetAction.CANCEL.value or action == BudgetAction.DECREE_CANCEL.value:
        add_to_figure(tree, target, measure + OPENED, -amount)
    elif action == BudgetAction.ALLOT.value:
        _apply_allotment(tree, measure, target, amount)
    elif action == BudgetAction.RETURN.value:
        _apply_allotment(tree, measure, target, -amount)
    elif action == BudgetAction.EARMARK.value:
        apply_earmark(tree, measure, target, amount)
    elif action == BudgetAction.UNEARMARK.value:
        apply_earmark(tree, measure, target, -amount)
    elif action == BudgetAction.FREEZE.value:
        _apply_freeze(tree, measure, target, amount)
    elif action == BudgetAction.UNFREEZE.value:
        _apply_freeze(tree, measure, target, -amount)
    else:
        _apply_move(tree, measure, source, target, amount)
