"""The State chart of accounts of a year, and the account of each role for each commitment item.

The engine posts to roles, never to account numbers: the numbers are in the year's files and can be corrected there.  Each
row of the files names its source: the account of the chart whose text says it, or what is not settled.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from core import (
    asset_plans,
    inventory_accounts,
    opening_account,
    own_creditors,
    receipt_natures,
    result_accounts,
    settlement_acts,
    statement_plan,
)
from core.account_roles import SHARED_ROLES, SUSPENSE_ROLES
from core.asset_plans import AssetPlan
from core.catalog import Role
from core.errors import ReferenceDataError
from core.inventory_accounts import Counterparts
from core.nomenclature import Nomenclature
from core.own_creditors import CreditorUse
from core.reference.files import ReferenceRow, read_rows, resolve_year_folder
from core.restricted_accounts import list_own_accounts, list_restricted_accounts, read_named_accounts
from core.result_accounts import NO_RESULT, ResultAccounts
from core.settlement_acts import NO_ACT, SettlementAct
from core.statement_plan import NO_PLAN, StatementPlan

ACCOUNT_DIGITS = 10
_PRODUCT_CLASS = "7"
_BALANCE_SHEET_CLASSES = frozenset("12345")

_ROLE_COLUMNS: Mapping[Role, str] = {
    Role.EXPENSE: "expense",
    Role.ACCRUED: "accrued",
    Role.CREDITOR: "creditor",
    Role.PAYROLL: "payroll",
}
_OPTIONAL_ROLES = frozenset({Role.PAYROLL})


class Side(StrEnum):
    """The normal side of an account: on which side the chart allows its balance, which may always be nil."""

    DEBIT = "debit"
    CREDIT = "credit"
    EITHER = "either"
    NIL = "nil"
    """Nil after the reversal of the year's closing entries: any balance is normal during the year."""

    def is_contrary(self, balance_cents: int) -> bool:
        """Return whether a balance (debit less credit) stands on the wrong side."""
        return {Side.DEBIT: balance_cents < 0, Side.CREDIT: balance_cents > 0}.get(self, False)


class Account(NamedTuple):
    """An account of the chart."""

    label: str
    side: Side
    statement: str
    """The line of the financial statements to which its balance belongs."""
    source: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Accounts by number, in file order; for each commitment item its accounts by role and those it admits.

    Budget-only items have no accounts: nothing is posted to them.
    """

    year: int
    accounts: dict[str, Account]
    role_accounts: dict[str, dict[Role, str]]
    admitted_prefixes: dict[str, tuple[str, ...]]
    """By item: the first digits of the accounts it admits."""
    shared_accounts: dict[Role, str]
    """The accounts of ``SHARED_ROLES``, which do not depend on the item."""
    own_creditors: Mapping[CreditorUse, str]
    """The creditor, by request or by payroll, of each expense account that has one of its own, in place of the item's."""
    restricted: frozenset[str]
    """The accounts on which nothing is posted by hand."""
    liaison: frozenset[str]
    """The accounts between accountants, which an entry by hand leaves at zero for a pair of them."""
    suspense: frozenset[str] = frozenset()
    """The suspense accounts: each item on them is cleared or justified (rule A70)."""
    assets: Mapping[str, AssetPlan] = field(default_factory=dict)
    """The plan of each account of assets in service."""
    opening: str = ""
    """The technical account against which opening balances stand; empty if the year has none."""
    statements: StatementPlan = NO_PLAN
    """The lines of the financial statements; none without their files."""
    result: ResultAccounts = NO_RESULT
    """Where the result of the year comes to stand."""
    inventory: Counterparts = field(default_factory=dict)
    """The accounts that the entries of the inventory stand against."""
    settlement: SettlementAct = NO_ACT
    """The act of the year that allots the result of the year before."""

    def list_opening_accounts(self) -> frozenset[str]:
        """Return the accounts on which opening balances are posted: those of the balance sheet, and the technical one."""
        return frozenset({*filter(is_carried_over, self.accounts), self.opening} - {""})

    def list_products(self) -> frozenset[str]:
        """Return the accounts of products: those of class 7."""
        return frozenset(account for account in self.accounts if account.startswith(_PRODUCT_CLASS))

    def list_marked_accounts(self) -> tuple[Collection[str], ...]:
        """Return the accounts that ``core.tables.raw_lines.YearCodes`` marks, in its order: restricted to those of assets."""
        closing = (self.list_opening_accounts(), self.result.list_accounts(self.accounts))
        allocation = settlement_acts.list_accounts(self.settlement, self.result)
        return self.restricted, *closing, allocation, self.suspense, self.assets

    def is_admitted(self, item: str, account: str) -> bool:
        """Return whether a sender may give ``account`` in place of the item's own expense account."""
        is_known = account in self.accounts and account.startswith(self.admitted_prefixes.get(item, ()))
        return is_known and not inventory_accounts.is_accrued_asset(self.inventory, account)


def is_carried_over(account: str) -> bool:
    """Return whether the balance of an account goes on in the next year: that of the balance sheet, classes 1 to 5."""
    return account[:1] in _BALANCE_SHEET_CLASSES


