"""The effect of a line on the budget: a list of (node, figure, cents), or the rule it breaks.

Source: GBCP art. 67-73 and 156 (who opens, allots, earmarks), LOLF art. 7 (moves), GBCP art. 159 (spending).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from core.catalog import ActKind, BudgetAction, Measure
from core.kind_rules import CreditCheck
from core.money import BALANCE_MAX
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from tests.oracle import unused_credits
from tests.oracle.availability import walk_up
from tests.oracle.model import (
    AE,
    ALLOTTED,
    CONSUMED,
    CP,
    EARMARKED,
    FROZEN,
    FROZEN_HERE,
    NONE,
    OPENED_CREDITS,
    RESERVED,
    Cell,
    LineRefused,
    State,
    World,
)
from tests.oracle.prior_reservations import compute_free, find_short_node, name_shortage

FigureChange = tuple[int, int, int]


class Demand(NamedTuple):
    """The demand of one line on the budget."""

    kind: ActKind
    """The kind whose effects count: of a mirror, the kind it undoes."""
    sign: int
    cell: Cell
    source: int
    amount: int
    under: ActKind
    """The kind whose reservation a settlement turns into consumption."""
    is_checked: bool = True
    """False for what is committed in advance, and for payroll whose credits are not checked yet (rule A28)."""
    is_year_end: bool = False
    """Whether the day has come from which the credits of payroll are checked."""
    counts_prior: bool = False
    """Whether what the year before reserves comes first for the credits (rule A30)."""

    @property
    def measure(self) -> int:
        return CP if self.kind.measure is Measure.CP else AE


def apply_demand(world: World, state: State, demand: Demand) -> None:
    """Apply ``demand`` to ``state``, or raise ``LineRefused``."""
    rules = {
        BudgetAction.OPEN: _open,
        BudgetAction.OPEN_FUND: _open_fund,
        BudgetAction.ALLOT: _allot,
        BudgetAction.MOVE: _move,
        BudgetAction.EARMARK: _earmark,
        BudgetAction.SPEND: _spend,
        BudgetAction.SETTLE: _settle,
        BudgetAction.REASSIGN: _reassign,
        BudgetAction.RETURN: _return,
        BudgetAction.CANCEL: _cancel,
        BudgetAction.FREEZE: _freeze,
        BudgetAction.UNFREEZE: _unfreeze,
        BudgetAction.UNEARMARK: _decrease_earmark,
        BudgetAction.VIREMENT: _move_by_decree,
        BudgetAction.DECREE_TRANSFER: _move_by_decree,
        BudgetAction.DECREE_CANCEL: _cancel,
        BudgetAction.CARRY_OUT: _take_unused,
        BudgetAction.CANCEL_UNUSED: _take_unused,
        BudgetAction.CARRY_IN: _bring_unused,
    }
    if demand.kind.budget is not BudgetAction.NONE:
        apply_changes(state, rules[demand.kind.budget](world, state, demand))


def apply_changes(state: State, changes: Iterable[FigureChange]) -> None:
    """Change figures, or refuse the line if one would exceed its limit."""
    for node, figure, amount in list(changes):
        _add(state, node, figure, amount)


def _add(state: State, node: int, figure: int, amount: int) -> None:
    total = state.figures.get((node, figure), 0) + amount
    if abs(total) > BALANCE_MAX:
        raise LineRefused(Outcome.BALANCE_LIMIT, node)
    state.figures[node, figure] = total


def _compute_undistributed(state: State, node: int, measure: int) -> int:
    opened_cents, allotted, frozen = (
        state.figures.get((node, measure + figure), 0) for figure in (OPENED_CREDITS, ALLOTTED, FROZEN_HERE)
    )
    return opened_cents - allotted - frozen


def _require_level(world: World, node: int, *levels: CentreLevel) -> None:
    if world.nodes[node].level not in levels:
        raise LineRefused(Outcome.FUND_CENTRE_LEVEL, node)


def _require_allotment(state: State, node: int, measure: int, amount: int) -> None:
    remaining = _compute_undistributed(state, node, measure)
    if amount > remaining:
        raise LineRefused(Outcome.ALLOTMENT_EXCEEDED, node, amount - remaining)


def _open(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    node = demand.cell.own_node
    _require_level(world, node, CentreLevel.PROGRAMME)
    yield node, demand.measure + OPENED_CREDITS, demand.amount


def _open_fund(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Open the same sum of AE and CP (LOLF art. 17)."""
    node = demand.cell.own_node
    _require_level(world, node, CentreLevel.PROGRAMME)
    yield node, AE + OPENED_CREDITS, demand.amount
    yield node, CP + OPENED_CREDITS, demand.amount


