"""The accounts of a year on which nothing is posted by hand: those of ``restricted.csv``, and those that acts keep.

An account that holds debts, certified service, transfers or cash has the balance of its open items (rule A08): acts of other
kinds post to it, never an entry by hand.
"""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from core import inventory_accounts
from core.account_roles import SUSPENSE_ROLES
from core.asset_plans import AssetPlan
from core.catalog import Role
from core.errors import ReferenceDataError
from core.inventory_accounts import Counterparts
from core.reference.files import read_rows
from core.result_accounts import ResultAccounts
from core.settlement_acts import SettlementAct

_CHARGED_ROLES = frozenset({Role.EXPENSE, Role.LATE_INTEREST, Role.PENALTY_PRODUCT, *SUSPENSE_ROLES})
"""Roles whose accounts hold no open items, so that entries by hand may correct them, or whose items entries by hand clear."""


def list_restricted_accounts(
    path: Path,
    accounts: Collection[str],
    *,
    role_accounts: Iterable[Mapping[Role, str]],
    creditors: Iterable[str],
) -> frozenset[str]:
    """List the accounts of the year that are restricted; ``role_accounts`` are by item, and those of all items.

    Raises
    ------
    ReferenceDataError
        A line names no account, or has no source; the message gives the place, the finding and the remedy.
    """
    of_roles = {
        account
        for by_role in role_accounts
        for role, account in by_role.items()
        if role not in _CHARGED_ROLES
    }
    return frozenset({*of_roles, *creditors, *read_named_accounts(path, accounts)})


def read_named_accounts(path: Path, accounts: Collection[str]) -> frozenset[str]:
    """Read the accounts that a file names by their first digits; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A line names no account, or has no source; the message gives the place, the finding and the remedy.
    """
    all_named: set[str] = set()
    for row in read_rows(path, ("account", "source")) if path.exists() else ():
        digits, source = row.cells.values()
        named = {account for account in accounts if account.startswith(digits)}
        if not digits or not named:
            raise ReferenceDataError(
                row.place,
                f"no account begins with {digits!r}",
                "Write the first digits of accounts of accounts.csv.",
            )
        if not source:
            raise ReferenceDataError(
                row.place, "the line has no source", "Name the account whose text says it, or write: ours."
            )
        all_named |= named
    return frozenset(all_named)


def list_own_accounts(
    opening: str,
    result: ResultAccounts,
    act: SettlementAct,
    *,
    assets: Mapping[str, AssetPlan],
    inventory: Counterparts,
) -> frozenset[str]:
    """Return the accounts that acts of the closing, the assets and the inventory keep for themselves."""
    of_assets = (name for account, plan in assets.items() for name in (account, plan.depreciation))
    of_inventory = inventory_accounts.list_counterparts(inventory)
    return frozenset({opening, result.result, result.transfer, act.account, *of_assets, *of_inventory} - {""})
