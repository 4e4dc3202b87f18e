"""The acts that bring credits: opening, allotment, move, earmark.

A node's ``opened`` is what it received from above, ``allotted`` what it passed below; a parent never passes on more
than it has (A19).  Moving credits never leaves a node below what it already consumed.
"""

from core.catalog import Budget
from core.codes import Outcome
from core.nomenclature import Level
from kernels import availability
from kernels.availability import AE, ALLOTTED, OPENED, RESERVED, add
from kernels.signature import part

_FINE = (Outcome.ACCEPTED.value, -1, 0)


@part
def _within_limit(book, node, figure, amount):
    if book.figures[node, figure] > availability.BALANCE_MAX - amount:
        return Outcome.BALANCE_LIMIT.value, node, 0
    return _FINE


@part
def _judge_opening(book, measure, target, amount):
    if book.nodes[target].level != Level.PROGRAMME.value:
        return Outcome.FUND_CENTRE_LEVEL.value, target, 0
    return _within_limit(book, target, measure + OPENED, amount)


@part
def _judge_allotment(book, measure, target, amount):
    level = book.nodes[target].level
    if level != Level.BOP.value and level != Level.UO.value:
        return Outcome.FUND_CENTRE_LEVEL.value, target, 0
    parent = book.nodes[target].parent
    undistributed = book.figures[parent, measure + OPENED] - book.figures[parent, measure + ALLOTTED]
    if amount > undistributed:
        return Outcome.ALLOTMENT_EXCEEDED.value, parent, amount - undistributed
    return _within_limit(book, target, measure + OPENED, amount)


@part
def _judge_earmark(book, target, amount):
    if book.nodes[target].level != Level.OPERATION.value:
        return Outcome.FUND_CENTRE_LEVEL.value, target, 0
    above = book.nodes[target].parent
    short = availability.short_node(book, above, AE, amount)
    if short >= 0:
        return Outcome.AE_EXCEEDED.value, short, amount - availability.available(book, short, AE)
    full = availability.full_node(book, above, -1, (AE + RESERVED, amount))
    if full >= 0:
        return Outcome.BALANCE_LIMIT.value, full, 0
    return _within_limit(book, target, AE + OPENED, amount)


@part
def _top(book, node):
    while book.nodes[node].parent >= 0:
        node = book.nodes[node].parent
    return node


@part
def _forbidden(book, source, target):
    """Not onto itself, nor to another programme, year or fund family, nor from HT2 to T2 (A18)."""
    if source == target or (book.nodes[target].staff and not book.nodes[source].staff):
        return True
    return source % 3 != target % 3 or _top(book, source) // 6 != _top(book, target) // 6


@part
def _move_within_limit(book, measure, giver, taker, amount):
    while giver != taker and giver >= 0:
        if book.figures[taker, measure + OPENED] > availability.BALANCE_MAX - amount:
            return Outcome.BALANCE_LIMIT.value, taker, 0
        giver, taker = book.nodes[giver].parent, book.nodes[taker].parent
    return _FINE


@part
def _judge_move(book, measure, source, target, amount):
    if book.nodes[source].level != book.nodes[target].level:
        return Outcome.FUND_CENTRE_LEVEL.value, target, 0
    if _forbidden(book, source, target):
        return Outcome.MOVE_FORBIDDEN.value, source, 0
    undistributed = book.figures[source, measure + OPENED] - book.figures[source, measure + ALLOTTED]
    giver, taker = source, target
    while giver != taker and giver >= 0:
        left = availability.available(book, giver, measure)
        if amount > left:
            return Outcome.BUDGET_BELOW_CONSUMPTION.value, giver, amount - left
        giver, taker = book.nodes[giver].parent, book.nodes[taker].parent
    if amount > undistributed:
        return Outcome.ALLOTMENT_EXCEEDED.value, source, amount - undistributed
    return _move_within_limit(book, measure, source, target, amount)


@part
def judge(book, what, target, source, amount):
    """(outcome, node, cents missing) of one budget line on node ``target``; ``what`` is (action, measure)."""
    action, measure = what
    if action == Budget.OPEN.value:
        return _judge_opening(book, measure, target, amount)
    if action == Budget.ALLOT.value:
        return _judge_allotment(book, measure, target, amount)
    if action == Budget.EARMARK.value:
        return _judge_earmark(book, target, amount)
    return _judge_move(book, measure, source, target, amount)


@part
def _move(book, measure, source, target, amount):
    giver, taker = source, target
    while giver != taker and giver >= 0:
        add(book, giver, measure + OPENED, -amount)
        add(book, taker, measure + OPENED, amount)
        above_giver, above_taker = book.nodes[giver].parent, book.nodes[taker].parent
        if above_giver != above_taker and above_giver >= 0:
            add(book, above_giver, measure + ALLOTTED, -amount)
            add(book, above_taker, measure + ALLOTTED, amount)
        giver, taker = above_giver, above_taker


@part
def apply(book, what, target, source, amount):
    """Carry out a line that was judged fine; a negative ``amount`` undoes it."""
    action, measure = what
    if action == Budget.OPEN.value:
        add(book, target, measure + OPENED, amount)
    elif action == Budget.ALLOT.value:
        add(book, book.nodes[target].parent, measure + ALLOTTED, amount)
        add(book, target, measure + OPENED, amount)
    elif action == Budget.EARMARK.value:
        add(book, target, measure + OPENED, amount)
        availability.add_upwards(book, book.nodes[target].parent, measure + RESERVED, amount)
    else:
        _move(book, measure, source, target, amount)
