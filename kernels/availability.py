"""Does the amount fit in what each budget node still has?

A node's eight figures stand next to each other (one cache line): AE opened, allotted, reserved, consumed, then CP.
"""

from typing import Annotated, NamedTuple

import numpy as np

from core.money import BALANCE_MAX
from core.tables.book import BudgetNodes, Cells
from core.tables.columns import Balance, Records
from core.tables.journal import Draws, Numbers
from kernels.jit import advances, borrow, fills, kernel, part, reads, reads_records

OPENED, ALLOTTED, RESERVED, CONSUMED = 0, 1, 2, 3
AE, CP = 0, 4


class BudgetTree(NamedTuple):
    """The part of the book where credits are counted."""

    nodes: Annotated[Records, BudgetNodes]
    figures: Balance


@part
def compute_available(tree, node, measure):
    """Cents opened, neither reserved nor consumed."""
    figures = tree.figures
    return figures[node, measure] - figures[node, measure + RESERVED] - figures[node, measure + CONSUMED]


@part
def find_short_node(tree, node, measure, amount):
    """First blocking node from ``node`` up that cannot bear ``amount``; -1 if all can."""
    nodes = tree.nodes
    while node >= 0:
        if nodes[node].blocking and amount > compute_available(tree, node, measure):
            return node
        node = nodes[node].parent
    return node


@part
def find_full_node(tree, node, end, more):
    """First node from ``node`` up to, not including, ``end`` whose figure cannot grow by ``more`` = (figure, amount).

    -1 if all can; -1 as ``end`` is the way to the top.
    """
    figure, amount = more
    while node != end:
        if tree.figures[node, figure] > BALANCE_MAX - amount:
            return node
        node = np.int64(tree.nodes[node].parent)
    return np.int64(-1)


@part
def add_to_figure(tree, node, figure, amount):
    """Add ``amount`` to one figure of one node."""
    tree.figures[node, figure] += amount
    tree.nodes[node].touched = 1


@part
def add_to_branch(tree, node, figure, amount):
    """Add ``amount`` to one figure of ``node`` and of everything above it."""
    while node >= 0:
        add_to_figure(tree, node, figure, amount)
        node = tree.nodes[node].parent


@kernel(reads(Draws), reads_records(Cells), advances(BudgetTree), fills(Numbers))
def draw_amounts(draws, cells, tree, short):
    """Consume each amount in AE at its fund centre and everything above, if every blocking node can bear it.

    Reads     draws                n rows, cents;  cells: where each assignment hangs
    Advances  tree                 AE consumed of the nodes drawn on, in place
    Fills     short                n rows: the first node that cannot bear the amount; -1 when it was consumed
    Order     row order: who comes first is served first; what is refused draws nothing
    Outcomes  a node or -1; never raises
    Overflow  impossible while what was opened stays below BALANCE_MAX; estimated credits are the caller's to bound
    Cost      O(n * levels), one pass, no allocation
    Source    GBCP art. 156; domain 2.4
    Oracle    tests.oracle.availability.draw_amounts
    """
    cells, number = borrow(cells), borrow(short.number)
    cell, amount = borrow(draws.cell), borrow(draws.amount)
    tree = BudgetTree(borrow(tree.nodes), borrow(tree.figures))
    for row in range(number.size):
        centre = np.int64(cells[cell[row]].centre_node)
        at = np.int64(find_short_node(tree, centre, AE, amount[row]))
        number[row] = at
        if at < 0:
            add_to_branch(tree, centre, AE + CONSUMED, amount[row])
