"""Random acts on assets: most are right, some go beyond the plan or what stands, or name a wrong account or accountant."""

from tests.law_model.commitments import assign
from tests.law_model.form import write_euros
from tests.law_model.kinds import ASSET_CHANGES, ASSET_CHARGE, ASSET_DEPRECIATION_OUT, ASSET_NET_OUT
from tests.law_model.state import Row
from tests.law_model.year_context import PLACES, Place, YearContext

_ACCOUNTS = ("2183200000", "2183200000", "2168000000", "2111000000")
_WRONG_ACCOUNTS = ("2318000000", "6188000000", "2183299999")
_PERSONS = {"entered_by": "chloe", "validated_by": "david"}


def write_service(context: YearContext) -> Row | None:
    """Put an asset into service, seldom on an account of no assets or without the two persons."""
    accounts = _ACCOUNTS if context.random.random() < 0.93 else _WRONG_ACCOUNTS
    return context.begin_row(
        "IM",
        "asset_service",
        amount=write_euros(context.draw_amount()),
        account=context.random.choice(accounts),
        **assign(context.random.choice(PLACES[:6])),
        **(_PERSONS if context.random.random() < 0.95 else {}),
    )


def write_change(context: YearContext) -> Row | None:
    """Charge an asset a part of a month or of its cost, or take a part of it out."""
    kind, is_any = (
        context.random.choice([ASSET_CHARGE, *sorted(ASSET_CHANGES)]),
        context.random.random() < 0.3,
    )
    asset = context.choose(
        lambda document: (
            document.kind == "asset_service"
            and (is_any or kind != ASSET_DEPRECIATION_OUT or document.depreciated > document.staying)
        )
    )
    if asset is None or asset.key is None:
        return None
    leaving = asset.depreciated - asset.staying if context.random.random() < 0.8 else asset.depreciated
    rest = {ASSET_CHARGE: asset.amount // 36, ASSET_NET_OUT: asset.left}.get(kind, leaving)
    place = Place(asset.key.centre, asset.area, asset.item)
    if context.random.random() < 0.1:
        place = context.random.choice(PLACES[:6])
    persons = _PERSONS if kind != ASSET_CHARGE else {}
    return context.begin_row(
        "AM",
        kind,
        amount=context.draw_part(max(rest, 1)),
        **assign(place),
        **persons,
        **context.name_predecessor(asset),
    )


WRITERS = ((5, write_service), (12, write_change))
