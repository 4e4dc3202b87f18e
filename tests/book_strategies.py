"""Hypothesis strategies for small budgets: trees of fund centres with credits on a few sheets."""

from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from hypothesis import strategies as st

from core.account_roles import ASSET_TITLE, ENTRY_ROLES, SHARED_ROLES
from core.catalog import Role
from core.inventory_accounts import INVENTORY_KINDS
from core.money import AMOUNT_MAX, BALANCE_MAX
from core.nomenclature import CentreLevel
from core.periods import YEAR_FIRST, PeriodState
from core.restorations import RestorationRule
from tests.directory_strategies import directories
from tests.oracle.ledger import Ledger
from tests.oracle.model import (
    AE,
    ALLOTTED,
    CONSUMED,
    CP,
    EARMARKED,
    NONE,
    OPENED_CREDITS,
    RESERVED,
    AssetAccounts,
    BudgetYear,
    Cell,
    Node,
    SpecialAccount,
    TitleKey,
    World,
)

OPEN_PERIODS, CLOSED_PERIOD = frozenset({3, 4}), 5
PAYROLL_CHECKS = frozenset({(4, 0)})
"""The open period in which the credits of payroll are checked: those of the first year, of which the period is."""
ACCOUNTANTS = (1, 2, 1, 2, 3)
"""By the place of a fund centre, again and again."""

PERIOD_STATES = {(4, 3): PeriodState.LOCKED, (CLOSED_PERIOD, 2): PeriodState.OPEN}
"""By period and accountant, where the state is not that of the others."""

ACCOUNTS = ((1, 2, 3, 20), (4, 5, 6, 21))
"""Expense, accrued, creditor, payroll."""
OTHER_ACCOUNT = 7
"""An account that a sender may give in place of the expense account."""

ROLE_ACCOUNTS = {
    (period, role): 8 + place + 6 * (period == CLOSED_PERIOD)
    for period in (*OPEN_PERIODS, CLOSED_PERIOD)
    for place, role in enumerate(SHARED_ROLES)
    if role not in ENTRY_ROLES
}
"""Accounts of the roles that do not depend on the assignment; another year has others."""

ENTRY_ACCOUNTS = {1: (6, 22)}
"""In the second year, what the second row of ``ACCOUNTS`` or ``OTHER_ACCOUNT`` owes is settled without a transfer."""

ADMITTED = (None, frozenset({4}))
"""The accounts that the item of each row admits: of the second, its expense account alone."""

OWN_CREDITORS = {
    (YEAR_FIRST, OTHER_ACCOUNT, Role.CREDITOR): 22,
    (YEAR_FIRST, OTHER_ACCOUNT, Role.PAYROLL): 23,
}
"""The creditors of an expense account that has its own: by request, by payroll."""

_LIFTED_PROGRAMME = 2
"""The programme whose ceiling of carried CP a finance law lifts, in each year."""
_INVOICE_SERVICES = (0, 0, 0, 200, 0, 0, 1)
"""The day from which on an invoice service requests what is certified; 0 for none."""
_VISA_THRESHOLDS = (0, 400, 0, 1, 0, 0, 100_000)
"""The cents from which on a commitment needs a visa; 0 for none."""
ASSETS = {
    (year, OTHER_ACCOUNT + place): AssetAccounts(24, 25, 26, 27, months)
    for year, plans in enumerate(((1, 24), (3, 120)))
    for place, months in enumerate(plans)
}
"""By year and account: a plan of few months or of many, so that charges are within it and beyond."""

COUNTERPARTS = {
    (year, kind.name, OTHER_ACCOUNT): 28 + year if kind.name != "provision_release" or year else 40
    for year in (0, 1)
    for kind in INVENTORY_KINDS
}
"""What an entry of the inventory on ``OTHER_ACCOUNT`` stands against, by year; a provision is released on it in the second."""

YEARS = {0: BudgetYear(0, 400, -1, 350, 300, 420), 1: BudgetYear(150, 500, 120, 500, 450, 500)}
"""The days of both budget years, which overlap, so that most acts are in their year: the kernels read the days as data."""

