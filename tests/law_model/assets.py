"""Assets: put into service, depreciated month by month, taken out at their net value (chart 2183200000, 2818320000)."""

from tests.law_model.assignments import Assignment
from tests.law_model.kinds import ASSET_CHANGES, ASSET_CHARGE, ASSET_DEPRECIATION_OUT, ASSET_NET_OUT
from tests.law_model.nomenclature import AssetPlan
from tests.law_model.state import Act, Document, State


def check_asset(act: Act, place: Assignment | None, asset: Document, state: State) -> list[str]:
    """Check that an asset stays with its accountant, within its plan, and above nothing."""
    if act.kind not in ASSET_CHANGES:
        return []
    codes = [] if place is None or _has_same_accountant(place, asset, state) else ["ASSIGNMENT_DIFFERS"]
    if act.kind == ASSET_CHARGE and asset.depreciated + act.amount > _find_due(act, asset, state):
        codes.append("DEPRECIATION_EXCEEDED")
    if act.kind == ASSET_NET_OUT and act.amount > asset.left:
        codes.append("ASSET_VALUE_EXCEEDED")
    if act.kind == ASSET_DEPRECIATION_OUT and act.amount > asset.depreciated:
        codes.append("ASSET_VALUE_EXCEEDED")
    elif act.kind == ASSET_DEPRECIATION_OUT and asset.left and act.amount > asset.depreciated - asset.staying:
        codes.append("DEPRECIATION_SHARE_EXCEEDED")
    return codes


def _has_same_accountant(place: Assignment, asset: Document, state: State) -> bool:
    assert asset.key is not None
    keys = (place.key, asset.key)
    return len({state.reference.years[key.year].find_accountant(key.centre) for key in keys}) == 1


def find_plan(asset: Document, state: State) -> AssetPlan:
    """Return the plan of an asset: that of its account in the year in which it was put into service."""
    assert asset.key is not None
    return state.reference.years[asset.key.year].assets[asset.account]


def _find_due(act: Act, asset: Document, state: State) -> int:
    """Return the part of the cost that is due by the month of the act, the month of the service counting whole."""
    months = find_plan(asset, state).months
    if not months:
        return 0
    passed = 1
    day = asset.day.replace(day=1)
    while (day.year, day.month) != (act.day.year, act.day.month) and passed < months and day <= act.day:
        day = day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
        passed += 1
    return (asset.left + asset.depreciated) * passed // months


def serve(_: Act, document: Document, __: State) -> None:
    """Let an asset have its cost as its net value."""
    document.left = document.amount


def change(act: Act, document: Document, _: State) -> None:
    """Charge an asset, or take a part of it out."""
    asset = document.predecessor
    assert asset is not None
    if act.kind == ASSET_NET_OUT:
        # the depreciation that stays is in proportion to the net value that stays, rounded up to the cent
        asset.staying = -(-asset.staying * (asset.left - document.amount) // asset.left)
    asset.left -= document.amount if act.kind != ASSET_DEPRECIATION_OUT else 0
    if act.kind == ASSET_CHARGE:
        asset.depreciated, asset.staying = (
            asset.depreciated + document.amount,
            asset.staying + document.amount,
        )
    elif act.kind == ASSET_DEPRECIATION_OUT:
        asset.depreciated -= document.amount
        asset.staying = min(asset.staying, asset.depreciated)


def list_legs(document: Document, state: State) -> list[tuple[str, str]]:
    """Return the entry of what is done to an asset."""
    asset = document.predecessor or document
    plan = find_plan(asset, state)
    return {
        "asset_service": [(asset.account, plan.under_construction)],
        ASSET_CHARGE: [(plan.charge, plan.depreciation)],
        ASSET_NET_OUT: [(plan.net_value, asset.account)],
        ASSET_DEPRECIATION_OUT: [(plan.depreciation, asset.account)],
    }[document.kind]
