"""Amounts drawn on the credits of fund centres, without the reservations of the year before."""

from typing import Annotated, NamedTuple

import numpy as np

from core.tables.book import BudgetNodes, Cells, FrozenFigures
from core.tables.columns import Balance, Records
from core.tables.journal import Draws, Numbers
from kernels.availability import AE, CONSUMED, add_to_branch
from kernels.jit import advances, borrow, fills, kernel, reads, reads_records
from kernels.prior_reservations import CreditTree, find_short_node


class BudgetTree(NamedTuple):
    """The tree of budget nodes: the part of the book that counts credits."""

    nodes: Annotated[Records, BudgetNodes]
    figures: Balance
    frozen: Annotated[Records, FrozenFigures]


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
    credit_tree = CreditTree(borrow(tree.nodes), borrow(tree.figures), borrow(tree.frozen), np.int64(0))
    for row in range(number.size):
        centre = np.int64(cells[cell[row]].centre_node)
        node = np.int64(find_short_node(credit_tree, centre, AE, amount[row]))
        number[row] = node
        if node < 0:
            add_to_branch(credit_tree, centre, AE + CONSUMED, amount[row])
