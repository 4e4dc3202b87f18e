"""Withdrawals of commitments of earlier budget years (GBCP art. 160; rules A15 and A21).

They lower what is reported as consumed of the AE of the year in which they are made, and leave what is available as it is.
In a recycling case they give the AE back in that year instead, as a decrease does in the year of its commitment.
"""

import numpy as np

from core.money import BALANCE_MAX
from core.outcome_codes import Outcome
from core.recycling_cases import OF_OPERATION
from kernels import spending
from kernels.availability import AE, CONSUMED, RESERVED, find_full_node
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part
from kernels.links import find_nodes
from kernels.prior_reservations import build_tree


@part
def _find_year(book, own, day):
    """Return the budget year in which ``day`` is, from year ``own`` on."""
    year = own
    while year + 1 < book.years.size and day > book.years[as_position(year)].last_day:
        year += 1
    return as_position(year)


@part
def _exists(book, node):
    return node < book.nodes.size and book.nodes[as_position(node)].level != 0


@part
def _find_place(acts, book, line, cell):
    """Return the nodes (fund centre, operation or -1) of the year of the line's day; (-1, -1) where it lacks one of them.

    It also lacks an operation that it has under another fund centre.
    """
    own = as_position(book.cells[cell].year)
    year = _find_year(book, np.int64(own), acts[line].day)
    later = np.int64(book.years[year].first_node) - book.years[own].first_node
    centre, operation = find_nodes(book, cell)
    if acts[line].day > book.years[year].last_day:
        return np.int64(-1), np.int64(-1)
    place = np.int64(centre) + later, operation + later if operation >= 0 else np.int64(-1)
    if not _exists(book, place[0]) or (operation >= 0 and not _exists(book, place[1])):
        return np.int64(-1), np.int64(-1)
    if operation >= 0 and book.nodes[as_position(place[1])].parent != place[0]:
        return np.int64(-1), np.int64(-1)
    return place


@part
def _find_start(place):
    """Return the lowest node of a place: the operation if there is one."""
    return place[1] if place[1] >= 0 else place[0]


@part
def _find_full_node(book, place, amount, is_recycled):
    """Return the first node with a figure that would exceed its limit; -1 if there is none."""
    tree = build_tree(book)
    if is_recycled and place[1] >= 0:
        full = np.int64(find_full_node(tree, place[0], np.int64(-1), (AE + RESERVED, amount)))
        if full >= 0:
            return full
    node = _find_start(place)
    while node >= 0:
        node = as_position(node)
        lowered = -book.figures[node, AE + CONSUMED] if is_recycled else book.withdrawn[node].withdrawn
        if lowered > BALANCE_MAX - amount:
            return np.int64(node)
        node = np.int64(book.nodes[node].parent)
    return np.int64(-1)


@rare_part
def check_withdrawal(acts, book, line, link):
    """Return the finding of the first rule that a withdrawal breaks, if any."""
    cell, case = link[1], acts[line].source
    is_in_year = acts[line].day <= book.years[as_position(book.cells[cell].year)].last_day
    if is_in_year and book.effects[book.items[link[0]].kind].carries == 0:
        return refused(Outcome.COMMITMENT_NOT_PRIOR.value, -1, 0)
    if case >= OF_OPERATION and book.cells[cell].operation_node < 0:
        return refused(Outcome.RECYCLING_MISMATCH.value, -1, 0)
    place = _find_place(acts, book, line, cell)
    if place[0] < 0:
        return refused(Outcome.FUND_CENTRE_UNKNOWN.value, -1, 0)
    full = _find_full_node(book, place, acts[line].amount, case > 0)
    return refused(Outcome.BALANCE_LIMIT.value, full, 0) if full >= 0 else accepted()


@rare_part
def apply_withdrawal(acts, book, step, cell):
    """Apply an accepted withdrawal; ``step`` = (line, amount), a negative amount undoes it."""
    line, amount = step
    place = _find_place(acts, book, line, cell)
    if acts[line].source > 0:
        demand = (np.int64(0), -np.int64(amount), np.int64(0), np.int64(0))
        spending.apply_spending(build_tree(book), place, demand)
        return
    node = _find_start(place)
    while node >= 0:
        node = as_position(node)
        book.withdrawn[node].withdrawn += amount
        book.withdrawn[node].touched = 1
        book.nodes[node].touched = 1
        node = np.int64(book.nodes[node].parent)
