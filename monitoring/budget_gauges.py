"""What is left of the budget, as committed: kept from the figures that each batch changed, never act by act.

A book that is loaded brings the figures along; from then on each committed batch brings those it changed.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.calendar import YEAR_FIRST
from core.nomenclature import Level
from core.tables.journal import NodeBalances
from posting.batch import Outcome
from posting.book.book_state import State
from posting.book.registry import CENTRES_A_YEAR, SHEETS, Coded, Registry
from posting.pgcopy import encoded

MEASURES = ("ae", "cp")
NEAR = 10
"""A node is near exhaustion once at most the tenth part of what was opened is neither reserved nor consumed."""

_FIGURES = len(NodeBalances._fields) - 2
_OPENED, _RESERVED, _CONSUMED = 0, 2, 3
_OF_CP = 4


class Credits(NamedTuple):
    """One measure of a node or of a programme, in cents."""

    opened: int
    taken: int
    """Reserved or consumed."""

    @property
    def available(self) -> int:
        """Below zero only where credits are estimated."""
        return self.opened - self.taken


class Programme(NamedTuple):
    """A programme in a budget year, its envelopes and fund families together."""

    year: int
    code: str
    is_estimated: bool
    ae: Credits
    cp: Credits


class Near(NamedTuple):
    """How many nodes of a level are near exhaustion in one measure."""

    level: Level
    measure: str
    nodes: int


class Node(NamedTuple):
    """A node near exhaustion."""

    number: int
    """As in the table ``node_balance``."""
    measure: str
    credits: Credits


class _Tree(NamedTuple):
    """What the reference data say of the rows of figures: year by year, centre by centre, six sheets each."""

    years: range
    centres: int
    level: NDArray[np.uint8]
    is_ceiling: NDArray[np.bool_]
    programmes: list[tuple[str, int]]
    """Code and number of every programme of any year."""
    estimated: NDArray[np.bool_]
    """By year and fund centre."""

    def rows(self, nodes: NDArray[np.int32]) -> NDArray[np.int64]:
        """Where the figures of nodes stand."""
        place, sheet = np.divmod(nodes.astype(np.int64), SHEETS)
        year, centre = np.divmod(place, CENTRES_A_YEAR)
        return ((year + YEAR_FIRST - self.years.start) * self.centres + centre) * SHEETS + sheet

    def node(self, row: int) -> int:
        """The number of the node whose figures stand in ``row``."""
        place, sheet = divmod(row, SHEETS)
        year, centre = divmod(place, self.centres)
        return ((year + self.years.start - YEAR_FIRST) * CENTRES_A_YEAR + centre) * SHEETS + sheet


def _tree(registry: Registry) -> _Tree:
    level, estimated = registry.meanings.centre_level, registry.meanings.centre_estimated
    is_programme = (level == Level.PROGRAMME).any(axis=0)
    programmes = sorted(pair for pair in registry.numbers[Coded.CENTRE].items() if is_programme[pair[1]])
    levels = np.repeat(level, SHEETS, axis=1).ravel()
    ceilings = ~np.repeat(estimated, SHEETS, axis=1).ravel()
    return _Tree(registry.years, level.shape[1], levels, ceilings, programmes, estimated)


_BARE = _Tree(range(0), 0, np.zeros(0, np.uint8), np.zeros(0, bool), [], np.zeros((0, 0), bool))


class Budget:
    """The last committed figures of every node; looked at and moved in one thread."""

    def __init__(self) -> None:
        self._tree = _BARE
        self._figures = np.zeros((0, _FIGURES), np.int64)
        self._is_near = np.zeros((0, len(MEASURES)), bool)
        """By row and measure, judged when a figure changes: whoever looks only counts."""

    def opened(self, state: State) -> None:
        """Take the figures over from a book just loaded, before anything is decided in it."""
        self._tree = _tree(state.registry)
        years, count = np.array(self._tree.years), self._tree.centres * SHEETS
        first = state.registry.node_positions(np.zeros(len(years), np.int64), years, np.array(0))
        self._figures = np.concatenate([state.book.figures[at : at + count] for at in first.tolist()])
        self._is_near = self._judged(np.arange(len(self._figures)))

    def committed(self, outcome: Outcome) -> None:
        """Take over the figures that a batch changed."""
        stream = outcome.streams.get("node_balance", np.zeros(0, np.uint8))
        if len(stream):
            _, node, *figures = encoded(NodeBalances, stream)
            rows = self._tree.rows(node)
            self._figures[rows] = np.column_stack(figures)
            self._is_near[rows] = self._judged(rows)

    def programmes(self) -> list[Programme]:
        """Every programme that has or had credits, by year and code."""
        tree = self._tree
        numbers = [number for _, number in tree.programmes]
        by_sheet = self._figures.reshape(len(tree.years), tree.centres, SHEETS, _FIGURES)
        return [
            Programme(year, code, bool(estimated[number]), _credits(each[:_OF_CP]), _credits(each[_OF_CP:]))
            for year, figures, estimated in zip(
                tree.years, by_sheet[:, numbers].sum(axis=2), tree.estimated, strict=True
            )
            for (code, number), each in zip(tree.programmes, figures, strict=True)
            if each.any()
        ]

    def near(self) -> list[Near]:
        """How many nodes are near exhaustion, by level and measure."""
        levels = (self._tree.level[is_near] for is_near in self._is_near.T)
        counts = [np.bincount(each, minlength=max(Level) + 1).tolist() for each in levels]
        return [
            Near(level, measure, found[level])
            for level in Level
            for measure, found in zip(MEASURES, counts, strict=True)
        ]

    def nodes_near(self, level: Level) -> list[Node]:
        """The nodes of one level that are near exhaustion."""
        return [
            Node(self._tree.node(row), each, _credits(self._figures[row, _part(each)]))
            for each, is_near in zip(MEASURES, self._is_near.T, strict=True)
            for row in np.flatnonzero(is_near & (self._tree.level == level)).tolist()
        ]

    def _judged(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each of some rows is near exhaustion, by measure; where credits are estimated, nothing is."""
        figures = self._figures[rows].reshape(len(rows), len(MEASURES), _OF_CP)
        opened = figures[:, :, _OPENED]
        left = opened - figures[:, :, _RESERVED] - figures[:, :, _CONSUMED]
        return self._tree.is_ceiling[rows, None] & (opened > 0) & (left <= opened // NEAR)


def _part(measure: str) -> slice:
    first = MEASURES.index(measure) * _OF_CP
    return slice(first, first + _OF_CP)


def _credits(figures: NDArray[np.int64]) -> Credits:
    return Credits(int(figures[_OPENED]), int(figures[_RESERVED] + figures[_CONSUMED]))
