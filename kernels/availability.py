"""Does the amount fit in what each budget node still has?

A node's eight figures stand next to each other (one cache line): AE opened, allotted, reserved, consumed, then CP.
"""

import numpy as np

from core.money import BALANCE_MAX
from kernels.signature import part

OPENED, ALLOTTED, RESERVED, CONSUMED = 0, 1, 2, 3
AE, CP = 0, 4


@part
def available(book, node, measure):
    """Cents opened, neither reserved nor consumed."""
    figures = book.figures
    return figures[node, measure] - figures[node, measure + RESERVED] - figures[node, measure + CONSUMED]


@part
def short_node(book, node, measure, amount):
    """First blocking node from ``node`` up that cannot bear ``amount``; -1 if all can."""
    nodes = book.nodes
    while node >= 0:
        if nodes[node].blocking and amount > available(book, node, measure):
            return node
        node = nodes[node].parent
    return node


@part
def full_node(book, node, end, more):
    """First node from ``node`` up to, not including, ``end`` whose figure cannot grow by ``more`` = (figure, amount).

    -1 if all can; -1 as ``end`` is the way to the top.
    """
    figure, amount = more
    while node != end:
        if book.figures[node, figure] > BALANCE_MAX - amount:
            return node
        node = np.int64(book.nodes[node].parent)
    return np.int64(-1)


@part
def add(book, node, figure, amount):
    """Add ``amount`` to one figure of one node."""
    book.figures[node, figure] += amount
    book.nodes[node].touched = 1


@part
def add_upwards(book, node, figure, amount):
    """Add ``amount`` to one figure of ``node`` and of everything above it."""
    while node >= 0:
        add(book, node, figure, amount)
        node = book.nodes[node].parent
