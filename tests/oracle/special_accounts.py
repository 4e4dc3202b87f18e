"""Earmarked special accounts: what they spend, and what was collected for them.

Source: LOLF art. 21 (no more is ordered than receipts were seen), art. 20 (the balance goes on), art. 28 (receipts are of the
year in which they are collected).
"""

from collections.abc import Hashable

from core.catalog import Stage
from core.money import BALANCE_MAX
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from tests.oracle.lines import Line
from tests.oracle.model import CONSUMED, CP, FROZEN, NONE, RESERVED, Cell, LineRefused, State, World


def sum_expenses(world: World, state: State, cell: Cell) -> int:
    """Return what the account of ``cell`` has ordered and paid in its year; 0 if its receipts do not limit that."""
    account = world.special.get((cell.year, cell.programme))
    if account is None:
        return 0
    return sum(
        state.figures.get((number, CP + RESERVED), 0)
        + state.figures.get((number, CP + CONSUMED), 0)
        - state.figures.get((number, CP + FROZEN), 0)
        for number, node in world.nodes.items()
        if node.level is CentreLevel.PROGRAMME
        and node.year == cell.year
        and node.programme in account.programmes
    )


def require_receipts(world: World, state: State, cell: Cell, expenses_before: int) -> None:
    """Refuse expenses that were raised beyond what the account collected and brought forward."""
    account = world.special.get((cell.year, cell.programme))
    if account is None:
        return
    expenses = sum_expenses(world, state, cell)
    available = account.brought + sum(
        state.collected.get((cell.year, programme), 0) for programme in account.programmes
    )
    if expenses > expenses_before and expenses > available:
        node = find_programme_node(world, cell.year, cell.programme)
        raise LineRefused(Outcome.SPECIAL_RECEIPTS_EXCEEDED, node, expenses - available)


def count_receipt(world: World, state: State, line: Line, cell: Cell, *, reaches: Stage, repaid: int) -> None:
    """Count a receipt in the year of its day; what repays the expense ``repaid`` gives credits back instead."""
    if reaches is not Stage.COLLECTED or repaid:
        return
    year, programme = cell.year, cell.programme
    while (year, programme) in world.special:
        if line.day <= world.years[year].last_day:
            total = state.collected.get((year, programme), 0) + line.amount
            if total > BALANCE_MAX:
                raise LineRefused(Outcome.BALANCE_LIMIT, find_programme_node(world, year, programme))
            state.collected[year, programme] = total
            return
        programme = _find_follower(world, year, programme)
        year += 1


def _find_follower(world: World, year: int, programme: Hashable) -> Hashable:
    """Return the programme itself if it goes on in an account, else that of the lowest code of its account."""
    name = world.special[year, programme].name
    same = {other for (of, other), account in world.special.items() if (of, account.name) == (year + 1, name)}
    goes_on = (year + 1, programme) in world.special
    return programme if goes_on else min(same, key=str, default=None)


def find_programme_node(world: World, year: int, programme: object) -> int:
    """Return the node of ordinary credits of a programme, without title 2."""
    return next(
        (
            number
            for number, node in world.nodes.items()
            if (node.level, node.year, node.programme, node.staff, node.family)
            == (CentreLevel.PROGRAMME, year, programme, 0, 0)
        ),
        NONE,
    )
