"""The rules of year and date.

Source: LOLF art. 8 and 28 (credits of the year), decree 2007-687 (the window after it), GBCP art. 134 (last dates), art. 160
(what is given back).
"""

from core.catalog import CATALOG, ActKind, Remainder
from core.kind_rules import YearRule
from core.origins import Origin
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from tests.oracle.lines import Line
from tests.oracle.model import BudgetYear, Cell, LineRefused, State, World


def require_order_of_dates(day: int, predecessor_day: int) -> None:
    """Refuse an act that is dated before what it follows."""
    if day < predecessor_day:
        raise LineRefused(Outcome.DATE_BEFORE_PREDECESSOR)


def require_earlier_sources(state: State, line: Line, commitment: int) -> None:
    """Refuse what takes an amount that was committed or certified after its day: the earliest amounts are taken first."""
    kind, item = CATALOG[line.kind], state.items[commitment]
    draws = Remainder.OPEN if kind.name == "advance_request" else kind.draws
    remainder = item.open if draws is Remainder.OPEN else item.unbilled
    later = sum(
        source.open
        for source in map(state.items.__getitem__, state.followers.get(commitment, ()))
        if CATALOG[source.kind].feeds is draws and source.day > line.day
    )
    if later and remainder - later < line.amount <= remainder:
        raise LineRefused(Outcome.DATE_BEFORE_PREDECESSOR)


def spends_in_advance(world: World, kind: ActKind, line: Line, cell: int) -> bool:
    """Return whether a line takes AE of a year that has not begun."""
    return kind.year_rule is YearRule.SPENDS_AE and line.day < world.years[world.cells[cell].year].first_day


def require_anticipation(world: World, state: State, line: Line, cell: Cell) -> None:
    """Refuse AE of the next year before 1 November, for service before 1 January, or beyond the quarter (LOLF art. 9)."""
    year = world.years[cell.year]
    if line.day < year.anticipation_from or line.source < year.first_day:
        raise LineRefused(Outcome.BUDGET_YEAR_CLOSED)
    opened, _ = state.titles.get((cell.year - 1, cell.title), (0, 0))
    _, anticipated = state.titles.get((cell.year, cell.title), (0, 0))
    remainder = opened // 4 - anticipated if cell.may_anticipate else 0
    if line.amount > remainder:
        raise LineRefused(Outcome.ANTICIPATION_LIMIT, missing=line.amount - remainder)


def add_to_title(world: World, state: State, kind: ActKind, line: Line, *, cell: int) -> None:
    """Add what a line opens by a finance law or commits in advance to the figures of its title, or cancel it there."""
    assignment = world.cells.get(cell)
    if assignment is None or assignment.title is None:
        return
    key = (assignment.year, assignment.title)
    opened, anticipated = state.titles.get(key, (0, 0))
    if spends_in_advance(world, kind, line, cell):
        state.titles[key] = (opened, anticipated + line.amount)
    elif kind.name == "budget_opening_ae" and line.source in (Origin.FINANCE_LAW, Origin.AMENDING_LAW):
        state.titles[key] = (opened + line.amount, anticipated)
    elif kind.name == "cancellation_ae" and line.source in (Origin.FINANCE_LAW, Origin.AMENDING_LAW):
        if line.amount > opened:
            raise LineRefused(Outcome.ALLOTMENT_EXCEEDED, assignment.own_node, line.amount - opened)
        state.titles[key] = (opened - line.amount, anticipated)


def require_budget_year(
    world: World, state: State, kind: ActKind, line: Line, *, cell: int, order_day: int
) -> None:
    """Refuse an act whose day does not suit the year of its credits; a payment settles the order of ``order_day``."""
    if kind.year_rule in (YearRule.NONE, YearRule.LOWERS_LATER, YearRule.WAITS):
        return
    if spends_in_advance(world, kind, line, cell):
        require_anticipation(world, state, line, world.cells[cell])
        return
    day, year = line.day, world.years[world.cells[cell].year]
    if kind.year_rule is YearRule.AFTER_YEAR:
        later = world.years.get(world.cells[cell].year + 1)
        if later is None or not year.last_payment_day < day <= later.last_day:
            raise LineRefused(Outcome.BUDGET_YEAR_CLOSED)
        return
    if kind.year_rule in (YearRule.SERVES, YearRule.GRANTS):
        is_outside = day < year.first_day if kind.year_rule is YearRule.SERVES else day > year.last_day
        if is_outside:
            raise LineRefused(Outcome.BUDGET_YEAR_CLOSED)
        return
    if kind.year_rule is YearRule.CLEARS:
        if line.period // PERIODS_PER_YEAR != world.cells[cell].year % YEAR_FIRST:
            raise LineRefused(Outcome.BUDGET_YEAR_CLOSED)
        return
    in_year = year.first_day <= day <= year.last_day
    if not in_year and not (kind.year_rule is YearRule.SETTLES_CP and _is_in_window(year, day, order_day)):
        raise LineRefused(Outcome.BUDGET_YEAR_CLOSED)
    if kind.year_rule is YearRule.ORDERS and day > year.last_order_day:
        raise LineRefused(Outcome.AFTER_LAST_DATE)


def refuse_withdrawal_of_carried(state: State, kind: ActKind, predecessor: int) -> None:
    """Refuse to give back AE of a carried commitment: an earlier year consumed them (GBCP art. 160)."""
    gives_back = kind.year_rule is YearRule.GIVES_BACK and predecessor > 0
    if gives_back and CATALOG[state.items[predecessor].kind].carries:
        raise LineRefused(Outcome.BUDGET_YEAR_CLOSED)


def _is_in_window(year: BudgetYear, day: int, order_day: int) -> bool:
    return year.last_day < day <= year.last_payment_day and year.window_from <= order_day <= year.last_day


def find_order_day(state: State, entry: int) -> int:
    """Return the day of the request that ``entry`` is a part of, or is, or of a release; 0 for no entry."""
    if not entry:
        return 0
    item = state.items[entry]
    kind = CATALOG[item.kind]
    is_part = kind.inherits and kind.name not in ("retention_release", "penalty_remission")
    return find_order_day(state, item.parent) if is_part else item.day
