"""Spending: commitments, payment requests and settlements against the credits at every level.

where  = (fund centre, operation or -1)
demand = (AE reserved, AE consumed, CP reserved, CP consumed), in signed cents

An operation has its earmark; spending turns what the earmark reserved above the operation into consumption there.
"""

import numpy as np

from core.money import BALANCE_MAX
from core.outcome_codes import Outcome
from kernels.availability import AE, CONSUMED, CP, RESERVED, find_full_node
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part
from kernels.prior_reservations import compute_free, find_short_node, refuse_shortage


@part
def _compute_headroom(tree, node, demand):
    """Return a negative number if a figure of ``node`` would exceed its limit; blocking credits are a narrower bound."""
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    headroom = BALANCE_MAX - ae_reserved - tree.figures[node, AE + RESERVED]
    headroom |= BALANCE_MAX - ae_consumed - tree.figures[node, AE + CONSUMED]
    headroom |= BALANCE_MAX - cp_reserved - tree.figures[node, CP + RESERVED]
    return headroom | (BALANCE_MAX - cp_consumed - tree.figures[node, CP + CONSUMED])


@part
def _compute_margin(tree, node, demand):
    """Return a negative number if ``node`` may not bear ``demand``: all rules at once, as most lines break none."""
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    if not tree.nodes[node].blocking:
        return _compute_headroom(tree, node, demand)
    left_ae = compute_free(tree, node, AE) - ae_reserved - ae_consumed
    left_cp = compute_free(tree, node, CP) - cp_reserved - cp_consumed
    return left_ae | left_cp


@part
def _is_borne(tree, where, demand):
    """Return whether every node bears ``demand``.  True is certain; False needs ``_find_broken_rule``."""
    node, operation = where
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    margin = np.int64(0)
    if operation >= 0:
        margin = _compute_margin(
            tree, as_position(operation), (ae_reserved, ae_consumed, np.int64(0), np.int64(0))
        )
        ae_reserved = -ae_consumed
    while node >= 0:
        node = as_position(node)
        margin |= _compute_margin(tree, node, (ae_reserved, ae_consumed, cp_reserved, cp_consumed))
        node = np.int64(tree.nodes[node].parent)
    return margin >= 0


@part
def _find_full_node(tree, where, demand):
    """Return the first node with a figure that would exceed its limit; an earmark is already reserved above."""
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
    """Return the first blocking node short of AE; above an operation, the earmark was already checked."""
    centre, operation = where
    if operation < 0:
        return find_short_node(tree, centre, AE, amount)
    if tree.nodes[operation].blocking and amount > compute_free(tree, operation, AE):
        return operation
    return np.int64(-1)


@rare_part
def _find_broken_rule(tree, where, demand):
    """Return the finding of the first rule that spending breaks.  Estimated credits have no ceiling but the limit."""
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    net_ae, net_cp = ae_reserved + ae_consumed, cp_reserved + cp_consumed
    if net_ae > 0:
        short = _find_node_short_of_ae(tree, where, net_ae)
        if short >= 0:
            return refuse_shortage(tree, short, (AE, net_ae), Outcome.AE_EXCEEDED.value)
    if net_cp > 0:
        short = find_short_node(tree, where[0], CP, net_cp)
        if short >= 0:
            return refuse_shortage(tree, short, (CP, net_cp), Outcome.CP_EXCEEDED.value)
    full = _find_full_node(tree, where, demand)
    if full >= 0:
        return refused(Outcome.BALANCE_LIMIT.value, full, 0)
    return accepted()


@part
def check_spending(tree, where, demand):
    """Return the finding of the first rule that spending breaks, if any."""
    return accepted() if _is_borne(tree, where, demand) else _find_broken_rule(tree, where, demand)


@rare_part
def check_limits(tree, where, demand):
    """Return the finding if a figure would exceed its limit, the one rule of spending whose credits are not checked.

    What is committed in advance has no credits yet, and payroll is checked at the end of the year (rule A28).
    """
    full = _find_full_node(tree, where, demand)
    return refused(Outcome.BALANCE_LIMIT.value, full, 0) if full >= 0 else accepted()


@rare_part
def check_overdraft(tree, centre):
    """Return the finding of the first blocking node from ``centre`` up whose credits are overdrawn (rule A28)."""
    short = find_short_node(tree, centre, AE, np.int64(0))
    if short >= 0:
        return refuse_shortage(tree, short, (AE, np.int64(0)), Outcome.AE_EXCEEDED.value)
    short = find_short_node(tree, centre, CP, np.int64(0))
    if short >= 0:
        return refuse_shortage(tree, short, (CP, np.int64(0)), Outcome.CP_EXCEEDED.value)
    return accepted()


@part
def _add_demand(tree, node, demand):
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    tree.figures[node, AE + RESERVED] += ae_reserved
    tree.figures[node, AE + CONSUMED] += ae_consumed
    tree.figures[node, CP + RESERVED] += cp_reserved
    tree.figures[node, CP + CONSUMED] += cp_consumed
    tree.nodes[node].touched = 1


@part
def _add_to_earmarks(tree, node, amount):
    """Add to what earmarks reserve at ``node`` and above it; a negative ``amount`` is used of them."""
    while node >= 0:
        at = as_position(node)
        tree.frozen[at].earmarked += amount
        node = np.int64(tree.nodes[at].parent)


@part
def apply_spending(tree, where, demand):
    """Reserve and consume at every level; reservations of an earmark above an operation become consumption."""
    node, operation = where
    ae_reserved, ae_consumed, cp_reserved, cp_consumed = demand
    if operation >= 0:
        _add_demand(tree, as_position(operation), (ae_reserved, ae_consumed, np.int64(0), np.int64(0)))
        ae_reserved = -ae_consumed
        _add_to_earmarks(tree, node, ae_reserved)
    while node >= 0:
        node = as_position(node)
        _add_demand(tree, node, (ae_reserved, ae_consumed, cp_reserved, cp_consumed))
        node = np.int64(tree.nodes[node].parent)
