"""The availability of credits at each budget node.

The eight figures of a node are next to each other (one cache line): AE opened, allotted, reserved, consumed, then CP.
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
    """The tree of budget nodes: the part of the book that counts credits."""

    nodes: Annotated[Records, BudgetNodes]
    figures: Balance


@part
def compute_available(tree, node, measure):
    """Return the cents that are opened, and neither reserved nor consumed."""
    figures = tree.figures
    return figures[node, measure] - figures[node, measure + RESERVED] - figures[node, measure + CONSUMED]


@part
def find_short_node(tree, node, measure, amount):
    """Return the first blocking node from ``node`` up with less than ``amount`` available; -1 if there is none."""
    nodes = tree.nodes
    while node >= 0:
        if nodes[node].blocking and amount > compute_available(tree, node, measure):
            return node
        node = nodes[node].parent
    return node


@part
def find_full_node(tree, node, end, more):
    """Return the first node from ``node`` up to ``end``, excluded, whose figure cannot grow by ``more`` = (figure, amount).

    Return -1 if all can; ``end`` -1 stands for the whole branch.
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
    """Add ``amount`` to one figure of ``node`` and of all nodes above it."""
    while node >= 0:
        add_to_figure(tree, node, figure, amount)
        node = tree.nodes[node].parent


@kernel(reads(Draws), reads_records(Cells), advances(BudgetTree), fills(Numbers))
def draw_amounts(draws, cells, tree, short):
    """Consume each amount in AE at its fund centre and above, if every blocking node has it available.

    Reads     draws                n rows, cents;  cells: the nodes of each assignment
    Advances  tree                 AE consumed of the nodes drawn on, in place
    Fills     short                n rows: the first node with too little available; -1 where the amount was consumed
    Order     row order: first come, first served; a refused amount draws nothing
    Outcomes  a node or -1; never raises
    Overflow  impossible while opened credits stay below BALANCE_MAX; the caller bounds estimated credits
    Cost      O(n * levels), one pass, no allocation
    Source    GBCP art. 156; rule A11
    Oracle    tests.oracle.availability.draw_amounts
    """
    cells, number = borrow(cells), borrow(short.number)
    cell, amount = borrow(draws.cell), borrow(draws.amount)
    tree = BudgetTree(borrow(tree.nodes), borrow(tree.figures))
    for row in range(number.size):
        centre = np.int64(cells[cell[row]].centre_node)
        node = np.int64(find_short_node(tree, centre, AE, amount[row]))
        number[row] = node
        if node < 0:
            add_to_branch(tree, centre, AE + CONSUMED, amount[row])
