"""The inventory at the end of a year: the days of its entries, their accounts, and what reverses or releases them (A65)."""

from collections.abc import Callable

from core.catalog import CATALOG, ActKind
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from tests.oracle.lines import Line
from tests.oracle.model import Cell, LineRefused, State, World

COUNTERPARTS = (
    *("accrual", "imprest_accrual", "prepaid_expense", "unsettled_advance", "accrued_income"),
    *("deferred_income", "provision"),
)
CHANGES = ("provision_release", "inventory_reversal", "inventory_correction", "provision_correction")


def check_line(world: World, state: State, kind: ActKind, line: Line, *, followed: int, cell: int) -> None:
    """Refuse a line of the inventory on another day than its own, or on an account that it does not stand against."""
    checks: dict[str, Callable[[], None]] = {
        "inventory_reversal": lambda: _check_reversal(world, state, line, followed),
        "provision_release": lambda: _check_release(world, state, line, followed),
    }
    if kind.name in checks:
        checks[kind.name]()
    elif kind.name in COUNTERPARTS or kind.name in CHANGES:
        year = find_exercise(world, line)
        if world.cells.get(cell, Cell(0)).year != year or line.day != world.years[year].last_day:
            raise LineRefused(Outcome.INVENTORY_DAY)
        if kind.name in COUNTERPARTS and not find_counterpart(world, line):
            raise LineRefused(Outcome.INVENTORY_ACCOUNT)
        if kind.name == "inventory_correction" and CATALOG[state.items[followed].kind].name == "provision":
            raise LineRefused(Outcome.PREDECESSOR_STAGE)


def _check_reversal(world: World, state: State, line: Line, followed: int) -> None:
    item = state.items[followed]
    if line.day != world.years[world.cells[item.cell].year].last_day + 2:
        raise LineRefused(Outcome.INVENTORY_DAY)
    if item.open:  # what the line takes is off already
        raise LineRefused(Outcome.REVERSAL_NOT_WHOLE)


def _check_release(world: World, state: State, line: Line, followed: int) -> None:
    if line.day != world.years[find_exercise(world, line)].last_day:
        raise LineRefused(Outcome.INVENTORY_DAY)
    if not 0 < find_counterpart(world, line) == state.items[followed].credit:
        raise LineRefused(Outcome.INVENTORY_ACCOUNT)


def find_exercise(world: World, line: Line) -> int:
    """Return the exercise of a line, as the world names its years: from 0 or from 2000 on."""
    return next(year for year in world.years if year % YEAR_FIRST == line.period // PERIODS_PER_YEAR)


def find_counterpart(world: World, line: Line) -> int:
    """Return the account that the stated one stands against for the kind of the line; 0 if there is none."""
    return world.counterparts.get((find_exercise(world, line), CATALOG[line.kind].name, line.account), 0)
