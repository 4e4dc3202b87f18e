"""The creditors of expense accounts that have their own: ``creditors.csv`` of a year."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from core.account_roles import Role
from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows


class CreditorUse(NamedTuple):
    """An expense account, and who is paid: the creditor of a request, or that of payroll."""

    expense: str
    role: Role


_CREDITOR_COLUMNS: Mapping[Role, str] = {Role.CREDITOR: "creditor", Role.PAYROLL: "payroll"}


def read_creditors(path: Path, accounts: Collection[str]) -> dict[CreditorUse, str]:
    """Read the expense accounts, given by their first digits, that have creditors of their own: by request, by payroll.

    Raises
    ------
    ReferenceDataError
        A line names no account, or one that another line names, or has no source; the message says where.
    """
    creditors: dict[CreditorUse, str] = {}
    named_accounts: set[str] = set()
    for row in read_rows(path, ("expense", *_CREDITOR_COLUMNS.values(), "source")):
        own = {role: row.cells[column] for role, column in _CREDITOR_COLUMNS.items() if row.cells[column]}
        _check_creditors(row, list(own.values()), accounts)
        if not row.cells["source"]:
            raise ReferenceDataError(
                row.place,
                "the line has no source",
                "Name the account whose text says it, or write: not settled.",
            )
        expense = row.cells["expense"]
        charged = [account for account in accounts if account.startswith(expense)]
        if not expense or not charged or not named_accounts.isdisjoint(charged):
            raise ReferenceDataError(
                row.place,
                f"no account begins with {expense!r}, or one has a creditor already",
                "Write the first digits of accounts that no other line names.",
            )
        named_accounts.update(charged)
        creditors |= {CreditorUse(account, role): own[role] for account in charged for role in own}
    return creditors


def _check_creditors(row: ReferenceRow, creditors: list[str], accounts: Collection[str]) -> None:
    for creditor in creditors or [""]:
        if creditor not in accounts:
            raise ReferenceDataError(
                row.place, f"creditor account {creditor!r} is unknown", "Add the account to accounts.csv."
            )
