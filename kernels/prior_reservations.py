"""What unpaid requests of the year before still reserve: it comes first for the credits of a year (LOLF art. 28; rule A30).

A fund centre has a node on the same title and family of funds in every year.  Once a year is over, what requests reserve at a
node of it is not free at the node of the next year, for any act but the carry of such a request.  A node that the year before
does not have reserves nothing there.  Frozen credits and earmarks are reserved too, but no request will be paid from them.
"""

from typing import Annotated, NamedTuple

import numpy as np

from core.outcome_codes import Outcome
from core.tables.book import BudgetNodes, FrozenFigures
from core.tables.columns import Balance, Records
from kernels.availability import AE, CP, RESERVED, compute_available
from kernels.findings import refused
from kernels.jit import as_position, part


class CreditTree(NamedTuple):
    """The tree of budget nodes, with what is frozen and earmarked at them."""

    nodes: Annotated[Records, BudgetNodes]
    figures: Balance
    frozen: Annotated[Records, FrozenFigures]
    rows_a_year: int
    """How many rows before a node is that of the year before; 0 where what that year reserves does not count."""


@part
def build_tree(book):
    """Return the tree for changes, and for acts that what the year before reserves does not concern."""
    return CreditTree(book.nodes, book.figures, book.frozen, np.int64(0))


@part
def build_tree_of_line(acts, book, line, cell):
    """Return the tree in which the reservations of the year before count, if that year is over on the day of the line."""
    year, rows = as_position(book.cells[cell].year), np.int64(0)
    if year > 0:
        before = as_position(year - 1)
        if acts[line].day > book.years[before].last_day:
            rows = np.int64(book.years[year].first_node) - book.years[before].first_node
    return CreditTree(book.nodes, book.figures, book.frozen, rows)


@part
def compute_prior(tree, node, measure):
    """Return the cents that requests of the year before reserve at ``node``.

    A request that reserves AE reserves CP too, above an operation: where a fund centre reserves no CP, it reserves neither.
    So most nodes need no look at what is frozen or earmarked.
    """
    if tree.rows_a_year == 0 or node < tree.rows_a_year:
        return np.int64(0)
    before = as_position(node - tree.rows_a_year)
    if (tree.figures[before, AE + RESERVED] | tree.figures[before, CP + RESERVED]) == 0:
        return np.int64(0)
    if measure == CP:
        return tree.figures[before, CP + RESERVED] - tree.frozen[before].cp
    return tree.figures[before, AE + RESERVED] - tree.frozen[before].ae - tree.frozen[before].earmarked


@part
def compute_free(tree, node, measure):
    """Return the cents that are available, and that no request of the year before comes first for."""
    return compute_available(tree, node, measure) - compute_prior(tree, node, measure)


@part
def find_short_node(tree, node, measure, amount):
    """Return the first blocking node from ``node`` up with less than ``amount`` free; -1 if there is none."""
    while node >= 0:
        if tree.nodes[node].blocking and amount > compute_free(tree, node, measure):
            return node
        node = tree.nodes[node].parent
    return node


@part
def refuse_shortage(tree, node, need, outcome):
    """Return the finding of ``need`` = (measure, amount) at a node short of it: ``outcome``, if that much is not available."""
    measure, amount = need
    missing = amount - compute_free(tree, node, measure)
    if amount <= compute_available(tree, node, measure):
        return refused(Outcome.PRIOR_REQUESTS_FIRST.value, node, missing)
    return refused(outcome, node, missing)
