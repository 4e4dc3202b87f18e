"""Which rules of the catalog bear on a line: its own kind's, or, for a mirror, those of what it undoes."""

import numpy as np

from core.catalog import Measure
from kernels.availability import AE, CP
from kernels.signature import part


@part
def followed(book, kind, item):
    """(kind whose effects count, commitment they act on, sign): a mirror undoes what its predecessor did."""
    if book.effects[kind].mirrors:
        return np.int64(book.items[item].kind), np.int64(book.items[item].parent), -1
    return np.int64(kind), item, 1


@part
def spending(acts, book, decisions, line):
    """(signed AE reserved, AE consumed, CP reserved) of a line, and the amount they apply to."""
    effects = book.effects
    base, _, sign = followed(book, acts[line].kind, decisions[line].predecessor)
    amount = sign * acts[line].amount
    return (
        effects[base].ae_reserved * amount,
        effects[base].ae_consumed * amount,
        effects[base].cp_reserved * amount,
    )


@part
def action_of(acts, book, decisions, line):
    """How the line acts on the budget."""
    base, _, _ = followed(book, acts[line].kind, decisions[line].predecessor)
    return book.effects[base].budget


@part
def measure_of(effects, kind):
    """Offset of the figures that a budget kind acts on."""
    return CP if effects[kind].measure == Measure.CP.value else AE


@part
def target_node(book, cell):
    """The node a budget line acts on: the operation where one is named, else the fund centre."""
    operation = book.cells[cell].operation_node
    return np.int64(operation if operation >= 0 else book.cells[cell].centre_node)
