"""The rules of year and date.

Source: LOLF art. 8 and 28 (credits of the year), decree 2007-687 (the window after it), GBCP art. 134 (last dates), art. 160
(what is given back).
"""

from core.catalog import CATALOG, ActKind, YearRule
from core.outcome_codes import Outcome
from tests.oracle.model import BudgetYear, LineRefused, State, World


def require_order_of_dates(day: int, predecessor_day: int) -> None:
    """Refuse an act that is dated before what it follows."""
    if day < predecessor_day:
        raise LineRefused(Outcome.DATE_BEFORE_PREDECESSOR)


def require_budget_year(world: World, kind: ActKind, day: int, *, cell: int, order_day: int) -> None:
    """Refuse an act whose day does not suit the year of its credits; a payment settles the order of ``order_day``."""
    if kind.year_rule is YearRule.NONE:
        return
    year = world.years[world.cells[cell].year]
    in_year = year.first_day <= day <= year.last_day
    if not in_year and not (kind.year_rule is YearRule.SETTLES_CP and _is_in_window(year, day, order_day)):
        raise LineRefused(Outcome.BUDGET_YEAR_CLOSED)
    if kind.year_rule is YearRule.ORDERS and day > year.last_order_day:
        raise LineRefused(Outcome.AFTER_LAST_DATE)


def _is_in_window(year: BudgetYear, day: int, order_day: int) -> bool:
    return year.last_day < day <= year.last_payment_day and year.window_from <= order_day <= year.last_day


def find_order_day(state: State, entry: int) -> int:
    """Return the day of the request that ``entry`` is a part of, or is; 0 for no entry."""
    if not entry:
        return 0
    item = state.items[entry]
    return find_order_day(state, item.parent) if CATALOG[item.kind].inherits else item.day
