"""Spending: commitments, payment requests and settlements against the credits at every level.

where  = (fund centre, operation or -1)
demand = (AE reserved, AE consumed, CP reserved, CP consumed), in signed cents

An operation holds its earmark; what the earmark reserved above it turns into consumption there when it is spent.
"""

import numpy as np

from core.money import BALANCE_MAX
from core.outcome_codes import Outcome
from kernels.availability import (
    AE,
    CONSUMED,
    CP,
    RESERVED,
    compute_available,
    find_full_node,
    find_short_node,
)
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part


@part
def _compute_headroom(tree, node, demand):
    """Negative unless the figures of ``node`` stay countable; where credits block, they are the narrower bound."""
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    room = BALANCE_MAX - ae_reserved - tree.figures[node, AE + RESERVED]
    room |= BALANCE_MAX - ae_consumed - tree.figures[node, AE + CONSUMED]
    room |= BALANCE_MAX - cp_reserved - tree.figures[node, CP + RESERVED]
    return room | (BALANCE_MAX - cp_consumed - tree.figures[node, CP + CONSUMED])


@part
def _compute_margin(tree, node, demand):
    """Negative unless ``node`` bears ``demand``: all its rules at once, for a line that breaks none is the rule."""
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    if not tree.nodes[node].blocking:
        return _compute_headroom(tree, node, demand)
    left_ae = compute_available(tree, node, AE) - ae_reserved - ae_consumed
    left_cp = compute_available(tree, node, CP) - cp_reserved - cp_consumed
    return left_ae | left_cp


@part
def _is_borne(tree, where, demand):
    """Does every node bear ``demand``?  A yes is sure; a no is not, and asks for a closer look."""
    node, operation = where
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    lack = np.int64(0)
    if operation >= 0:
        lack = _compute_margin(
            tree, as_position(operation), (ae_reserved, ae_consumed, np.int64(0), np.int64(0))
        )
        ae_reserved = -ae_consumed
    while node >= 0:
        node = as_position(node)
        lack |= _compute_margin(tree, node, (ae_reserved, ae_consumed, cp_reserved, cp_consumed))
        node = np.int64(tree.nodes[node].parent)
    return lack >= 0


@part
def _find_full_node(tree, where, demand):
    """First node whose figures would pass the limit; above an operation its earmark stands reserved already."""
    centre, operation = where
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    start, end = (operation, centre) if operation >= 0 else (centre, np.int64(-1))
    full = np.int64(-1)
    if ae_reserved > 0:
        full = find_full_node(tree, start, end, (AE + RESERVED, ae_reserved))
    if ae_consumed > 0 and full < 0:
        full = find_full_node(tree, start, -1, (AE + CONSUMED, ae_consumed))
    if cp_reserved > 0 and full < 0:
        full = find_full_node(tree, centre, -1, (CP + RESERVED, cp_reserved))
    if cp_consumed > 0 and full < 0:
        full = find_full_node(tree, centre, -1, (CP + CONSUMED, cp_consumed))
    return full


@part
def _find_node_short_of_ae(tree, where, amount):
    """First blocking node short of AE; above an operation they were found when it got its earmark."""
    centre, operation = where
    if operation < 0:
        return find_short_node(tree, centre, AE, amount)
    if tree.nodes[operation].blocking and amount > compute_available(tree, operation, AE):
        return operation
    return np.int64(-1)


@rare_part
def _find_broken_rule(tree, where, demand):
    """The first rule that spending breaks, if any.  Estimated credits know no ceiling, but must stay countable."""
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    net_ae, net_cp = ae_reserved + ae_consumed, cp_reserved + cp_consumed
    if net_ae > 0:
        short = _find_node_short_of_ae(tree, where, net_ae)
        if short >= 0:
            return refused(Outcome.AE_EXCEEDED.value, short, net_ae - compute_available(tree, short, AE))
    if net_cp > 0:
        short = find_short_node(tree, where[0], CP, net_cp)
        if short >= 0:
            return refused(Outcome.CP_EXCEEDED.value, short, net_cp - compute_available(tree, short, CP))
    full = _find_full_node(tree, where, demand)
    if full >= 0:
        return refused(Outcome.BALANCE_LIMIT.value, full, 0)
    return accepted()


@part
def check_spending(tree, where, demand):
    """The first rule that spending breaks, if any."""
    return accepted() if _is_borne(tree, where, demand) else _find_broken_rule(tree, where, demand)


@part
def _add_demand(tree, node, demand):
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    tree.figures[node, AE + RESERVED] += ae_reserved
    tree.figures[node, AE + CONSUMED] += ae_consumed
    tree.figures[node, CP + RESERVED] += cp_reserved
    tree.figures[node, CP + CONSUMED] += cp_consumed
    tree.nodes[node].touched = 1


@part
def apply_spending(tree, where, demand):
    """Reserve and consume at every level; what an earmark holds above turns into consumption."""
    node, operation = where
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    if operation >= 0:
        _add_demand(tree, as_position(operation), (ae_reserved, ae_consumed, np.int64(0), np.int64(0)))
        ae_reserved = -ae_consumed
    while node >= 0:
        node = as_position(node)
        _add_demand(tree, node, (ae_reserved, ae_consumed, cp_reserved, cp_consumed))
        node = np.int64(tree.nodes[node].parent)