_RESTORATIONS = (
    RestorationRule("", 0, 0, until_closed=True, source=""),
    RestorationRule("", 0, None, until_closed=False, source=""),
    RestorationRule("", 0, 0, until_closed=False, source=""),
    RestorationRule("", 0, 1, until_closed=False, source=""),
    None,
)
"""How long the collection of a receivable restores credits, by the place of a fund centre."""
_TITLES = (3, 5)
_PROGRAMMES = 3
"""The most programmes of a book."""
USUAL_DAY = 200
DAYS = (199, 201, 310, 340, 351, 400, 401, 420, 421, 500, 501, 149, 120, 119)
"""Days around those of the years."""

Sheet = tuple[int, int, int]
"""Budget year, staff, fund family: a fund centre has one node on each."""

SHEETS = [(year, staff, family) for year in (0, 1) for staff in (0, 1) for family in (0, 1, 2)]
_LARGE = 45 * AMOUNT_MAX // 4
"""Enough for several lines of AMOUNT_MAX; four units of it still fit in a programme."""
_OPENED_CENTS = {
    AE: st.integers(0, 900) | st.integers(300, 900) | st.just(_LARGE),
    CP: st.integers(0, 60) | st.integers(0, 900) | st.just(_LARGE),
}


class CentreTree(NamedTuple):
    """Fund centres by position: (position of the parent or NONE, level, programme)."""

    centres: list[tuple[int, CentreLevel, int]]
    estimated: frozenset[int]
    """Programmes whose credits are estimated."""

    def compute_node_number(self, centre: int, sheet: Sheet) -> int:
        """Return the number of a node, as dense as the rules of numbering allow."""
        year, staff, family = sheet
        return NONE if centre == NONE else (year * len(self.centres) + centre) * 6 + staff * 3 + family

    def list_level(self, level: CentreLevel) -> list[int]:
        return [at for at, (_, other, _) in enumerate(self.centres) if other is level]

    def walk_up(self, centre: int) -> list[int]:
        parent = self.centres[centre][0]
        return [centre] if parent == NONE else [centre, *self.walk_up(parent)]


class StartingBook(NamedTuple):
    """A budget to start from."""

    world: World
    figures: dict[tuple[int, int], int]
    titles: Mapping[TitleKey, tuple[int, int]] = MappingProxyType({})
    """AE that finance laws opened before, and that were committed in advance."""

    def build_ledger(self) -> Ledger:
        return Ledger(self.world, self.figures, self.titles)


class _SheetFigures(NamedTuple):
    """The figures of one sheet, while they are filled."""

    tree: CentreTree
    sheet: Sheet
    figures: dict[tuple[int, int], int]

    def get(self, centre: int, figure: int) -> int:
        return self.figures.get((self.tree.compute_node_number(centre, self.sheet), figure), 0)

    def set_cents(self, centre: int, figure: int, cents: int) -> None:
        self.figures[self.tree.compute_node_number(centre, self.sheet), figure] = cents

    def add(self, centres: Sequence[int], figure: int, cents: int) -> None:
        for centre in centres:
            self.set_cents(centre, figure, self.get(centre, figure) + cents)


@st.composite
def trees(draw: st.DrawFn) -> CentreTree:
    """Draw one to three programmes of one or two BOPs, each with one or two UOs, some with an operation."""
    centres: list[tuple[int, CentreLevel, int]] = []

    def add(parent: int, level: CentreLevel, programme: int) -> int:
        centres.append((parent, level, programme))
        return len(centres) - 1

    for programme in range(draw(st.integers(1, _PROGRAMMES))):
        top = add(NONE, CentreLevel.PROGRAMME, programme)
        for _ in range(draw(st.integers(1, 2))):
            bop = add(top, CentreLevel.BOP, programme)
            for _ in range(draw(st.integers(1, 2))):
                unit = add(bop, CentreLevel.UO, programme)
                if draw(st.booleans()):
                    add(unit, CentreLevel.OPERATION, programme)
    return CentreTree(centres, frozenset(draw(st.sets(st.integers(0, 2), max_size=1))))


