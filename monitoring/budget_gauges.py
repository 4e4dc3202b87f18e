"""Gauges of the committed budget: updated once a batch from the figures that the batch changed, never once an act.

Loading a book provides all figures; from then on each committed batch provides those it changed.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.nomenclature import CENTRES_A_YEAR, SHEETS, CentreLevel
from core.periods import YEAR_FIRST
from core.tables.journal import NodeBalances
from posting.batch import BatchResult
from posting.book.book_state import BookState
from posting.book.code_numbers import CodeKind
from posting.book.registry import Registry
from posting.pgcopy import decode_rows

MEASURES = ("ae", "cp")
NEAR_EXHAUSTION_DIVISOR = 10
"""A node is near exhaustion when at most a tenth of its opened credits is neither reserved nor consumed."""

_FIGURES = len(NodeBalances._fields) - 2
_OPENED, _RESERVED, _CONSUMED = 0, 2, 3
_FIGURES_A_MEASURE = 4


class MeasureCredits(NamedTuple):
    """The credits of a node or programme in one measure (AE or CP), in cents."""

    opened: int
    used: int
    """Reserved or consumed."""

    @property
    def available(self) -> int:
        """Credits neither reserved nor consumed; below zero only where credits are estimated."""
        return self.opened - self.used


class ProgrammeCredits(NamedTuple):
    """The credits of a programme in a budget year, summed over its envelopes and fund families."""

    year: int
    code: str
    is_estimated: bool
    ae: MeasureCredits
    cp: MeasureCredits


class ExhaustionCount(NamedTuple):
    """The number of nodes of a level that are near exhaustion in one measure."""

    level: CentreLevel
    measure: str
    nodes: int


class NearlyExhaustedNode(NamedTuple):
    """A node near exhaustion in one measure."""

    number: int
    """The node number of the table ``node_balance``."""
    measure: str
    credits: MeasureCredits


class _FigureLayout(NamedTuple):
    """The layout of the figures: one row per year, fund centre and sheet, and what the reference data say of it."""

    years: range
    centres: int
    level: NDArray[np.uint8]
    is_ceiling: NDArray[np.bool_]
    programmes: list[tuple[str, int]]
    """Code and number of every programme of any year."""
    estimated: NDArray[np.bool_]
    """Whether credits are estimated, by year and fund centre."""

    def find_rows(self, nodes: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the row of each node."""
        centre_years, sheet = np.divmod(nodes.astype(np.int64), SHEETS)
        year, centre = np.divmod(centre_years, CENTRES_A_YEAR)
        return ((year + YEAR_FIRST - self.years.start) * self.centres + centre) * SHEETS + sheet

    def find_node(self, row: int) -> int:
        """Return the number of the node in ``row``."""
        centre_year, sheet = divmod(row, SHEETS)
        year, centre = divmod(centre_year, self.centres)
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
    """The last committed figures of every node; read and updated in one thread."""

    def __init__(self) -> None:
        self._layout = _EMPTY_LAYOUT
        self._figures = np.zeros((0, _FIGURES), np.int64)
        self._is_near = np.zeros((0, len(MEASURES)), bool)
        """By row and measure; computed when a figure changes, so that reading a gauge only counts."""

    def load(self, state: BookState) -> None:
        """Copy the figures of a newly loaded book, before anything is decided in it."""
        self._layout = _build_layout(state.registry)
        years, count = np.array(self._layout.years), self._layout.centres * SHEETS
        starts = state.registry.find_node_positions(np.zeros(len(years), np.int64), years, np.array(0))
        self._figures = np.concatenate(
            [state.book.figures[start : start + count] for start in starts.tolist()]
        )
        self._is_near = self._find_near_exhaustion(np.arange(len(self._figures)))

    def apply_commit(self, result: BatchResult) -> None:
        """Copy the figures that a committed batch changed."""
        stream = result.streams.get("node_balance", np.zeros(0, np.uint8))
        if len(stream):
            _, node, *figures = decode_rows(NodeBalances, stream)
            rows = self._layout.find_rows(node)
            self._figures[rows] = np.column_stack(figures)
            self._is_near[rows] = self._find_near_exhaustion(rows)

    def list_programmes(self) -> list[ProgrammeCredits]:
        """Return every programme that has or had credits, by year and code."""
        layout = self._layout
        numbers = [number for _, number in layout.programmes]
        by_sheet = self._figures.reshape(len(layout.years), layout.centres, SHEETS, _FIGURES)
        return [
            ProgrammeCredits(
                year,
                code,
                bool(estimated[number]),
                _build_credits(figures[:_FIGURES_A_MEASURE]),
                _build_credits(figures[_FIGURES_A_MEASURE:]),
            )
            for year, figures_of_year, estimated in zip(
                layout.years, by_sheet[:, numbers].sum(axis=2), layout.estimated, strict=True
            )
            for (code, number), figures in zip(layout.programmes, figures_of_year, strict=True)
            if figures.any()
        ]

    def count_near_exhaustion(self) -> list[ExhaustionCount]:
        """Count the nodes near exhaustion, by level and measure."""
        levels = (self._layout.level[is_near] for is_near in self._is_near.T)
        counts = [np.bincount(levels_near, minlength=max(CentreLevel) + 1).tolist() for levels_near in levels]
        return [
            ExhaustionCount(level, measure, counts_by_level[level])
            for level in CentreLevel
            for measure, counts_by_level in zip(MEASURES, counts, strict=True)
        ]

    def list_near_exhaustion(self, level: CentreLevel) -> list[NearlyExhaustedNode]:
        """Return the nodes of one level that are near exhaustion."""
        return [
            NearlyExhaustedNode(
                self._layout.find_node(row),
                measure,
                _build_credits(self._figures[row, _select_columns(measure)]),
            )
            for measure, is_near in zip(MEASURES, self._is_near.T, strict=True)
            for row in np.flatnonzero(is_near & (self._layout.level == level)).tolist()
        ]

    def _find_near_exhaustion(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return whether each row is near exhaustion, by measure; a row of estimated credits never is."""
        figures = self._figures[rows].reshape(len(rows), len(MEASURES), _FIGURES_A_MEASURE)
        opened_cents = figures[:, :, _OPENED]
        available = opened_cents - figures[:, :, _RESERVED] - figures[:, :, _CONSUMED]
        is_low = available <= opened_cents // NEAR_EXHAUSTION_DIVISOR
        return self._layout.is_ceiling[rows, None] & (opened_cents > 0) & is_low


def _select_columns(measure: str) -> slice:
    first = MEASURES.index(measure) * _FIGURES_A_MEASURE
    return slice(first, first + _FIGURES_A_MEASURE)


def _build_credits(figures: NDArray[np.int64]) -> MeasureCredits:
    return MeasureCredits(int(figures[_OPENED]), int(figures[_RESERVED] + figures[_CONSUMED]))
