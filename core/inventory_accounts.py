"""The account that each entry of the inventory stands against: ``inventory.csv`` of a year.

A line names a kind, the first digits of charges, products or assets, and the account of the balance sheet for them: an accrual
debits the charge and credits that account.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from core.act_kind import ActKind
from core.catalog import CATALOG
from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows

INVENTORY_KINDS: tuple[ActKind, ...] = tuple(kind for kind in CATALOG if kind.takes_inventory)
"""The kinds that state an account of ``inventory.csv``, in the order of their numbers."""
_NAMES = tuple(kind.name for kind in INVENTORY_KINDS)
_BALANCE_SHEET = frozenset("12345")
_ASSET_CLASS = "2"

Counterparts = Mapping[str, Mapping[str, str]]
"""By kind, then by the account that a line states."""


def read_counterparts(path: Path, accounts: Collection[str]) -> Counterparts:
    """Read the counterparts of a year; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A line names no such kind, no account, an account that another line of its kind names, or no source; the message gives
        the place, the finding and the remedy.
    """
    counterparts: dict[str, dict[str, str]] = {}
    for row in read_rows(path, ("kind", "accounts", "counterpart", "source")) if path.exists() else ():
        kind, digits, counterpart, _ = row.cells.values()
        of_kind = counterparts.setdefault(kind, {})
        charges = [account for account in accounts if digits and account.startswith(digits)]
        _check_row(row, charges, accounts, others=of_kind)
        of_kind |= dict.fromkeys(charges, counterpart)
    return counterparts


def list_counterparts(counterparts: Counterparts) -> frozenset[str]:
    """Return the accounts of the balance sheet that the inventory posts to: no entry by hand does."""
    return frozenset(account for of_kind in counterparts.values() for account in of_kind.values())


def is_accrued_asset(counterparts: Counterparts, account: str) -> bool:
    """Return whether ``account`` is of an asset that the inventory alone charges: no service is certified on it."""
    return account.startswith(_ASSET_CLASS) and any(account in of_kind for of_kind in counterparts.values())


def _check_row(
    row: ReferenceRow, charges: Collection[str], accounts: Collection[str], *, others: Collection[str]
) -> None:
    if row.cells["kind"] not in _NAMES:
        raise ReferenceDataError(
            row.place,
            f"{row.cells['kind']!r} is no kind of the inventory",
            f"Write one of {', '.join(_NAMES)}.",
        )
    if not charges or not frozenset(others).isdisjoint(charges):
        raise ReferenceDataError(
            row.place,
            f"no account begins with {row.cells['accounts']!r}, or another line of the kind names one",
            "Write the first digits of accounts that no other line of the kind names.",
        )
    counterpart = row.cells["counterpart"]
    if counterpart not in accounts or counterpart[:1] not in _BALANCE_SHEET or counterpart in charges:
        raise ReferenceDataError(
            row.place,
            f"{counterpart!r} is no account of the balance sheet of the year",
            "Name an account of accounts.csv of classes 1 to 5.",
        )
    if not row.cells["source"]:
        raise ReferenceDataError(
            row.place, "the line has no source", "Name the account whose text says it, or write: ours."
        )
