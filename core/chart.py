"""The State chart of accounts of a year, and which account plays which role for a commitment item.

The engine posts to roles, never to numbers: the numbers are those of the year's files, to be corrected there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.catalog import SHARED_ROLES, Role
from core.nomenclature import Nomenclature
from core.reference.files import ReferenceRow, read_rows, reference_error, resolve_year_folder

ACCOUNT_DIGITS = 10

_ROLE_COLUMNS: Mapping[Role, str] = {
    Role.EXPENSE: "expense",
    Role.ACCRUED: "accrued",
    Role.CREDITOR: "creditor",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """Accounts by number, in file order; for each commitment item its accounts by role and those it admits.

    Budget-only items have no accounts: nothing is posted on them.
    """

    year: int
    accounts: dict[str, str]
    role_accounts: dict[str, dict[Role, str]]
    admitted_prefixes: dict[str, tuple[str, ...]]
    """First digits of the accounts an item admits."""
    shared_accounts: dict[Role, str]
    """Accounts of the roles that no item decides."""

    def is_admitted(self, item: str, account: str) -> bool:
        """Whether a sender may name ``account`` in place of the item's own expense account."""
        return account in self.accounts and account.startswith(self.admitted_prefixes.get(item, ()))


def load(folder: Path, nomenclature: Nomenclature) -> Chart:
    """Read a year's chart, and check that it serves every item of ``nomenclature`` that takes spending.

    Raises
    ------
    ReferenceDataError
        The files do not hold together; the message gives the place, what was found, and what to do.
    """
    year, source = resolve_year_folder(folder)
    accounts = _read_accounts(source.joinpath("accounts.csv"))
    path = source.joinpath("roles.csv")
    served = {row.cells["item"]: row for row in _read_roles(path, accounts, nomenclature)}
    for code, item in nomenclature.items.items():
        if code not in served and not item.budget_only:
            raise reference_error(str(path), f"no accounts for item {code}", "Add a line for it.")
    roles = {
        code: {role: row.cells[column] for role, column in _ROLE_COLUMNS.items()}
        for code, row in served.items()
    }
    families = {code: tuple(row.cells["admits"].split()) for code, row in served.items()}
    return Chart(
        year, accounts, roles, families, _read_shared_accounts(source.joinpath("treasury.csv"), accounts)
    )


def _read_accounts(path: Path) -> dict[str, str]:
    accounts: dict[str, str] = {}
    for row in read_rows(path, ("number", "label")):
        number, label = row.cells.values()
        if not (len(number) == ACCOUNT_DIGITS and number.isascii() and number.isdigit()):
            raise reference_error(
                row.place, f"{number!r} is no account", f"Write {ACCOUNT_DIGITS} digits, zeros to the right."
            )
        if number in accounts:
            raise reference_error(row.place, f"{number} stands twice", "Keep one of the two lines.")
        accounts[number] = label
    return accounts


def _read_roles(path: Path, accounts: dict[str, str], nomenclature: Nomenclature) -> list[ReferenceRow]:
    found: list[ReferenceRow] = []
    for row in read_rows(path, ("item", *_ROLE_COLUMNS.values(), "admits")):
        item = row.cells["item"]
        if item not in nomenclature.items or nomenclature.items[item].budget_only:
            raise reference_error(
                row.place, f"{item!r} is no item that takes spending", "Correct it, or drop the line."
            )
        if any(item == other.cells["item"] for other in found):
            raise reference_error(row.place, f"item {item} stands twice", "Keep one of the two lines.")
        _check_accounts(row, accounts)
        found.append(row)
    return found


def _read_shared_accounts(path: Path, accounts: dict[str, str]) -> dict[Role, str]:
    """The account of each shared role; no two are the same, so that its balance is the sum of its open items."""
    known = {role.name.lower(): role for role in SHARED_ROLES}
    found: dict[Role, str] = {}
    for row in read_rows(path, ("role", "account")):
        name, account = row.cells.values()
        if name not in known or known[name] in found:
            raise reference_error(
                row.place, f"{name!r} is no shared role, or stands twice", f"Write {', '.join(known)}."
            )
        if account not in accounts or account in found.values():
            raise reference_error(
                row.place, f"{account!r} is unknown, or stands twice", "Add it to accounts.csv."
            )
        found[known[name]] = account
    for name, role in known.items():
        if role not in found:
            raise reference_error(str(path), f"no account for {name}", "Add a line for it.")
    return found


def _check_accounts(row: ReferenceRow, accounts: dict[str, str]) -> None:
    for column in _ROLE_COLUMNS.values():
        if row.cells[column] not in accounts:
            raise reference_error(
                row.place, f"{column} account {row.cells[column]!r} is unknown", "Add it to accounts.csv."
            )
    expense, admitted = row.cells["expense"], tuple(row.cells["admits"].split())
    if not expense.startswith(admitted):
        raise reference_error(
            row.place, f"{expense} is not among the accounts admitted", "Admit the item's own account."
        )