@st.composite
def books(draw: st.DrawFn) -> StartingBook:
    """Draw credits on a few sheets of a tree, and an assignment for every centre of those sheets."""
    tree = draw(trees())
    others = draw(st.sets(st.sampled_from([(0, 1, 0), (0, 0, 1), (1, 0, 0), (1, 1, 2)]), max_size=2))
    sheets = [(0, 0, 0), *sorted(others)]
    figures: dict[tuple[int, int], int] = {}
    for sheet in sheets:
        draw(_credits(_SheetFigures(tree, sheet, figures)))
    nodes = {
        tree.compute_node_number(at, sheet): _build_node(tree, at, sheet)
        for at in range(len(tree.centres))
        for sheet in SHEETS
    }
    cells = dict(enumerate(_build_cells(tree, sheets), 1))
    directory = draw(directories(nodes, cells))
    return StartingBook(
        World(
            nodes=nodes,
            cells=cells,
            open_periods=OPEN_PERIODS,
            roles=ROLE_ACCOUNTS,
            creditors=OWN_CREDITORS,
            years=YEARS,
            period_states=PERIOD_STATES,
            payroll_checks=PAYROLL_CHECKS,
            entry_accounts=ENTRY_ACCOUNTS,
            assets=ASSETS,
            counterparts=COUNTERPARTS,
            successions=draw(_successions()),
            programmes={year: frozenset(range(_PROGRAMMES)) for year in YEARS},
            special=draw(_special_accounts(tree)),
            signatures=directory.signatures,
            grants=directory.grants,
        ),
        figures,
        {
            (0, (programme, title)): (draw(st.sampled_from((0, 239, 240, 400, 4_000))), 0)
            for _, level, programme in tree.centres
            if level is CentreLevel.PROGRAMME
            for title in _TITLES
        },
    )


def _successions() -> st.SearchStrategy[frozenset[tuple[int, Hashable, Hashable]]]:
    """Draw which programmes follow others in the second year."""
    programme = st.integers(0, _PROGRAMMES - 1)
    return st.frozensets(st.tuples(st.just(1), programme, programme), max_size=3)


@st.composite
def _special_accounts(draw: st.DrawFn, tree: CentreTree) -> dict[tuple[int, Hashable], SpecialAccount]:
    """Draw of which programmes receipts limit the expenses, in one year or in both; the first two share an account.

    In the second year the account may have one programme less, and its sections may begin or end.
    """
    programmes = {programme for _, _, programme in tree.centres}
    kinds = draw(st.sampled_from(((), (), (0,), (0, 1), (2,), (1, 2), (0, 1, 2))))
    years = draw(st.sampled_from(((0, 1), (0,), (1,))))
    absent = draw(st.sampled_from((set[int](), {0}, {1})))
    accounts = [programmes & set(kinds) & {0, 1}, programmes & set(kinds) & {2}]
    divided = {year: draw(st.sampled_from((False, False, True))) for year in years}
    sections = [
        (name, year, section, own)
        for name, account in enumerate(accounts)
        for year in years
        for remaining in (account - absent if year else account,)
        for section, own in _divide(remaining, is_divided=divided[year])
    ]
    return {
        (year, programme): SpecialAccount(name, section, frozenset(own), balance, payees)
        for name, year, section, own in sections
        for balance in (draw(st.sampled_from((0, 50, 200, 800, 2 * _LARGE))),)
        for payees in (draw(st.sampled_from((frozenset[Hashable](), frozenset[Hashable]({1, 2})))),)
        for programme in own
    }


def _divide(programmes: set[int], *, is_divided: bool) -> list[tuple[Hashable, set[int]]]:
    """Return the programmes of an account by section: one for each, or one without a name for all."""
    return [(str(code), {code}) for code in programmes] if is_divided else [("", programmes)]


def _build_node(tree: CentreTree, centre: int, sheet: Sheet) -> Node:
    parent, level, programme = tree.centres[centre]
    year, staff, family = sheet
    blocking = programme not in tree.estimated
    number = year * len(tree.centres) + centre
    parent_node = tree.compute_node_number(parent, sheet)
    is_lifted = programme == _LIFTED_PROGRAMME
    return Node(parent_node, level, programme, staff, family, year, blocking, number, centre, is_lifted)