def list_accounts(charts: Iterable[Chart]) -> frozenset[str]:
    """Return the accounts of some charts, each once."""
    return frozenset(account for chart in charts for account in chart.accounts)


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
    shared = _read_shared_accounts(source.joinpath("treasury.csv"), accounts)
    receipt_natures.check_accounts(source.joinpath("receipts.csv"), nomenclature.receipt_natures, accounts)
    creditors = own_creditors.read_creditors(source.joinpath("creditors.csv"), accounts)
    opening = opening_account.read_account(source.joinpath("opening.csv"), accounts)
    assets = asset_plans.load(source.joinpath("assets.csv"), accounts)
    result = result_accounts.read_accounts(source.joinpath("result.csv"), accounts)
    act = settlement_acts.read(folder.joinpath(settlement_acts.FILE), year, accounts, result=result)
    inventory = inventory_accounts.read_counterparts(source.joinpath("inventory.csv"), accounts)
    uses = [account for by_role in (*roles.values(), shared) for account in by_role.values()]
    admitted = [prefix for prefixes in families.values() for prefix in prefixes]
    asset_plans.check_uses(
        source.joinpath("assets.csv"), assets, uses=[*uses, *creditors.values()], admitted=admitted
    )
    restricted = list_restricted_accounts(
        source.joinpath("restricted.csv"),
        accounts,
        role_accounts=(*roles.values(), shared),
        creditors=creditors.values(),
    ) | list_own_accounts(opening, result, act, assets=assets, inventory=inventory)
    liaison = read_named_accounts(source.joinpath("liaison.csv"), accounts)
    suspense = read_named_accounts(source.joinpath("suspense.csv"), accounts)
    for role in SUSPENSE_ROLES:
        _check_suspense_account(source.joinpath("treasury.csv"), role, shared[role], suspense=suspense)
    named = (shared, creditors, restricted, liaison, suspense)
    statements = statement_plan.load(source)
    return Chart(year, accounts, roles, families, *named, assets, opening, statements, result, inventory, act)


def _read_accounts(path: Path) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for row in read_rows(path, ("number", "label", "side", "statement", "source")):
        number, label, side, *origin = row.cells.values()
        if not (len(number) == ACCOUNT_DIGITS and number.isascii() and number.isdigit()):
            raise ReferenceDataError(
                row.place,
                f"{number!r} is not an account",
                f"Write {ACCOUNT_DIGITS} digits, with zeros at the end.",
            )
        if number in accounts:
            raise ReferenceDataError(row.place, f"{number} is listed twice", "Keep one of the two lines.")
        if side not in frozenset(Side):
            raise ReferenceDataError(
                row.place, f"{side!r} is not a normal side", f"Write one of {', '.join(Side)}."
            )
        _check_source(row)
        accounts[number] = Account(label, Side(side), *origin)
    return accounts


def _read_roles(
    path: Path, accounts: Mapping[str, Account], nomenclature: Nomenclature
) -> list[ReferenceRow]:
    role_rows: list[ReferenceRow] = []
    for row in read_rows(path, ("item", *_ROLE_COLUMNS.values(), "admits", "source")):
        item = row.cells["item"]
        if item not in nomenclature.items or nomenclature.items[item].budget_only:
            raise ReferenceDataError(
                row.place, f"{item!r} is not an item for spending", "Correct the code, or remove the line."
            )
        if any(item == other.cells["item"] for other in role_rows):
            raise ReferenceDataError(row.place, f"item {item} is listed twice", "Keep one of the two lines.")
        _check_accounts(row, accounts)
        if nomenclature.items[item].staff and not row.cells["payroll"]:
            raise ReferenceDataError(
                row.place,
                f"item {item} is of staff and has no payroll account",
                "State the account on which the payroll application owes the pay.",
            )
        role_rows.append(row)
    return role_rows


def _read_shared_accounts(path: Path, accounts: Mapping[str, Account]) -> dict[Role, str]:
    """Read the account of each shared role; no two are equal, so that a balance is the sum of its open items."""
    roles = {role.name.lower(): role for role in SHARED_ROLES}
    shared: dict[Role, str] = {}
    for row in read_rows(path, ("role", "account", "source")):
        name, account, _ = row.cells.values()
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
        _check_source(row)
        shared[roles[name]] = account
    for name, role in roles.items():
        if role not in shared:
            raise ReferenceDataError(str(path), f"role {name} has no account", "Add a line for the role.")
    return shared


def _check_suspense_account(path: Path, role: Role, account: str, *, suspense: Collection[str]) -> None:
    if account not in suspense:
        raise ReferenceDataError(
            str(path),
            f"role {role.name.lower()} has account {account}, which suspense.csv does not name",
            "Name a suspense account, so that what stands there is cleared or justified.",
        )


def _check_accounts(row: ReferenceRow, accounts: Mapping[str, Account]) -> None:
    for role, column in _ROLE_COLUMNS.items():
        is_left_out = role in _OPTIONAL_ROLES and not row.cells[column]
        if row.cells[column] not in accounts and not is_left_out:
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
    _check_source(row)


def _check_source(row: ReferenceRow) -> None:
    if not row.cells["source"]:
        remedy = "Name the account whose text says it, or write: not settled."
        raise ReferenceDataError(row.place, "the line has no source", remedy)
