"""Credits that leave a year that is over: carried into the next by an order, or annulled.

Source: LOLF art. 15 (what may be carried, and how much), art. 21 (special accounts: their receipts).
"""

from collections.abc import Iterator, Sequence

from core.catalog import CATALOG, ActKind, BudgetAction, Measure
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from tests.oracle.availability import walk_up
from tests.oracle.lines import Line
from tests.oracle.model import (
    AE,
    ALLOTTED,
    CP,
    EARMARKED,
    NONE,
    OPENED_CREDITS,
    RESERVED,
    Cell,
    LineRefused,
    State,
    World,
)
from tests.oracle.special_accounts import sum_expenses

CARRIED = "carried"
_LEAVES = (BudgetAction.CARRY_OUT, BudgetAction.CANCEL_UNUSED)


def require_order(world: World, kind: ActKind, act: Sequence[Line], place: tuple[int, int]) -> None:
    """Refuse a line of a carry-over that does not stand beside the other one, or carries what is never carried."""
    at = place[1] - place[0]
    is_alone = not at or CATALOG[act[at - 1].kind].budget is not BudgetAction.CARRY_OUT
    if kind.budget is BudgetAction.CARRY_IN and is_alone:
        raise LineRefused(Outcome.CARRY_OVER_MISMATCH, world.cells[act[at].cell].own_node)
    if kind.budget is not BudgetAction.CARRY_OUT:
        return
    target = world.cells[act[at].cell].own_node
    node = world.nodes[target]
    is_staff_ae = kind.measure is Measure.AE and node.staff
    if is_staff_ae or not node.blocking or not _is_pair(world, act[at : at + 2]):
        raise LineRefused(Outcome.CARRY_OVER_MISMATCH, target)


def _is_pair(world: World, lines: Sequence[Line]) -> bool:
    if len(lines) < 2:
        return False
    out, into = lines
    if into.fault:
        return True
    kinds = CATALOG[out.kind], CATALOG[into.kind]
    old, new = world.cells[out.cell], world.cells[into.cell]
    sheets = [
        (world.nodes[cell.centre_node].staff, world.nodes[cell.centre_node].family) for cell in (old, new)
    ]
    return (
        kinds[1].budget is BudgetAction.CARRY_IN
        and kinds[0].measure is kinds[1].measure
        and (out.amount, out.day) == (into.amount, into.day)
        and new.year == old.year + 1
        and sheets[0] == sheets[1]
        and world.follows(new, old)
    )


def list_changes(world: World, kind: ActKind, cell: Cell, amount: int) -> Iterator[tuple[int, int, int]]:
    """Yield what a place and every level above it lose or receive; AE of an operation are reserved above it."""
    cents = amount if kind.budget is BudgetAction.CARRY_IN else -amount
    measure, node = (CP if kind.measure is Measure.CP else AE), cell.own_node
    if world.nodes[node].level is CentreLevel.OPERATION:
        yield node, measure + OPENED_CREDITS, cents
        node = world.nodes[node].parent
        for above in walk_up(world.nodes, node):
            yield above, measure + RESERVED, cents
            yield above, EARMARKED, cents
    for at in walk_up(world.nodes, node):
        yield at, measure + OPENED_CREDITS, cents
        if world.nodes[at].parent != NONE:
            yield world.nodes[at].parent, measure + ALLOTTED, cents


def count_carried(world: World, state: State, kind: ActKind, line: Line, *, cell: Cell) -> None:
    """Refuse CP beyond the ceiling of the programme that they leave, else count what is carried."""
    if kind.budget is not BudgetAction.CARRY_OUT:
        return
    programme = list(walk_up(world.nodes, cell.own_node))[-1]
    key = (programme, int(kind.measure is Measure.CP), CARRIED)
    carried = state.decrees.get(key, 0) + line.amount
    if kind.measure is Measure.CP:
        _require_ceiling(world, state, cell, programme, carried=carried, amount=line.amount)
    state.decrees[key] = carried


def _require_ceiling(
    world: World, state: State, cell: Cell, programme: int, *, carried: int, amount: int
) -> None:
    node, missing = world.nodes[programme], 0
    account = world.special.get((cell.year, cell.programme))
    if account is not None:
        receipts = sum(state.collected.get((cell.year, of), 0) for of in account.programmes)
        carried_cents = sum(
            cents
            for (at, measure, name), cents in state.decrees.items()
            if (measure, name) == (1, CARRIED)
            and world.nodes[at].year == cell.year
            and world.nodes[at].programme in account.programmes
        )
        available = account.brought + receipts - sum_expenses(world, state, cell).ordered
        missing = carried_cents + amount - available
    elif not node.family and not (node.lifted and not node.staff):
        initial = state.decrees.get((programme, 1, "law"), 0)
        missing = carried - initial * world.years[cell.year].carry_over_limit // 1000
    if missing > 0:
        raise LineRefused(Outcome.CARRY_OVER_LIMIT, programme, missing)
