"""The depreciation of a year (*dotations aux amortissements*): what plans give by 31 December, less what was charged.

It is a part of the inventory, step C08 of a closing.  What is due is that of the register of the year, ``report assets``.
The engine decides by the present cost, so what a later exercise took out or charged is not charged any more.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.asset_plans import AssetPlan
from core.catalog import KIND_NUMBERS
from core.tables.columns import select_rows
from core.tables.rollover import AssetEntries

CHARGE = "asset_depreciation"
_SERVICE, _CHARGE, _NET_OUT, _DEPRECIATION_OUT = (
    KIND_NUMBERS[name] for name in ("asset_service", CHARGE, "asset_disposal", "asset_depreciation_disposal")
)
_YEAR_FIRST = 1970
"""The year from whose January on months are counted."""
_NO_PLAN = AssetPlan("", "", "", "", 0)


class AssetCharges(NamedTuple):
    """What is to be charged of each asset of a year, in cents, ascending by entry."""

    entry: NDArray[np.int64]
    cell: NDArray[np.int32]
    plan: NDArray[np.int64]
    """Row of ``plans``."""
    plans: Sequence[AssetPlan]
    accounts: Sequence[str]
    """By plan: the account of the assets."""
    charged: NDArray[np.int64]
    """What the year has charged already."""
    amount: NDArray[np.int64]
    """What is still to be charged, and the engine accepts."""
    late: NDArray[np.int64]
    """What the year did not charge, and cannot any more."""


class PlanBook(NamedTuple):
    """The plans of all years."""

    of_year: Mapping[int, Mapping[str, AssetPlan]]
    """By budget year and account of assets."""
    account_codes: Mapping[int, str]
    """By the number that entries have."""
    year_of_cell: NDArray[np.int64]
    """The budget year of each account assignment."""


def compute_charges(entries: AssetEntries, book: PlanBook, year: int) -> AssetCharges:
    """Compute what the assets that were in service by the end of ``year`` are still to be charged for it."""
    is_service = (entries.kind == _SERVICE) & (entries.exercise <= year)
    assets = select_rows(entries, np.flatnonzero(is_service))
    assets = select_rows(assets, np.argsort(assets.entry_id, kind="stable"))
    changes = select_rows(entries, np.flatnonzero(entries.kind != _SERVICE))
    changes = select_rows(changes, np.flatnonzero(np.isin(changes.predecessor, assets.entry_id)))
    asset = np.searchsorted(assets.entry_id, changes.predecessor)
    plan, plans, accounts = _find_plans(assets, book)
    months = np.array([row.months for row in plans], np.int64)[plan]
    age = _count_months(assets.day, year)
    of_year = _find_due(assets, changes, asset, scope=changes.exercise <= year, months=months, age=age)
    present = _find_due(assets, changes, asset, scope=changes.exercise > 0, months=months, age=age)
    amount = np.minimum(of_year, present)
    is_charge = (changes.kind == _CHARGE) & (changes.exercise == year)
    charged = _add_up(changes, asset, len(plan), is_selected=is_charge)
    return AssetCharges(
        assets.entry_id, assets.cell, plan, plans, accounts, charged, amount, of_year - amount
    )


def _find_plans(assets: AssetEntries, book: PlanBook) -> tuple[NDArray[np.int64], list[AssetPlan], list[str]]:
    """Return (the plan of each asset, the plans, their accounts): each is that of its account in its budget year."""
    pairs = np.stack([book.year_of_cell[assets.cell], assets.debit.astype(np.int64)], axis=1)
    distinct, plan = np.unique(pairs, axis=0, return_inverse=True)
    accounts = [book.account_codes[number] for _, number in distinct.tolist()]
    years = [book.of_year.get(year, {}) for year, _ in distinct.tolist()]
    plans = [of_year.get(account, _NO_PLAN) for of_year, account in zip(years, accounts, strict=True)]
    return plan.reshape(-1), plans, accounts


def _count_months(day: NDArray[np.int32], year: int) -> NDArray[np.int64]:
    """Return the months from that of ``day``, which counts whole, to December of ``year``."""
    month = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return 12 * (year + 1 - _YEAR_FIRST) - month


def _find_due(
    assets: AssetEntries,
    changes: AssetEntries,
    asset: NDArray[np.int64],
    *,
    scope: NDArray[np.bool_],
    months: NDArray[np.int64],
    age: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return what the plan gives, less what is depreciated, after the changes in ``scope``."""
    count = len(assets.entry_id)
    charged, net_out, depreciation_out = (
        _add_up(changes, asset, count, is_selected=scope & (changes.kind == kind))
        for kind in (_CHARGE, _NET_OUT, _DEPRECIATION_OUT)
    )
    cost, depreciated = assets.amount - net_out - depreciation_out, charged - depreciation_out
    due = np.where(months > 0, cost * np.minimum(age, months) // np.maximum(months, 1), 0)
    return np.maximum(due - depreciated, 0)


def _add_up(
    changes: AssetEntries, asset: NDArray[np.int64], count: int, *, is_selected: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Add the selected changes up, by asset."""
    cents = np.zeros(count, np.int64)
    np.add.at(cents, asset[is_selected], changes.amount[is_selected])
    return cents


def list_plans(charges: AssetCharges, is_selected: NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Yield (plan, assets, cents to charge) of the selected assets, by plan."""
    for plan in np.unique(charges.plan[is_selected]).tolist():
        rows = is_selected & (charges.plan == plan)
        yield plan, int(np.count_nonzero(rows)), int(charges.amount[rows].sum())
