"""The State chart of accounts of a year, and the account of each role for each commitment item.

The engine posts to roles, never to account numbers: the numbers are in the year's files and can be corrected there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.catalog import SHARED_ROLES, Role
from core.errors import ReferenceDataError
from core.nomenclature import CommitmentItem, Nomenclature
from core.reference.files import ReferenceRow, read_rows, resolve_year_folder

ACCOUNT_DIGITS = 10

_ROLE_COLUMNS: Mapping[Role, str] = {
    Role.EXPENSE: "expense",
    Role.ACCRUED: "accrued",
    Role.CREDITOR: "creditor",
    Role.PAYROLL: "payroll",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """Accounts by number, in file order; for each commitment item its accounts by role and those it admits.

    Budget-only items have no accounts: nothing is posted to them.
    """

    year: int
    accounts: dict[str, str]
    role_accounts: dict[str, dict[Role, str]]
    admitted_prefixes: dict[str, tuple[str, ...]]
    """By item: the first digits of the accounts it admits."""
    shared_accounts: dict[Role, str]
    """The accounts of ``SHARED_ROLES``, which do not depend on the item."""

    def is_admitted(self, item: str, account: str) -> bool:
        """Return whether a sender may give ``account`` in place of the item's own expense account."""
        return account in self.accounts and account.startswith(self.admitted_prefixes.get(item, ()))


def load(folder: Path, nomenclature: Nomenclature) -> Chart:
    """Read a year's chart, and check that it covers every item of ``nomenclature`` that takes spending.

    Raises
    ------
    ReferenceDataError
        The files are inconsistent; the message gives the place, the finding and the remedy.
    """
    year, source = resolve_year_folder(folder)
    accounts = _read_accounts(source.joinpath("accounts.csv"))
    path = source.joinpath("roles.csv")
    role_rows = {row.cells["item"]: row for row in _read_roles(path, accounts, nomenclature)}
    for code, item in nomenclature.items.items():
        if code not in role_rows and not item.budget_only:
            raise ReferenceDataError(str(path), f"item {code} has no accounts", "Add a line for the item.")
    roles = {
        code: {role: row.cells[column] for role, column in _ROLE_COLUMNS.items() if row.cells[column]}
        for code, row in role_rows.items()
    }
    families = {code: tuple(row.cells["admits"].split()) for code, row in role_rows.items()}
    return Chart(
        year, accounts, roles, families, _read_shared_accounts(source.joinpath("treasury.csv"), accounts)
    )


def _read_accounts(path: Path) -> dict[str, str]:
    accounts: dict[str, str] = {}
    for row in read_rows(path, ("number", "label")):
        number, label = row.cells.values()
        if not (len(number) == ACCOUNT_DIGITS and number.isascii() and number.isdigit()):
            raise ReferenceDataError(
                row.place,
                f"{number!r} is not an account",
                f"Write {ACCOUNT_DIGITS} digits, with zeros at the end.",
            )
        if number in accounts:
            raise ReferenceDataError(row.place, f"{number} is listed twice", "Keep one of the two lines.")
        accounts[number] = label
    return accounts


def _read_roles(path: Path, accounts: dict[str, str], nomenclature: Nomenclature) -> list[ReferenceRow]:
    role_rows: list[ReferenceRow] = []
    for row in read_rows(path, ("item", *_ROLE_COLUMNS.values(), "admits")):
        item = row.cells["item"]
        if item not in nomenclature.items or nomenclature.items[item].budget_only:
            raise ReferenceDataError(
                row.place, f"{item!r} is not an item for spending", "Correct the code, or remove the line."
            )
        if any(item == other.cells["item"] for other in role_rows):
            raise ReferenceDataError(row.place, f"item {item} is listed twice", "Keep one of the two lines.")
        _check_accounts(row, accounts, nomenclature.items[item])
        role_rows.append(row)
    return role_rows


def _read_shared_accounts(path: Path, accounts: dict[str, str]) -> dict[Role, str]:
    """Read the account of each shared role; no two are equal, so that a balance is the sum of its open items."""
    roles = {role.name.lower(): role for role in SHARED_ROLES}
    shared: dict[Role, str] = {}
    for row in read_rows(path, ("role", "account")):
        name, account = row.cells.values()
        if name not in roles or roles[name] in shared:
            raise ReferenceDataError(
                row.place,
                f"{name!r} is not a shared role, or is listed twice",
                f"Write each of {', '.join(roles)} once.",
            )
        if account not in accounts or account in shared.values():
            raise ReferenceDataError(
                row.place,
                f"account {account!r} is unknown, or is listed twice",
                "Use each account of accounts.csv once.",
            )
        shared[roles[name]] = account
    for name, role in roles.items():
        if role not in shared:
            raise ReferenceDataError(str(path), f"role {name} has no account", "Add a line for the role.")
    return shared


def _check_accounts(row: ReferenceRow, accounts: dict[str, str], item: CommitmentItem) -> None:
    """Check that the accounts exist; only items of staff need one for payroll."""
    for role, column in _ROLE_COLUMNS.items():
        is_optional = role is Role.PAYROLL and not item.staff and not row.cells[column]
        if row.cells[column] not in accounts and not is_optional:
            raise ReferenceDataError(
                row.place,
                f"{column} account {row.cells[column]!r} is unknown",
                "Add the account to accounts.csv.",
            )
    expense, admitted = row.cells["expense"], tuple(row.cells["admits"].split())
    if not expense.startswith(admitted):
        raise ReferenceDataError(
            row.place,
            f"expense account {expense} is not among those admitted",
            "Add it to the column admits.",
        )
