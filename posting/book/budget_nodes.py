"""The budget nodes of an empty book, and the figures that follow from others."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.carry_overs import list_lifted_programmes
from core.nomenclature import CENTRES_A_YEAR, SHEETS, CentreLevel
from core.tables.book import Book, BudgetNodes
from core.tables.columns import to_record_dtype
from kernels.availability import CONSUMED, OPENED
from posting.book.code_numbers import CodeKind
from posting.book.registry import Registry
from posting.book.reserved_memory import reserve

_FIGURE_COUNT = 8


class EmptyNodes(NamedTuple):
    """The nodes, and the figures of each, all zero."""

    nodes: np.ndarray
    figures: NDArray[np.int64]


def build_nodes(registry: Registry) -> EmptyNodes:
    """Build the budget nodes: every fund centre on each of its six sheets, in every budget year."""
    size = len(registry.years) * CENTRES_A_YEAR * SHEETS
    nodes = reserve(to_record_dtype(BudgetNodes), size)
    meanings = registry.meanings
    centres = np.arange(1, meanings.centre_level.shape[1])
    for row, year in enumerate(registry.years):
        parent = meanings.centre_parent[row, 1:]
        for sheet in range(SHEETS):
            at = registry.find_node_positions(centres, np.array(year), np.array(sheet))
            parent_at = registry.find_node_positions(parent, np.array(year), np.array(sheet))
            nodes["parent"][at] = np.where(parent == 0, -1, parent_at)
            nodes["level"][at] = meanings.centre_level[row, 1:]
            nodes["staff"][at] = sheet // 3
            nodes["blocking"][at] = ~meanings.centre_estimated[row, 1:]
        _lift_ceilings(nodes, registry, year)
    return EmptyNodes(nodes, reserve(np.int64, size * _FIGURE_COUNT).reshape(size, _FIGURE_COUNT))


def _lift_ceilings(nodes: np.ndarray, registry: Registry, year: int) -> None:
    """Mark the programmes of ``year`` from which a finance law lets more CP be carried into the next year."""
    later = registry.reference.nomenclatures.get(year + 1)
    numbers = registry.numbers[CodeKind.CENTRE]
    for programme in list_lifted_programmes(later.carry_overs) if later else ():
        first = registry.find_node_positions(np.array([numbers[programme]]), np.array(year), np.array(0))
        nodes["lifted"][first[0] : first[0] + SHEETS] = 1


def add_up_earmarks(book: Book) -> None:
    """Add up what earmarks still reserve at each node above their operation: what it received and did not consume."""
    at = np.flatnonzero(book.nodes["level"] == CentreLevel.OPERATION)
    cents = book.figures[at, OPENED] - book.figures[at, CONSUMED]
    at, cents = at[cents != 0], cents[cents != 0]
    while len(at):
        at = book.nodes["parent"][at]
        at, cents = at[at >= 0], cents[at >= 0]
        np.add.at(book.frozen["earmarked"], at, cents)
