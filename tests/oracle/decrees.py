"""What decrees may move, open and cancel of what finance laws opened (LOLF art. 12 to 14)."""

from collections.abc import Iterable

from core.catalog import ActKind, BudgetAction, Measure
from core.money import BALANCE_MAX
from core.origins import Origin
from core.outcome_codes import Outcome
from tests.oracle.lines import Line
from tests.oracle.model import Cell, DecreeKey, LineRefused, State, World

LAW, AMENDING, MOVED, ADVANCED, CANCELLED = "law", "amending", "moved", "advanced", "cancelled"
_OF_ORIGIN: dict[int, str] = {
    Origin.FINANCE_LAW: LAW,
    Origin.AMENDING_LAW: AMENDING,
    Origin.DECREE_OF_ADVANCE: ADVANCED,
}


def count_decree(world: World, state: State, kind: ActKind, line: Line, *, cell: Cell) -> None:
    """Refuse what exceeds a limit of decrees, else count it."""
    target, measure = cell.own_node, int(kind.measure is Measure.CP)
    if kind.budget is BudgetAction.OPEN and not world.nodes[target].family:
        _count_opening(world, state, line, (target, measure))
    if kind.budget in (BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER):
        _require_vote(world, state, target)
    if kind.budget is BudgetAction.VIREMENT:
        for node in (line.source, target):
            _require_virement(world, state, node, measure, amount=line.amount)
        for node in (line.source, target):
            _add(state, (node, measure, MOVED), line.amount)
    if kind.budget is BudgetAction.DECREE_CANCEL:
        year = world.nodes[target].year
        share = _sum_year(world, state, year, (LAW, AMENDING), measure) * world.years[year].cancellation_limit
        spent = _sum_year(world, state, year, (CANCELLED,), measure) + line.amount
        _require(Outcome.CANCELLATION_LIMIT, target, spent - share // 1000)
        _add(state, (target, measure, CANCELLED), line.amount)


def _require_vote(world: World, state: State, target: int) -> None:
    """Refuse a programme for which no finance law opened credits."""
    if not any(_sum(world, state, target, (LAW, AMENDING), budget) for budget in (0, 1)):
        raise LineRefused(Outcome.PROGRAMME_NOT_VOTED, target)


def _count_opening(world: World, state: State, line: Line, place: tuple[int, int]) -> None:
    target, measure = place
    figure = _OF_ORIGIN.get(line.source)
    if figure is None:
        return
    if figure == ADVANCED:
        year = world.nodes[target].year
        share = _sum_year(world, state, year, (LAW,), measure) * world.years[year].advance_limit
        spent = _sum_year(world, state, year, (ADVANCED,), measure) + line.amount
        _require(Outcome.ADVANCE_LIMIT, target, spent - share // 1000)
    elif state.decrees.get((target, measure, figure), 0) + line.amount > BALANCE_MAX:
        raise LineRefused(Outcome.BALANCE_LIMIT, target)
    _add(state, (target, measure, figure), line.amount)


def _require_virement(world: World, state: State, node: int, measure: int, *, amount: int) -> None:
    """Refuse more than the share of what the first law opened for the programme, and for its title 2 if that moves."""
    limit = world.years[world.nodes[node].year].virement_limit
    moved = _sum(world, state, node, (MOVED,), measure) + amount
    _require(Outcome.VIREMENT_LIMIT, node, moved - _sum(world, state, node, (LAW,), measure) * limit // 1000)
    if world.nodes[node].staff:
        moved = state.decrees.get((node, measure, MOVED), 0) + amount
        _require(
            Outcome.VIREMENT_LIMIT, node, moved - state.decrees.get((node, measure, LAW), 0) * limit // 1000
        )


def _require(outcome: Outcome, node: int, missing: int) -> None:
    if missing > 0:
        raise LineRefused(outcome, node, missing)


def _sum(world: World, state: State, node: int, figures: Iterable[str], measure: int) -> int:
    """Sum figures of a programme on ordinary credits, title 2 and the others."""
    own = world.nodes[node]
    sheets = (
        number
        for number, other in world.nodes.items()
        if (other.programme, other.year, other.level, other.family) == (own.programme, own.year, own.level, 0)
    )
    names = tuple(figures)
    return sum(state.decrees.get((sheet, measure, name), 0) for sheet in sheets for name in names)


def _sum_year(world: World, state: State, year: int, figures: Iterable[str], measure: int) -> int:
    names = tuple(figures)
    return sum(
        cents
        for (node, of, name), cents in state.decrees.items()
        if world.nodes[node].year == year and of == measure and name in names
    )


def _add(state: State, key: DecreeKey, amount: int) -> None:
    state.decrees[key] = state.decrees.get(key, 0) + amount
