"""Hypothesis strategies for small budgets: trees of fund centres with credits on a few sheets."""

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from core.catalog import SHARED_ROLES
from core.money import AMOUNT_MAX, BALANCE_MAX
from core.nomenclature import Level
from tests.oracle.ledger import Ledger
from tests.oracle.model import AE, ALLOTTED, CONSUMED, CP, NONE, OPENED, RESERVED, Cell, Node, World

OPEN_PERIODS, CLOSED_PERIOD = frozenset({3, 4}), 5
ACCOUNTS = ((1, 2, 3), (4, 5, 6))
OTHER_ACCOUNT = 7
"""An account that a sender may name in place of the expense account."""

ROLES = {
    (period, role): 8 + place + 6 * (period == CLOSED_PERIOD)
    for period in (*OPEN_PERIODS, CLOSED_PERIOD)
    for place, role in enumerate(SHARED_ROLES)
}
"""Accounts of the roles that no assignment decides; those of another year may be others."""

Sheet = tuple[int, int, int]
"""Budget year, staff, fund family: a fund centre has one node on each."""

SHEETS = [(year, staff, family) for year in (0, 1) for staff in (0, 1) for family in (0, 1, 2)]
_LARGE = 45 * AMOUNT_MAX // 4
"""Enough for several lines of AMOUNT_MAX, and four units of it still fit in a programme."""
_OPENED = {
    AE: st.integers(0, 900) | st.integers(300, 900) | st.just(_LARGE),
    CP: st.integers(0, 60) | st.integers(0, 900) | st.just(_LARGE),
}


class Tree(NamedTuple):
    """Fund centres by position: (position of the parent or NONE, level, programme)."""

    centres: list[tuple[int, Level, int]]
    estimated: frozenset[int]
    """Programmes whose credits are estimated."""

    def number(self, centre: int, sheet: Sheet) -> int:
        """A node's number, as close to the others as the rules about numbers allow."""
        year, staff, family = sheet
        return NONE if centre == NONE else (year * len(self.centres) + centre) * 6 + staff * 3 + family

    def of_level(self, level: Level) -> list[int]:
        return [at for at, (_, each, _) in enumerate(self.centres) if each is level]

    def upwards(self, centre: int) -> list[int]:
        parent = self.centres[centre][0]
        return [centre] if parent == NONE else [centre, *self.upwards(parent)]


class Book(NamedTuple):
    """A budget to start from."""

    world: World
    figures: dict[tuple[int, int], int]

    def ledger(self) -> Ledger:
        return Ledger(self.world, self.figures)


class _Sums(NamedTuple):
    """Figures being filled on one sheet."""

    tree: Tree
    sheet: Sheet
    figures: dict[tuple[int, int], int]

    def get(self, centre: int, figure: int) -> int:
        return self.figures.get((self.tree.number(centre, self.sheet), figure), 0)

    def put(self, centre: int, figure: int, cents: int) -> None:
        self.figures[self.tree.number(centre, self.sheet), figure] = cents

    def add(self, centres: Sequence[int], figure: int, cents: int) -> None:
        for centre in centres:
            self.put(centre, figure, self.get(centre, figure) + cents)


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """One to three programmes of a BOP or two, a UO or two each, here and there an operation."""
    centres: list[tuple[int, Level, int]] = []

    def add(parent: int, level: Level, programme: int) -> int:
        centres.append((parent, level, programme))
        return len(centres) - 1

    for programme in range(draw(st.integers(1, 3))):
        top = add(NONE, Level.PROGRAMME, programme)
        for _ in range(draw(st.integers(1, 2))):
            bop = add(top, Level.BOP, programme)
            for _ in range(draw(st.integers(1, 2))):
                unit = add(bop, Level.UO, programme)
                if draw(st.booleans()):
                    add(unit, Level.OPERATION, programme)
    return Tree(centres, frozenset(draw(st.sets(st.integers(0, 2), max_size=1))))


