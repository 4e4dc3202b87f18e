"""Spending: commitments, payment requests and settlements against the credits at every level.

where  = (fund centre, operation or -1)
demand = (AE reserved, AE consumed, CP reserved, CP consumed), in signed cents

An operation holds its earmark; what the earmark reserved above it turns into consumption there when it is spent.
"""

import numpy as np

from core.money import BALANCE_MAX
from core.outcome_codes import Outcome
from kernels.availability import AE, CONSUMED, CP, RESERVED, available, full_node, short_node
from kernels.findings import fine, found
from kernels.jit import aside, counted, part


@part
def _room(tree, node, demand):
    """Negative unless the figures of ``node`` stay countable; where credits block, they are the narrower bound."""
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    room = BALANCE_MAX - ae_reserved - tree.figures[node, AE + RESERVED]
    room |= BALANCE_MAX - ae_consumed - tree.figures[node, AE + CONSUMED]
    room |= BALANCE_MAX - cp_reserved - tree.figures[node, CP + RESERVED]
    return room | (BALANCE_MAX - cp_consumed - tree.figures[node, CP + CONSUMED])


@part
def _lack(tree, node, demand):
    """Negative unless ``node`` bears ``demand``: all its rules at once, for a line that breaks none is the rule."""
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    if not tree.nodes[node].blocking:
        return _room(tree, node, demand)
    left_ae = available(tree, node, AE) - ae_reserved - ae_consumed
    left_cp = available(tree, node, CP) - cp_reserved - cp_consumed
    return left_ae | left_cp


@part
def _holds(tree, where, demand):
    """Does every node bear ``demand``?  A yes is sure; a no is not, and asks for a closer look."""
    node, operation = where
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    lack = np.int64(0)
    if operation >= 0:
        lack = _lack(tree, counted(operation), (ae_reserved, ae_consumed, np.int64(0), np.int64(0)))
        ae_reserved = -ae_consumed
    while node >= 0:
        node = counted(node)
        lack |= _lack(tree, node, (ae_reserved, ae_consumed, cp_reserved, cp_consumed))
        node = np.int64(tree.nodes[node].parent)
    return lack >= 0


@part
def _full_node(tree, where, demand):
    """First node whose figures would pass the limit; above an operation its earmark stands reserved already."""
    centre, operation = where
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    start, end = (operation, centre) if operation >= 0 else (centre, np.int64(-1))
    full = np.int64(-1)
    if ae_reserved > 0:
        full = full_node(tree, start, end, (AE + RESERVED, ae_reserved))
    if ae_consumed > 0 and full < 0:
        full = full_node(tree, start, -1, (AE + CONSUMED, ae_consumed))
    if cp_reserved > 0 and full < 0:
        full = full_node(tree, centre, -1, (CP + RESERVED, cp_reserved))
    if cp_consumed > 0 and full < 0:
        full = full_node(tree, centre, -1, (CP + CONSUMED, cp_consumed))
    return full


@part
def _short_of_ae(tree, where, amount):
    """First blocking node short of AE; above an operation they were found when it got its earmark."""
    centre, operation = where
    if operation < 0:
        return short_node(tree, centre, AE, amount)
    if tree.nodes[operation].blocking and amount > available(tree, operation, AE):
        return operation
    return np.int64(-1)


@aside
def _look_closer(tree, where, demand):
    """The first rule that spending breaks, if any.  Estimated credits know no ceiling, but must stay countable."""
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    net_ae, net_cp = ae_reserved + ae_consumed, cp_reserved + cp_consumed
    if net_ae > 0:
        short = _short_of_ae(tree, where, net_ae)
        if short >= 0:
            return found(Outcome.AE_EXCEEDED.value, short, net_ae - available(tree, short, AE))
    if net_cp > 0:
        short = short_node(tree, where[0], CP, net_cp)
        if short >= 0:
            return found(Outcome.CP_EXCEEDED.value, short, net_cp - available(tree, short, CP))
    full = _full_node(tree, where, demand)
    if full >= 0:
        return found(Outcome.BALANCE_LIMIT.value, full, 0)
    return fine()


@part
def judge(tree, where, demand):
    """The first rule that spending breaks, if any."""
    return fine() if _holds(tree, where, demand) else _look_closer(tree, where, demand)


@part
def _spend_at(tree, node, demand):
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    tree.figures[node, AE + RESERVED] += ae_reserved
    tree.figures[node, AE + CONSUMED] += ae_consumed
    tree.figures[node, CP + RESERVED] += cp_reserved
    tree.figures[node, CP + CONSUMED] += cp_consumed
    tree.nodes[node].touched = 1


@part
def apply(tree, where, demand):
    """Reserve and consume at every level; what an earmark holds above turns into consumption."""
    node, operation = where
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    if operation >= 0:
        _spend_at(tree, counted(operation), (ae_reserved, ae_consumed, np.int64(0), np.int64(0)))
        ae_reserved = -ae_consumed
    while node >= 0:
        node = counted(node)
        _spend_at(tree, node, (ae_reserved, ae_consumed, cp_reserved, cp_consumed))
        node = np.int64(tree.nodes[node].parent)