def _allot(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    node, amount = demand.cell.own_node, demand.amount
    _require_level(world, node, CentreLevel.BOP, CentreLevel.UO)
    parent = world.nodes[node].parent
    _require_allotment(state, parent, demand.measure, amount)
    yield parent, demand.measure + ALLOTTED, amount
    yield node, demand.measure + OPENED_CREDITS, amount


def _earmark(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Reserve at the unit and above what the operation gets (rule A17)."""
    operation, amount = demand.cell.own_node, demand.amount
    _require_level(world, operation, CentreLevel.OPERATION)
    above = world.nodes[operation].parent
    _require_credits(world, state, walk_up(world.nodes, above), (AE, amount, demand.counts_prior))
    for node in walk_up(world.nodes, above):
        yield node, AE + RESERVED, amount
        yield node, EARMARKED, amount
    yield operation, AE + OPENED_CREDITS, amount


def _move(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    source, target, amount, measure = demand.source, demand.cell.own_node, demand.amount, demand.measure
    _require_level(world, target, world.nodes[source].level)
    if _is_forbidden(world, source, target):
        raise LineRefused(Outcome.MOVE_FORBIDDEN, source)
    givers, takers = _split_branches(world, source, target)
    for node in givers:
        _require_unused(world, state, demand, node)
    _require_allotment(state, source, measure, amount)
    yield from _pass_down(world, givers, measure, -amount)
    yield from _pass_down(world, takers, measure, amount)


def _move_by_decree(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Move ordinary credits that a programme has neither passed on nor used to another, never to T2 (LOLF art. 12)."""
    source, target, measure, amount = demand.source, demand.cell.own_node, demand.measure, demand.amount
    for node in (source, target):
        _require_level(world, node, CentreLevel.PROGRAMME)
    giver, taker = world.nodes[source], world.nodes[target]
    is_same = (giver.programme, giver.year) == (taker.programme, taker.year)
    if is_same or giver.family or taker.family or (taker.staff == 1 and giver.staff == 0):
        raise LineRefused(Outcome.MOVE_FORBIDDEN, source)
    _require_unused(world, state, demand, source)
    _require_allotment(state, source, measure, amount)
    yield source, measure + OPENED_CREDITS, -amount
    yield target, measure + OPENED_CREDITS, amount


def _return(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Give back to the level above what is neither used nor passed on."""
    node, measure, amount = demand.cell.own_node, demand.measure, demand.amount
    _require_level(world, node, CentreLevel.BOP, CentreLevel.UO)
    _require_unused(world, state, demand, node)
    _require_allotment(state, node, measure, amount)
    yield node, measure + OPENED_CREDITS, -amount
    yield world.nodes[node].parent, measure + ALLOTTED, -amount


def _cancel(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Take back what was opened at a programme, and is neither used nor passed on (LOLF art. 14)."""
    node, measure, amount = demand.cell.own_node, demand.measure, demand.amount
    _require_level(world, node, CentreLevel.PROGRAMME)
    _require_unused(world, state, demand, node)
    _require_allotment(state, node, measure, amount)
    yield node, measure + OPENED_CREDITS, -amount


def _take_unused(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Take what a place has neither used nor passed on, and every level above it with it (LOLF art. 15)."""
    node, demand = demand.cell.own_node, demand._replace(counts_prior=False)
    is_operation = world.nodes[node].level is CentreLevel.OPERATION
    for at in [node] if is_operation else walk_up(world.nodes, node):
        _require_unused(world, state, demand, at)
    _require_allotment(state, node, demand.measure, demand.amount)
    return unused_credits.list_changes(world, demand.kind, demand.cell, demand.amount)


def _bring_unused(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    if demand.measure == CP:
        _require_level(world, demand.cell.own_node, CentreLevel.PROGRAMME, CentreLevel.BOP, CentreLevel.UO)
    return unused_credits.list_changes(world, demand.kind, demand.cell, demand.amount)


def _freeze(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Reserve at a node and above it what it has neither used nor passed on, and note where it is frozen."""
    node, measure, amount = demand.cell.own_node, demand.measure, demand.amount
    _require_level(world, node, CentreLevel.PROGRAMME, CentreLevel.BOP, CentreLevel.UO)
    for at in walk_up(world.nodes, node):
        _require_unused(world, state, demand, at)
    _require_allotment(state, node, measure, amount)
    yield from _change_frozen(world, demand, amount)


def _unfreeze(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Release at most what is frozen at the node itself."""
    node, measure, amount = demand.cell.own_node, demand.measure, demand.amount
    _require_level(world, node, CentreLevel.PROGRAMME, CentreLevel.BOP, CentreLevel.UO)
    frozen = state.figures.get((node, measure + FROZEN_HERE), 0)
    if amount > frozen:
        raise LineRefused(Outcome.UNFREEZE_EXCEEDED, node, amount - frozen)
    yield from _change_frozen(world, demand, -amount)


def _change_frozen(world: World, demand: Demand, amount: int) -> Iterator[FigureChange]:
    node, measure = demand.cell.own_node, demand.measure
    yield from ((at, measure + RESERVED, amount) for at in walk_up(world.nodes, node))
    yield node, measure + FROZEN_HERE, amount
    yield from ((at, measure + FROZEN, amount) for at in walk_up(world.nodes, node))


def _decrease_earmark(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Give AE that were earmarked for an operation in this year, and that nothing uses, back to its unit (GBCP art. 156)."""
    operation, amount = demand.cell.own_node, demand.amount
    _require_level(world, operation, CentreLevel.OPERATION)
    _require_unused(world, state, demand, operation)
    _require_allotment(state, operation, AE, amount)
    for node in walk_up(world.nodes, world.nodes[operation].parent):
        yield node, AE + RESERVED, -amount
        yield node, EARMARKED, -amount
    yield operation, AE + OPENED_CREDITS, -amount


def _require_unused(world: World, state: State, demand: Demand, node: int) -> None:
    remaining = compute_free(world, state, node, (demand.measure, demand.counts_prior))
    if demand.amount > remaining:
        outcome = name_shortage(
            state, node, (demand.measure, demand.amount), Outcome.BUDGET_BELOW_CONSUMPTION
        )
        raise LineRefused(outcome, node, demand.amount - remaining)


def _is_forbidden(world: World, source: int, target: int) -> bool:
    """Return whether a move is forbidden: to the same node, other programme, fund family or year, or HT2 to T2 (rule A18)."""
    giver, taker = world.nodes[source], world.nodes[target]
    same_purse = (giver.programme, giver.family, giver.year) == (taker.programme, taker.family, taker.year)
    return source == target or not same_purse or (taker.staff == 1 and giver.staff == 0)


def _split_branches(world: World, source: int, target: int) -> tuple[list[int], list[int]]:
    """Return the branches above both nodes, without their common ancestors."""
    up, down = list(walk_up(world.nodes, source)), list(walk_up(world.nodes, target))
    return [node for node in up if node not in down], [node for node in down if node not in up]


def _pass_down(world: World, branch: list[int], measure: int, amount: int) -> Iterator[FigureChange]:
    for node in branch:
        yield node, measure + OPENED_CREDITS, amount
        if world.nodes[node].parent in branch:
            yield world.nodes[node].parent, measure + ALLOTTED, amount


def _require_credits(world: World, state: State, places: Iterable[int], need: tuple[int, int, bool]) -> None:
    """Refuse unless every blocking node of ``places`` has ``need`` = (measure, cents, counts prior) free (A11, A23, A27)."""
    short, missing = find_short_node(world, state, places, need)
    if short != NONE:
        outcome = Outcome.CP_EXCEEDED if need[0] == CP else Outcome.AE_EXCEEDED
        raise LineRefused(name_shortage(state, short, need[:2], outcome), short, missing)


def _spend(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Consume or reserve; on an operation, the earmark reserved above becomes consumption."""
    signed = demand.sign * demand.amount
    reserved, consumed = demand.kind.ae_reserved * signed, demand.kind.ae_consumed * signed
    figures = reserved, consumed, demand.kind.cp_reserved * signed, demand.kind.cp_consumed * signed
    return (
        _use(world, state, demand.cell, figures, counts_prior=demand.counts_prior)
        if demand.is_checked
        else list_changes(world, demand.cell, figures)
    )


def _settle(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Turn the reservation of the request into consumption, or give that consumption back (docs/rules.md)."""
    ae, cp = (sign * demand.amount for sign in (demand.under.ae_reserved, demand.under.cp_reserved))
    if demand.kind.settles > 0:
        if demand.under.check is CreditCheck.YEAR_END and demand.is_year_end:
            for measure in (AE, CP):
                need = (measure, 0, demand.counts_prior)
                _require_credits(world, state, walk_up(world.nodes, demand.cell.centre_node), need)
        return list_changes(world, demand.cell, (-ae, ae, -cp, cp))
    return list_changes(world, demand.cell, (0, -ae, 0, -cp))


def _reassign(world: World, state: State, demand: Demand) -> Iterator[FigureChange]:
    """Consume at the new imputation what the request consumed, or give it back at the first one."""
    if demand.kind.settles < 0:
        return _settle(world, state, demand)
    ae, cp = (sign * demand.amount for sign in (demand.under.ae_reserved, demand.under.cp_reserved))
    return _use(world, state, demand.cell, (0, ae, 0, cp), counts_prior=demand.counts_prior)


def move_reservation(
    world: World, state: State, places: tuple[Cell, Cell], under: ActKind, *, amount: int
) -> None:
    """Reserve for the first of ``places`` what the second releases, as much as a request of kind ``under`` reserves.

    A carry, to the later year, needs what is available: what is left of the year before is reserved for such moves.  Its
    rejection, back to a year that is over, needs nothing.
    """
    taker, giver = places
    ae, cp = under.ae_reserved * amount, under.cp_reserved * amount
    if taker.year > giver.year:
        apply_changes(state, _use(world, state, taker, (ae, 0, cp, 0), counts_prior=False))
    else:
        apply_changes(state, list_changes(world, taker, (ae, 0, cp, 0)))
    apply_changes(state, list_changes(world, giver, (-ae, 0, -cp, 0)))


def _use(
    world: World, state: State, cell: Cell, figures: tuple[int, int, int, int], *, counts_prior: bool
) -> Iterator[FigureChange]:
    reserved, consumed, cp_reserved, cp_consumed = figures
    units = list(walk_up(world.nodes, cell.centre_node))
    operations = [] if cell.operation_node == NONE else [cell.operation_node]
    if reserved + consumed > 0:
        _require_credits(world, state, operations or units, (AE, reserved + consumed, counts_prior))
    if cp_reserved + cp_consumed > 0:
        _require_credits(world, state, units, (CP, cp_reserved + cp_consumed, counts_prior))
    return list_changes(world, cell, figures)


def list_changes(world: World, cell: Cell, figures: tuple[int, int, int, int]) -> Iterator[FigureChange]:
    """Yield the changes of every node that ``cell`` uses."""
    reserved, consumed, cp_reserved, cp_consumed = figures
    units = list(walk_up(world.nodes, cell.centre_node))
    operations = [] if cell.operation_node == NONE else [cell.operation_node]
    above = reserved - (reserved + consumed) if operations else reserved
    yield from ((node, AE + RESERVED, reserved) for node in operations)
    yield from ((node, AE + RESERVED, above) for node in units)
    yield from ((node, EARMARKED, above) for node in units if operations)
    yield from ((node, AE + CONSUMED, consumed) for node in operations + units)
    yield from ((node, CP + RESERVED, cp_reserved) for node in units)
    yield from ((node, CP + CONSUMED, cp_consumed) for node in units)