@st.composite
def books(draw: st.DrawFn) -> Book:
    """Credits on a few sheets of a tree, and an assignment for every centre of those sheets."""
    tree = draw(trees())
    others = draw(st.sets(st.sampled_from([(0, 1, 0), (0, 0, 1), (1, 0, 0), (1, 1, 2)]), max_size=2))
    sheets = [(0, 0, 0), *sorted(others)]
    figures: dict[tuple[int, int], int] = {}
    for sheet in sheets:
        draw(_credits(_Sums(tree, sheet, figures)))
    nodes = {
        tree.number(at, sheet): _node(tree, at, sheet) for at in range(len(tree.centres)) for sheet in SHEETS
    }
    return Book(World(nodes, dict(enumerate(_cells(tree, sheets), 1)), OPEN_PERIODS, ROLES), figures)


def _node(tree: Tree, centre: int, sheet: Sheet) -> Node:
    parent, level, programme = tree.centres[centre]
    year, staff, family = sheet
    blocking = programme not in tree.estimated
    return Node(tree.number(parent, sheet), level, programme, staff, family, year, blocking)


def _cells(tree: Tree, sheets: Sequence[Sheet]) -> list[Cell]:
    """Every centre as an assignment; an operation is one of its unit."""
    cells: list[Cell] = []
    for sheet in sheets:
        for at, (parent, level, _) in enumerate(tree.centres):
            is_operation = level is Level.OPERATION
            centre = tree.number(parent if is_operation else at, sheet)
            operation = tree.number(at, sheet) if is_operation else NONE
            cells.append(Cell(centre, operation, *ACCOUNTS[at % len(ACCOUNTS)]))
    return cells


@st.composite
def _credits(draw: st.DrawFn, sums: _Sums) -> None:
    """Credits on one sheet, as accepted acts would have left them."""
    for measure in (AE, CP):
        draw(_allotted(sums, measure))
    draw(_earmarked(sums))
    draw(_overspent(sums))


@st.composite
def _allotted(draw: st.DrawFn, sums: _Sums, measure: int) -> None:
    """Open each unit and what stands above it; a programme may have more, up to the limit of a figure."""
    tree = sums.tree
    for unit in tree.of_level(Level.UO):
        opened = draw(_OPENED[measure])
        sums.add(tree.upwards(unit), measure + OPENED, opened)
        sums.add(tree.upwards(unit)[1:], measure + ALLOTTED, opened)
    for programme in tree.of_level(Level.PROGRAMME):
        allotted = sums.get(programme, measure + ALLOTTED)
        spare = draw(
            st.just(0) | st.integers(0, 500) | st.integers(0, 500).map((BALANCE_MAX - allotted).__sub__)
        )
        sums.add([programme], measure + OPENED, max(spare, 0))


@st.composite
def _earmarked(draw: st.DrawFn, sums: _Sums) -> None:
    tree = sums.tree
    for operation in tree.of_level(Level.OPERATION):
        unit, *above = tree.upwards(operation)[1:]
        earmark = draw(st.integers(0, min(500, sums.get(unit, AE + OPENED))))
        sums.add([operation], AE + OPENED, earmark)
        sums.add([unit, *above], AE + RESERVED, earmark)


@st.composite
def _overspent(draw: st.DrawFn, sums: _Sums) -> None:
    """Bring one unit of an estimated programme, and what stands above it, near the limit of a figure."""
    tree = sums.tree
    units = [unit for unit in tree.of_level(Level.UO) if tree.centres[unit][2] in tree.estimated]
    figure = draw(st.sampled_from((NONE, AE + RESERVED, AE + CONSUMED, CP + RESERVED)))
    if units and figure != NONE:
        used = draw(st.integers(BALANCE_MAX - 600, BALANCE_MAX))
        for centre in tree.upwards(units[0]):
            sums.put(centre, figure, used)