def _build_cells(tree: CentreTree, sheets: Sequence[Sheet]) -> list[Cell]:
    """Return every centre as an assignment; an operation is an assignment of its unit."""
    cells: list[Cell] = []
    for sheet in sheets:
        for at, (parent, level, _) in enumerate(tree.centres):
            is_operation = level is CentreLevel.OPERATION
            centre = tree.compute_node_number(parent if is_operation else at, sheet)
            operation = tree.compute_node_number(at, sheet) if is_operation else NONE
            row, accountant = at % len(ACCOUNTS), ACCOUNTANTS[at % len(ACCOUNTANTS)]
            cell = Cell(centre, operation, *ACCOUNTS[row], accountant, sheet[0], ADMITTED[row])
            cell = cell._replace(
                unserved=at % 3 == 0, operating=at % 4 != 3, charges_interest=not is_operation and at % 4 != 3
            )
            cell = cell._replace(programme=tree.centres[at][2], repaid_title=at % 5 // 4 * ASSET_TITLE)
            cell = cell._replace(restoration=_RESTORATIONS[at % len(_RESTORATIONS)])
            cell = cell._replace(
                fund=sheet[2] and sheet[2] + 2 * (at % 7 == 6)
            )  # some of another fund of the family
            cell = cell._replace(invoice_service_from=_INVOICE_SERVICES[at % len(_INVOICE_SERVICES)])
            cell = cell._replace(visa_threshold=_VISA_THRESHOLDS[at % len(_VISA_THRESHOLDS)])
            cells.append(_add_title(cell, tree.centres[at][2], at, sheet))
    return cells


def _add_title(cell: Cell, programme: int, at: int, sheet: Sheet) -> Cell:
    """Add a title to an assignment on ordinary credits: staff, or in turn one that may be committed in advance or not."""
    year, staff, family = sheet
    if family:
        return cell
    title = 2 if staff else _TITLES[at % len(_TITLES)]
    may_anticipate = year == 1 and title == _TITLES[0] and cell.operation_node == NONE
    return cell._replace(title=(programme, title), may_anticipate=may_anticipate)


@st.composite
def _credits(draw: st.DrawFn, sums: _SheetFigures) -> None:
    """Draw credits on one sheet, as accepted acts would leave them."""
    for measure in (AE, CP):
        draw(_allot_credits(sums, measure))
    draw(_earmark_credits(sums))
    draw(_overspend_credits(sums))


@st.composite
def _allot_credits(draw: st.DrawFn, sums: _SheetFigures, measure: int) -> None:
    """Open credits for each unit and the nodes above it; a programme may have more, up to the limit of a figure."""
    tree = sums.tree
    for unit in tree.list_level(CentreLevel.UO):
        opened_cents = draw(_OPENED_CENTS[measure])
        sums.add(tree.walk_up(unit), measure + OPENED_CREDITS, opened_cents)
        sums.add(tree.walk_up(unit)[1:], measure + ALLOTTED, opened_cents)
    for programme in tree.list_level(CentreLevel.PROGRAMME):
        allotted = sums.get(programme, measure + ALLOTTED)
        spare = draw(
            st.just(0) | st.integers(0, 500) | st.integers(0, 500).map((BALANCE_MAX - allotted).__sub__)
        )
        sums.add([programme], measure + OPENED_CREDITS, max(spare, 0))


@st.composite
def _earmark_credits(draw: st.DrawFn, sums: _SheetFigures) -> None:
    tree = sums.tree
    for operation in tree.list_level(CentreLevel.OPERATION):
        unit, *above = tree.walk_up(operation)[1:]
        earmark = draw(st.integers(0, min(500, sums.get(unit, AE + OPENED_CREDITS))))
        sums.add([operation], AE + OPENED_CREDITS, earmark)
        sums.add([unit, *above], AE + RESERVED, earmark)
        sums.add([unit, *above], EARMARKED, earmark)


@st.composite
def _overspend_credits(draw: st.DrawFn, sums: _SheetFigures) -> None:
    """Bring a figure of one unit of an estimated programme, and of the nodes above it, near its limit."""
    tree = sums.tree
    units = [unit for unit in tree.list_level(CentreLevel.UO) if tree.centres[unit][2] in tree.estimated]
    figure = draw(st.sampled_from((NONE, AE + RESERVED, AE + CONSUMED, CP + RESERVED)))
    if units and figure != NONE:
        used = draw(st.integers(BALANCE_MAX - 600, BALANCE_MAX))
        for centre in tree.walk_up(units[0]):
            sums.set_cents(centre, figure, used)
