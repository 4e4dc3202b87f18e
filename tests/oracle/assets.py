"""Assets: their plan of depreciation, and what is charged and taken out of them (decision D293)."""

from datetime import date, timedelta

from core.catalog import ActKind, Family
from core.outcome_codes import Outcome
from tests.oracle.lines import Line
from tests.oracle.model import AssetAccounts, LineRefused, OpenItem, State, World

_EPOCH = date(1970, 1, 1)


def take_from_asset(world: World, state: State, kind: ActKind, *, line: Line, asset: int) -> None:
    """Take what is charged or leaves from an asset, or refuse it."""
    if kind.follows is not Family.ASSET:
        return
    item = state.items[asset]
    limits = {
        "asset_depreciation": _find_due(world, item, line.day) - item.unbilled,
        "asset_disposal": item.open,
        "asset_depreciation_disposal": item.unbilled,
    }
    limit = max(limits[kind.name], 0)
    if line.amount > limit:
        raise LineRefused(kind.shortfall, missing=line.amount - limit)
    if kind.name == "asset_depreciation_disposal" and item.open and line.amount > item.leaving:
        raise LineRefused(Outcome.DEPRECIATION_SHARE_EXCEEDED, missing=line.amount - item.leaving)
    change_asset(state, kind, line.amount, asset=asset)


def change_asset(state: State, kind: ActKind, amount: int, *, asset: int) -> None:
    """Charge an asset or take a part of it out, unchecked: the same share of both its amounts is to leave."""
    item = state.items[asset]
    if kind.name == "asset_depreciation":
        item = item._replace(open=item.open - amount, unbilled=item.unbilled + amount)
    elif kind.name == "asset_disposal":
        share = (item.unbilled - item.leaving) * amount // item.open
        item = item._replace(open=item.open - amount, leaving=item.leaving + share)
    else:
        item = item._replace(unbilled=item.unbilled - amount, leaving=max(item.leaving - amount, 0))
    state.items[asset] = item


def _find_due(world: World, item: OpenItem, day: int) -> int:
    """Return what the plan gives to the end of the month of ``day``: month by month, the first one whole."""
    months = _find_accounts(world, item).months
    first, last = _EPOCH + timedelta(item.day), _EPOCH + timedelta(day)
    passed = 12 * (last.year - first.year) + last.month - first.month + 1
    cost = item.open + item.unbilled
    if passed >= months:
        return cost if months else 0
    return cost * passed // months


def require_accountant(world: World, item: OpenItem, cell: int) -> None:
    """Refuse to charge or take out an asset in the books of another accountant."""
    if world.cells[cell].accountant != world.cells[item.cell].accountant:
        raise LineRefused(Outcome.ASSIGNMENT_DIFFERS)


def find_accounts(world: World, state: State, kind: ActKind, line: Line, *, asset: int) -> tuple[int, int]:
    """Return debit and credit of a line on an asset."""
    if not asset:
        plan = world.assets.get((world.cells[line.cell].year, line.account), AssetAccounts())
        return line.account, plan.under_construction
    item = state.items[asset]
    plan = _find_accounts(world, item)
    return {
        "asset_depreciation": (plan.charge, plan.depreciation),
        "asset_disposal": (plan.net_value, item.debit),
        "asset_depreciation_disposal": (plan.depreciation, item.debit),
    }[kind.name]


def _find_accounts(world: World, item: OpenItem) -> AssetAccounts:
    return world.assets.get((world.cells[item.cell].year, item.debit), AssetAccounts())
