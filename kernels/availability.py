"""The availability of credits at each budget node.

The eight figures of a node are next to each other (one cache line): AE opened, allotted, reserved, consumed, then CP.
"""

import numpy as np

from core.money import BALANCE_MAX
from kernels.jit import part

OPENED, ALLOTTED, RESERVED, CONSUMED = 0, 1, 2, 3
AE, CP = 0, 4


@part
def compute_available(tree, node, measure):
    """Return the cents that are opened, and neither reserved nor consumed."""
    figures = tree.figures
    return figures[node, measure] - figures[node, measure + RESERVED] - figures[node, measure + CONSUMED]


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
