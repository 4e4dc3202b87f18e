"""What is left of the budget, as committed: kept from the figures that each batch changed, never act by act.

A book that is loaded brings the figures along; from then on each committed batch brings those it changed.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.calendar import YEAR_FIRST
from core.nomenclature import CentreLevel
from core.tables.journal import NodeBalances
from posting.batch import BatchResult
from posting.book.book_state import BookState
from posting.book.registry import CENTRES_A_YEAR, SHEETS, CodeKind, Registry
from posting.pgcopy import decode_rows

MEASURES = ("ae", "cp")
NEAR_EXHAUSTION_DIVISOR = 10
"""A node is near exhaustion once at most the tenth part of what was opened is neither reserved nor consumed."""

_FIGURES = len(NodeBalances._fields) - 2
_OPENED, _RESERVED, _CONSUMED = 0, 2, 3
_FIGURES_A_MEASURE = 4


class MeasureCredits(NamedTuple):
    """One measure of a node or of a programme, in cents."""

    opened: int
    used: int
    """Reserved or consumed."""

    @property
    def available(self) -> int:
        """Below zero only where credits are estimated."""
        return self.opened - self.used


class ProgrammeCredits(NamedTuple):
    """A programme in a budget year, its envelopes and fund families together."""

    year: int
    code: str
    is_estimated: bool
    ae: MeasureCredits
    cp: MeasureCredits


class ExhaustionCount(NamedTuple):
    """How many nodes of a level are near exhaustion in one measure."""

    level: CentreLevel
    measure: str
    nodes: int


class NearlyExhaustedNode(NamedTuple):
    """A node near exhaustion."""

    number: int
    """As in the table ``node_balance``."""
    measure: str
    credits: MeasureCredits


class _FigureLayout(NamedTuple):
    """What the reference data say of the rows of figures: year by year, centre by centre, six sheets each."""

    years: range
    centres: int
    level: NDArray[np.uint8]
    is_ceiling: NDArray[np.bool_]
    programmes: list[tuple[str, int]]
    """Code and number of every programme of any year."""
    estimated: NDArray[np.bool_]
    """By year and fund centre."""

    def find_rows(self, nodes: NDArray[np.int32]) -> NDArray[np.int64]:
        """Where the figures of nodes stand."""
        place, sheet = np.divmod(nodes.astype(np.int64), SHEETS)
        year, centre = np.divmod(place, CENTRES_A_YEAR)
        return ((year + YEAR_FIRST - self.years.start) * self.centres + centre) * SHEETS + sheet

    def find_node(self, row: int) -> int:
        """The number of the node whose figures stand in ``row``."""
        place, sheet = divmod(row, SHEETS)
        year, centre = divmod(place, self.centres)
        return ((year + self.years.start - YEAR_FIRST) * CENTRES_A_YEAR + centre) * SHEETS + sheet


def _build_layout(registry: Registry) -> _FigureLayout:
    level, estimated = registry.meanings.centre_level, registry.meanings.centre_estimated
    is_programme = (level == CentreLevel.PROGRAMME).any(axis=0)
    programmes = sorted(pair for pair in registry.numbers[CodeKind.CENTRE].items() if is_programme[pair[1]])
    levels = np.repeat(level, SHEETS, axis=1).ravel()
    ceilings = ~np.repeat(estimated, SHEETS, axis=1).ravel()
    return _FigureLayout(registry.years, level.shape[1], levels, ceilings, programmes, estimated)


_EMPTY_LAYOUT = _FigureLayout(
    range(0), 0, np.zeros(0, np.uint8), np.zeros(0, bool), [], np.zeros((0, 0), bool)
)


class BudgetGauges:
    """The last committed figures of every node; looked at and moved in one thread."""

    def __init__(self) -> None:
        self._layout = _EMPTY_LAYOUT
        self._figures = np.zeros((0, _FIGURES), np.int64)
        self._is_near = np.zeros((0, len(MEASURES)), bool)
        """By row and measure, judged when a figure changes: whoever looks only counts."""

    def load(self, state: BookState) -> None:
        """Take the figures over from a book just loaded, before anything is decided in it."""
        self._layout = _build_layout(state.registry)
        years, count = np.array(self._layout.years), self._layout.centres * SHEETS
        first = state.registry.find_node_positions(np.zeros(len(years), np.int64), years, np.array(0))
        self._figures = np.concatenate([state.book.figures[at : at + count] for at in first.tolist()])
        self._is_near = self._find_near_exhaustion(np.arange(len(self._figures)))

    def apply_commit(self, outcome: BatchResult) -> None:
        """Take over the figures that a batch changed."""
        stream = outcome.streams.get("node_balance", np.zeros(0, np.uint8))
        if len(stream):
            _, node, *figures = decode_rows(NodeBalances, stream)
            rows = self._layout.find_rows(node)
            self._figures[rows] = np.column_stack(figures)
            self._is_near[rows] = self._find_near_exhaustion(rows)

    def list_programmes(self) -> list[ProgrammeCredits]:
        """Every programme that has or had credits, by year and code."""
        tree = self._layout
        numbers = [number for _, number in tree.programmes]
        by_sheet = self._figures.reshape(len(tree.years), tree.centres, SHEETS, _FIGURES)
        return [
            ProgrammeCredits(
                year,
                code,
                bool(estimated[number]),
                _build_credits(each[:_FIGURES_A_MEASURE]),
                _build_credits(each[_FIGURES_A_MEASURE:]),
            )
            for year, figures, estimated in zip(
                tree.years, by_sheet[:, numbers].sum(axis=2), tree.estimated, strict=True
            )
            for (code, number), each in zip(tree.programmes, figures, strict=True)
            if each.any()
        ]

    def count_near_exhaustion(self) -> list[ExhaustionCount]:
        """How many nodes are near exhaustion, by level and measure."""
        levels = (self._layout.level[is_near] for is_near in self._is_near.T)
        counts = [np.bincount(each, minlength=max(CentreLevel) + 1).tolist() for each in levels]
        return [
            ExhaustionCount(level, measure, found[level])
            for level in CentreLevel
            for measure, found in zip(MEASURES, counts, strict=True)
        ]

    def list_near_exhaustion(self, level: CentreLevel) -> list[NearlyExhaustedNode]:
        """The nodes of one level that are near exhaustion."""
        return [
            NearlyExhaustedNode(
                self._layout.find_node(row), each, _build_credits(self._figures[row, _select_columns(each)])
            )
            for each, is_near in zip(MEASURES, self._is_near.T, strict=True)
            for row in np.flatnonzero(is_near & (self._layout.level == level)).tolist()
        ]

    def _find_near_exhaustion(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each of some rows is near exhaustion, by measure; where credits are estimated, nothing is."""
        figures = self._figures[rows].reshape(len(rows), len(MEASURES), _FIGURES_A_MEASURE)
        opened = figures[:, :, _OPENED]
        left = opened - figures[:, :, _RESERVED] - figures[:, :, _CONSUMED]
        return (
            self._layout.is_ceiling[rows, None] & (opened > 0) & (left <= opened // NEAR_EXHAUSTION_DIVISOR)
        )


def _select_columns(measure: str) -> slice:
    first = MEASURES.index(measure) * _FIGURES_A_MEASURE
    return slice(first, first + _FIGURES_A_MEASURE)


def _build_credits(figures: NDArray[np.int64]) -> MeasureCredits:
    return MeasureCredits(int(figures[_OPENED]), int(figures[_RESERVED] + figures[_CONSUMED]))
