"""The acts that bring credits: opening, allotment, move, earmark.

A node's ``opened`` is what it received from above, ``allotted`` what it passed below; a parent never passes on more
than it has (A19).  Moving credits never leaves a node below what it already consumed.
"""

from core.catalog import Budget
from core.nomenclature import Level
from core.outcome_codes import Outcome
from kernels import availability
from kernels.availability import AE, ALLOTTED, OPENED, RESERVED, add
from kernels.findings import fine, found
from kernels.jit import aside, part


@part
def _within_limit(tree, node, figure, amount):
    if tree.figures[node, figure] > availability.BALANCE_MAX - amount:
        return found(Outcome.BALANCE_LIMIT.value, node, 0)
    return fine()


@part
def _judge_opening(tree, measure, target, amount):
    if tree.nodes[target].level != Level.PROGRAMME.value:
        return found(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    return _within_limit(tree, target, measure + OPENED, amount)


@part
def _judge_allotment(tree, measure, target, amount):
    level = tree.nodes[target].level
    if level != Level.BOP.value and level != Level.UO.value:
        return found(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    parent = tree.nodes[target].parent
    undistributed = tree.figures[parent, measure + OPENED] - tree.figures[parent, measure + ALLOTTED]
    if amount > undistributed:
        return found(Outcome.ALLOTMENT_EXCEEDED.value, parent, amount - undistributed)
    return _within_limit(tree, target, measure + OPENED, amount)


@part
def _judge_earmark(tree, target, amount):
    if tree.nodes[target].level != Level.OPERATION.value:
        return found(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    above = tree.nodes[target].parent
    short = availability.short_node(tree, above, AE, amount)
    if short >= 0:
        return found(Outcome.AE_EXCEEDED.value, short, amount - availability.available(tree, short, AE))
    full = availability.full_node(tree, above, -1, (AE + RESERVED, amount))
    if full >= 0:
        return found(Outcome.BALANCE_LIMIT.value, full, 0)
    return _within_limit(tree, target, AE + OPENED, amount)


@part
def _top(tree, node):
    while tree.nodes[node].parent >= 0:
        node = tree.nodes[node].parent
    return node


@part
def _forbidden(tree, source, target):
    """Not onto itself, nor to another programme, year or fund family, nor from HT2 to T2 (A18)."""
    if source == target or (tree.nodes[target].staff and not tree.nodes[source].staff):
        return True
    return source % 3 != target % 3 or _top(tree, source) // 6 != _top(tree, target) // 6


@part
def _move_within_limit(tree, measure, giver, taker, amount):
    while giver != taker and giver >= 0:
        if tree.figures[taker, measure + OPENED] > availability.BALANCE_MAX - amount:
            return found(Outcome.BALANCE_LIMIT.value, taker, 0)
        giver, taker = tree.nodes[giver].parent, tree.nodes[taker].parent
    return fine()


@part
def _judge_move(tree, measure, source, target, amount):
    if tree.nodes[source].level != tree.nodes[target].level:
        return found(Outcome.FUND_CENTRE_LEVEL.value, target, 0)
    if _forbidden(tree, source, target):
        return found(Outcome.MOVE_FORBIDDEN.value, source, 0)
    undistributed = tree.figures[source, measure + OPENED] - tree.figures[source, measure + ALLOTTED]
    giver, taker = source, target
    while giver != taker and giver >= 0:
        left = availability.available(tree, giver, measure)
        if amount > left:
            return found(Outcome.BUDGET_BELOW_CONSUMPTION.value, giver, amount - left)
        giver, taker = tree.nodes[giver].parent, tree.nodes[taker].parent
    if amount > undistributed:
        return found(Outcome.ALLOTMENT_EXCEEDED.value, source, amount - undistributed)
    return _move_within_limit(tree, measure, source, target, amount)


@aside
def judge(tree, what, amount):
    """Finding of one budget line; ``what`` = (action, measure, target node, source node)."""
    action, measure, target, source = what
    if action == Budget.OPEN.value:
        return _judge_opening(tree, measure, target, amount)
    if action == Budget.ALLOT.value:
        return _judge_allotment(tree, measure, target, amount)
    if action == Budget.EARMARK.value:
        return _judge_earmark(tree, target, amount)
    return _judge_move(tree, measure, source, target, amount)


@part
def _move(tree, measure, source, target, amount):
    giver, taker = source, target
    while giver != taker and giver >= 0:
        add(tree, giver, measure + OPENED, -amount)
        add(tree, taker, measure + OPENED, amount)
        above_giver, above_taker = tree.nodes[giver].parent, tree.nodes[taker].parent
        if above_giver != above_taker and above_giver >= 0:
            add(tree, above_giver, measure + ALLOTTED, -amount)
            add(tree, above_taker, measure + ALLOTTED, amount)
        giver, taker = above_giver, above_taker


@aside
def apply(tree, what, amount):
    """Carry out a line that was judged fine; a negative ``amount`` undoes it."""
    action, measure, target, source = what
    if action == Budget.OPEN.value:
        add(tree, target, measure + OPENED, amount)
    elif action == Budget.ALLOT.value:
        add(tree, tree.nodes[target].parent, measure + ALLOTTED, amount)
        add(tree, target, measure + OPENED, amount)
    elif action == Budget.EARMARK.value:
        add(tree, target, measure + OPENED, amount)
        availability.add_upwards(tree, tree.nodes[target].parent, measure + RESERVED, amount)
    else:
        _move(tree, measure, source, target, amount)
