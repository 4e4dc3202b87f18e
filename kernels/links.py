"""Links: the entry that a line follows, and the kind whose effects count (its own; of a mirror, the kind it undoes).

link = (item followed, effective cell, kind whose effects count, commitment they act on, sign)
demand = (AE reserved, AE consumed, CP reserved, CP consumed), in signed cents
"""

import numpy as np

from core.catalog import BudgetAction, Family, Measure, Remainder
from core.tables.book import LEDGER_ACCOUNTANTS
from kernels import visas
from kernels.availability import AE, CP
from kernels.jit import as_position, part, rare_part


@part
def no_link(kind, cell):
    """Return the link of a line that follows nothing."""
    return np.int64(0), as_position(max(cell, 0)), np.int64(kind), np.int64(0), np.int64(1)


@part
def find_cell(book, kind, item, own_cell):
    """Return the cell of a line: that of the entry it follows, or the ``own_cell`` of a line or a kind that has one."""
    if own_cell >= 0 and (item == 0 or book.effects[kind].assigns != 0):
        return as_position(own_cell)
    return as_position(book.items[item].cell if item > 0 else 0)


@rare_part
def _link_reversal(book, item, cell):
    """Return the link of a reversal: the kind of its original is found where no reversal changes it."""
    base = np.int64(book.items[item].under)
    is_change = book.effects[base].family == Family.COMMITMENT_CHANGE.value
    root = np.int64(book.items[item].parent) if is_change else np.int64(0)
    return item, cell, base, root, np.int64(-1)


@part
def _link_mirror(book, item, cell):
    """Return the link of a mirror: it acts on the commitment where it was carried to, and undoes a carried service as such."""
    base, root = np.int64(book.items[item].kind), np.int64(book.items[item].parent)
    if book.effects[base].feeds == Remainder.CARRIED.value:
        base = np.int64(book.items[item].under)
    while root > 0 and book.items[root].kind == 0:
        root = np.int64(book.items[root].parent)
    return item, cell, base, root, np.int64(-1)


@part
def build_link(book, kind, item, own_cell):
    """Return the link of a line that follows ``item``; a mirror undoes the effects of its predecessor."""
    cell = find_cell(book, kind, item, own_cell)
    if book.effects[kind].mirrors:
        if book.effects[kind].undoes:
            return _link_reversal(book, item, cell)
        return _link_mirror(book, item, cell)
    root = np.int64(0) if visas.draws_on_plan(book, kind) else np.int64(item)
    return item, cell, np.int64(kind), as_position(root), np.int64(1)


@part
def compute_demand(book, link, amount):
    """Return the demand of a line on the budget."""
    effects, base, signed = book.effects, link[2], link[4] * amount
    return (
        effects[base].ae_reserved * signed,
        effects[base].ae_consumed * signed,
        effects[base].cp_reserved * signed,
        effects[base].cp_consumed * signed,
    )


@part
def compute_settlement(book, link, amount):
    """Return the demand of a settlement: the request's reservation becomes consumption, or consumption is given back.

    A reassignment moves consumption and releases nothing.
    """
    effects, under = book.effects, book.items[link[0]].under
    settles = np.int64(effects[link[2]].settles)
    ae = effects[under].ae_reserved * settles * amount
    cp = effects[under].cp_reserved * settles * amount
    released = np.int64(settles > 0 and effects[link[2]].budget == BudgetAction.SETTLE.value)
    return -ae * released, ae, -cp * released, cp


@part
def find_parent(book, link, kind):
    """Return (entry that a new entry acts on, kind whose reservation it uses): its own, if it reserves CP itself."""
    if not book.effects[kind].inherits:
        return np.int64(link[3]), np.int64(kind)
    followed = book.items[link[0]]
    settles = book.effects[followed.kind].family == Family.SETTLEMENT.value
    under = np.int64(kind if book.effects[kind].cp_reserved > 0 else followed.under)
    return np.int64(followed.parent) if settles else np.int64(link[3]), under


@part
def find_nodes(book, cell):
    """Return the nodes (fund centre, operation or -1) that control a cell."""
    return as_position(book.cells[cell].centre_node), np.int64(book.cells[cell].operation_node)


@part
def find_folio(acts, book, line, cell):
    """Return the folio of the ledger that a line is posted in: that of its period and of the accountant of its cell."""
    return as_position(acts[line].period) * LEDGER_ACCOUNTANTS + as_position(book.cells[cell].accountant)


@part
def find_target(book, kind, cell):
    """Return (measure, node) of a budget line: the node of the operation if there is one, else of the fund centre."""
    centre, operation = find_nodes(book, cell)
    measure = CP if book.effects[kind].measure == Measure.CP.value else AE
    return measure, operation if operation >= 0 else centre
