"""Earmarked special accounts: what they spend, and what was collected for them.

Source: LOLF art. 21 (no more is engaged, or ordered, than receipts were seen; nothing is paid to the State itself), art. 20
(the balance goes on), art. 28 (receipts are of the year in which they are collected).
"""

from collections.abc import Hashable
from typing import NamedTuple

from core.catalog import CATALOG, ActKind, BudgetAction, Stage
from core.money import BALANCE_MAX
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from tests.oracle.commitments import Link
from tests.oracle.lines import Line
from tests.oracle.model import CONSUMED, CP, FROZEN, NONE, RESERVED, Cell, LineRefused, State, World

_REQUESTS = frozenset(
    {"payment_request", "payment_request_without_service", "invoice_request", "penalty", "advance_request"}
)
"""What is requested or kept back of a commitment."""
_NAMING_PAYEES = _REQUESTS | {"direct_payment_request", "payroll", "late_interest"}


class Expenses(NamedTuple):
    """What an account has engaged or got engaged from years before, and what it has ordered or paid, in a year."""

    engaged: int
    ordered: int


def sum_expenses(world: World, state: State, cell: Cell) -> Expenses:
    """Return the expenses of the account of ``cell`` in its year; nothing if its receipts do not limit them."""
    account = world.special.get((cell.year, cell.programme))
    if account is None:
        return Expenses(0, 0)
    ordered = sum(
        state.figures.get((number, CP + RESERVED), 0)
        + state.figures.get((number, CP + CONSUMED), 0)
        - state.figures.get((number, CP + FROZEN), 0)
        for number, node in world.nodes.items()
        if node.level is CentreLevel.PROGRAMME
        and node.year == cell.year
        and node.programme in account.programmes
    )
    engaged = sum(
        figure.get((cell.year, programme), 0)
        for programme in account.programmes
        for figure in (state.engaged, state.carried)
    )
    return Expenses(engaged, ordered)


def compute_engagement(base: ActKind, under: ActKind, signed_cents: int) -> int:
    """Return the AE that a line engages: what it takes or gives back, however the two figures of a node share it."""
    if base.budget is BudgetAction.SPEND:
        return (base.ae_reserved + base.ae_consumed) * signed_cents
    if base.budget is BudgetAction.REASSIGN or (base.budget is BudgetAction.SETTLE and base.settles < 0):
        return base.settles * under.ae_reserved * signed_cents
    return 0


def engage(world: World, state: State, cell: Cell, cents: int) -> None:
    """Add to what the programme of ``cell`` engages in its year."""
    key = cell.year, cell.programme
    if key in world.special and cents:
        state.engaged[key] = state.engaged.get(key, 0) + cents


def count_carried(world: World, state: State, followed: Link, line: Line) -> None:
    """Count what a carry brings into its year, and what of it is given back, or is left to a commitment that is carried.

    An advance takes nothing of what may be certified, so its rejection leaves nothing.
    """
    cell = world.cells[followed.cell]
    root = state.items.get(followed.root)
    is_request = followed.base.budget is BudgetAction.CARRY
    if is_request and root and CATALOG[root.under].ae_reserved:
        return  # it takes AE of the year, which are engaged
    if followed.base.carries:
        _add_carried(world, state, cell, followed.sign * line.amount)
    elif followed.base.budget is BudgetAction.WITHDRAW:
        is_carried = CATALOG[state.items[followed.entry].kind].carries
        if is_carried and line.day <= world.years[cell.year].last_day:
            _add_carried(world, state, cell, -line.amount)
    elif followed.sign < 0 and followed.base.name in _REQUESTS - {"advance_request"}:
        own = world.cells[state.items[followed.root].cell]
        if own.year != cell.year:
            _add_carried(world, state, own, line.amount)


def _add_carried(world: World, state: State, cell: Cell, cents: int) -> None:
    key = cell.year, cell.programme
    if key in world.special:
        state.carried[key] = state.carried.get(key, 0) + cents


def refuse_state_payees(world: World, kind: ActKind, line: Line, cell: Cell) -> None:
    """Refuse what would pay the general budget, an annexed budget or another special account."""
    account = world.special.get((cell.year, cell.programme))
    if account and kind.name in _NAMING_PAYEES and line.state_payee in account.state_payees:
        raise LineRefused(Outcome.SPECIAL_PAYMENT_FORBIDDEN)


def count_penalty(world: World, state: State, base: ActKind, line: Line, cell: Cell) -> None:
    """Count a confirmed penalty as a receipt of the programme whose expense it is, before its own expense is checked."""
    key = cell.year, cell.programme
    if base.name == "penalty_confirmation" and key in world.special:
        state.collected[key] = state.collected.get(key, 0) + line.amount


def require_receipts(world: World, state: State, cell: Cell, before: Expenses) -> None:
    """Refuse expenses that were raised beyond what the account, or the section, collected and brought forward."""
    account = world.special.get((cell.year, cell.programme))
    if account is None:
        return
    available = account.brought + sum(
        state.collected.get((cell.year, programme), 0) for programme in account.programmes
    )
    after = sum_expenses(world, state, cell)
    missing = [now - available for now, then in zip(after, before, strict=True) if now > then]
    if any(cents > 0 for cents in missing):
        node = find_programme_node(world, cell.year, cell.programme)
        raise LineRefused(Outcome.SPECIAL_RECEIPTS_EXCEEDED, node, max(missing))


def count_receipt(world: World, state: State, line: Line, cell: Cell, *, reaches: Stage, repaid: int) -> None:
    """Count a receipt in the year of its day; what repays the expense ``repaid`` gives credits back instead.

    A confirmed penalty is counted already: see ``count_penalty``.
    """
    if state.collected.get((cell.year, cell.programme), 0) > BALANCE_MAX:
        raise LineRefused(Outcome.BALANCE_LIMIT, find_programme_node(world, cell.year, cell.programme))
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
    """Return the programme itself if it goes on in its section, else that of the lowest code of its section.

    An account that has no sections any more goes on as a whole; of one that has sections since, the programme itself goes on.
    """
    before = world.special[year, programme]
    same = {
        other
        for (of, other), account in world.special.items()
        if (of, account.name) == (year + 1, before.name) and account.section in ("", before.section)
    }
    after = world.special.get((year + 1, programme))
    goes_on = after is not None and after.name == before.name and not before.section
    return programme if goes_on or programme in same else min(same, key=str, default=None)


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
