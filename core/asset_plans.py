"""The assets (immobilisations) of a year: for each account its plan of depreciation, and the accounts of its entries.

An asset is put into service from its account under construction, is depreciated by its plan, and leaves at its net value.
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows

MONTHS_MAX = 1200
"""The longest plan, in months."""


class AssetPlan(NamedTuple):
    """The row of an account of assets in service: its other accounts, and the months of its linear plan."""

    under_construction: str
    """Credited when an asset is put into service."""
    depreciation: str
    """Holds what is depreciated; empty if the assets of the account are not."""
    charge: str
    """Charged with the depreciation; empty with ``depreciation``."""
    net_value: str
    """Charged with the net value of an asset that leaves."""
    months: int
    """The months of the plan, from the first month in service on; 0 without a plan."""


def load(path: Path, accounts: Collection[str]) -> dict[str, AssetPlan]:
    """Read the plan of each account of assets in service; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A line names an account that the year does not have, or half a plan; the message gives place, finding and remedy.
    """
    plans: dict[str, AssetPlan] = {}
    columns = ("account", *AssetPlan._fields, "source")
    for row in read_rows(path, columns) if path.exists() else ():
        if row.cells["account"] in plans:
            raise ReferenceDataError(
                row.place, f"account {row.cells['account']} is listed twice", "Keep one line."
            )
        plans[row.cells["account"]] = _read_plan(row, accounts)
    _check_depreciation(path, plans)
    return plans


def check_uses(
    path: Path, plans: Mapping[str, AssetPlan], *, uses: Collection[str], admitted: Iterable[str]
) -> None:
    """Check that nothing else posts to the accounts of assets and depreciation, so that the register adds up to them.

    ``uses`` are the accounts of all roles, ``admitted`` the first digits of those that a sender may state.

    Raises
    ------
    ReferenceDataError
        One of them is, or begins, such an account; the message names it.
    """
    others = {
        *uses,
        *(name for plan in plans.values() for name in (plan.under_construction, plan.charge, plan.net_value)),
    }
    prefixes = tuple(admitted)
    for account in _list_accounts(plans):
        if account in others or account.startswith(prefixes):
            raise ReferenceDataError(
                str(path),
                f"account {account} has another use: in assets.csv, roles.csv, treasury.csv or creditors.csv",
                "Name another account there, or take its line out of assets.csv.",
            )


def _list_accounts(plans: Mapping[str, AssetPlan]) -> list[str]:
    """List the accounts of assets, and those of their depreciation."""
    return [*plans, *(plan.depreciation for plan in plans.values() if plan.depreciation)]


def _read_plan(row: ReferenceRow, accounts: Collection[str]) -> AssetPlan:
    cells = row.cells
    has_plan = bool(cells["depreciation"] or cells["charge"] or cells["months"])
    names = ["account", "under_construction", "net_value", *(["depreciation", "charge"] if has_plan else [])]
    for name in names:
        if cells[name] not in accounts:
            raise ReferenceDataError(
                row.place, f"{name} {cells[name]!r} is no account of the year", "Add it to accounts.csv."
            )
    if not cells["source"]:
        raise ReferenceDataError(
            row.place, "the line has no source", "Name the account whose text says it, or write: ours."
        )
    months = _read_months(row) if has_plan else 0
    return AssetPlan(
        cells["under_construction"], cells["depreciation"], cells["charge"], cells["net_value"], months
    )


def _read_months(row: ReferenceRow) -> int:
    text = row.cells["months"]
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(MONTHS_MAX))
    if not is_number or not 0 < int(text) <= MONTHS_MAX:
        raise ReferenceDataError(
            row.place, f"{text!r} is not the months of a plan", f"Write a number from 1 to {MONTHS_MAX}."
        )
    return int(text)


def _check_depreciation(path: Path, plans: Mapping[str, AssetPlan]) -> None:
    """Check that no account holds the assets or the depreciation of two lines, so that each adds up to its balance."""
    accounts = _list_accounts(plans)
    for account in accounts:
        if accounts.count(account) > 1:
            raise ReferenceDataError(
                str(path), f"account {account} is listed twice", "Give each account of assets its own."
            )
