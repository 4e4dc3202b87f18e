"""Open items by age (échéancier): what is open on the accounts of third parties, of suspense and of transfers in transit.

Every posting on such an account belongs to one item, so that the items of an account add up to its balance (rule A08).  On
accounts of certified service an item is what of one commitment is not requested, as a request names no service: its age is
that of the last service, because the earliest is requested first.  A manual accrual is an item of its own there, which its
reversal or correction clears.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from core.amount_fields import AmountStruct, Cents
from core.catalog import Family, Pairing, list_kinds
from core.debt_stages import Stage
from core.senders import RESERVED_SENDERS
from reporting.code_names import ACCOUNT, ACCOUNTANT, CodeNames
from reporting.item_accounts import STARTS_OF_ACCOUNTS
from reporting.report_queries import (
    SQL,
    Connection,
    Row,
    fetch,
    fetch_part_of_journal,
    find_batch_or_last,
    read_part,
)
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.trial_balance import BY_ACCOUNTANT, BalanceScope, load_trial_balance
from reporting.visibility import WHOLE_JOURNAL, Visibility

BY_PAYEE, BY_ITEM = "payee", "item"
PAGE_ITEMS, PAGE_ITEMS_MAX = 100, 1000
NOTHING_OPEN = "no item and no balance"
EQUAL, DIFFERENT = "equals the balance", "DIFFERS from the balance"
_OPENED_BY_DEBIT, _ACCRUED, _SUSPENSE = ("409", "41"), ("408",), ("47",)
_KINDS_OF_PAIRS = (
    list_kinds(lambda kind: kind.pairs is Pairing.RECEIVABLE),
    list_kinds(lambda kind: kind.pairs is Pairing.WITHHOLDING),
    list_kinds(lambda kind: kind.pairs is Pairing.IDENTIFICATION),
    list_kinds(lambda kind: kind.pairs in (Pairing.SUSPENSE, Pairing.ADVANCE)),
)
_MIRRORS = list_kinds(lambda kind: kind.mirrors)
_COMMITMENTS = list_kinds(lambda kind: kind.family is Family.COMMITMENT and not kind.carries)
_ACCRUALS = list_kinds(lambda kind: kind.reaches is Stage.ACCRUED)
_BY_HAND = list_kinds(lambda kind: kind.reaches is Stage.BY_HAND and not kind.opens_item)
"""Without what opens an item in the next year: it repeats the item, and what clears it there takes off that."""
AGES: Mapping[str, str] = {
    "up to 30 days": "age_30_cents",
    "31 to 60": "age_60_cents",
    "61 to 90": "age_90_cents",
    "91 to 365": "age_365_cents",
    "older": "older_cents",
}


class AgedItems(AmountStruct, frozen=True, kw_only=True):
    """What is open for one payee on one account of one accountant, or one item of it, in cents; debit positive."""

    accountant: str
    account: str
    label: str
    year: int
    """The exercise of the item."""
    payee: str
    """The code of the third party; empty where the item names none."""
    payee_name: str
    entry: int | None
    """The entry of one item; null for several."""
    reference: str
    oldest: str
    """The day of the oldest item."""
    age_days: int
    """Its age."""
    items: int
    open_cents: Cents
    age_30_cents: Cents
    age_60_cents: Cents
    age_90_cents: Cents
    age_365_cents: Cents
    older_cents: Cents


class AccountOfItems(AmountStruct, frozen=True, kw_only=True):
    """The items of one account of one accountant, beside its balance, in cents; debit positive."""

    accountant: str
    account: str
    label: str
    items: int
    open_cents: Cents
    balance_cents: Cents | None
    """Null where the report is of a part of the journal, or as of a day."""


class OpenItemsByAge(AmountStruct, frozen=True, kw_only=True):
    """All open items, and the sums by account."""

    batch: int
    items: list[AgedItems]
    accounts: list[AccountOfItems]

    @property
    def add_up(self) -> bool:
        """Whether the items of each account add up to its balance."""
        return all(account.balance_cents in (None, account.open_cents) for account in self.accounts)


class OpenItemsPage(AmountStruct, frozen=True, kw_only=True):
    """One page of open items, as of a batch, with the sums of all items by account."""

    batch: int
    items: list[AgedItems]
    accounts: list[AccountOfItems]
    """Of all items, on every page."""
    next: str | None


class ItemScope(NamedTuple):
    """Which items."""

    accountant: str | None = None
    account: str | None = None
    """The number of an account, or its first digits."""
    grouping: str = BY_PAYEE
    day: date | None = None
    """Ages up to this day; None for today."""
    last_day: date | None = None
    """Only entries that were posted up to this day."""
    batch: int | None = None
    opening: int | None = None
    """As of the opening of this exercise: what entries of the exercises before it left; None for all entries."""

    @property
    def age_day(self) -> date | None:
        """The day of the ages; None for today."""
        eve = date(self.opening - 1, 12, 31) if self.opening else None
        return self.day or self.last_day or eve


async def load_aged_items(
    connection: Connection,
    names: CodeNames,
    scope: ItemScope = ItemScope(),  # noqa: B008
    *,
    visibility: Visibility = WHOLE_JOURNAL,
) -> OpenItemsByAge:
    """Load the items that the caller may see; reads all entries of the journal."""
    batch = await find_batch_or_last(connection, scope.batch)
    part = await read_part(connection, batch, scope.last_day)
    owner = names.find_accountant(scope.accountant) if scope.accountant else None
    rows = await fetch_part_of_journal(
        connection,
        part,
        SQL["aged_items"],
        *_list_parameters(names, scope),
        *(scope.age_day, scope.grouping == BY_ITEM),
        *(visibility.sender, visibility.centres, owner, scope.opening, sorted(RESERVED_SENDERS)),
    )
    payees = await fetch(connection, "names_of_payees", list({row["payee"] for row in rows if row["payee"]}))
    by_number = {row["payee"]: row for row in payees}
    items = [_build_items(names, row, by_number.get(row["payee"])) for row in rows]
    is_compared = visibility.is_whole and scope.last_day is None
    balances = await _load_balances(connection, names, scope._replace(batch=batch)) if is_compared else None
    return OpenItemsByAge(batch=batch, items=items, accounts=_sum_accounts(names, items, balances))


def _list_parameters(names: CodeNames, scope: ItemScope) -> list[Sequence[int]]:
    """Return the accounts and kinds of the statement, in the order of its parameters."""
    accounts = _list_accounts(names, STARTS_OF_ACCOUNTS, scope.account or "")
    debit, accrued, suspense = (
        _list_accounts(names, prefixes) for prefixes in (_OPENED_BY_DEBIT, _ACCRUED, _SUSPENSE)
    )
    return [
        accounts,
        debit,
        _MIRRORS,
        accrued,
        _COMMITMENTS + _ACCRUALS,
        suspense,
        _BY_HAND,
        *_KINDS_OF_PAIRS,
    ]


def _list_accounts(names: CodeNames, prefixes: tuple[str, ...], digits: str = "") -> list[int]:
    codes = names.by_number[ACCOUNT].items()
    return [number for number, code in codes if code.startswith(prefixes) and code.startswith(digits)]


def _build_items(names: CodeNames, row: Row, payee: Row | None) -> AgedItems:
    account = names.find_account(row["account"], row["exercise"])
    return AgedItems(
        accountant=names.find_code(ACCOUNTANT, row["accountant"]),
        account=account.code,
        label=account.label,
        year=row["exercise"],
        payee=payee["code"] if payee else "",
        payee_name=payee["name"] if payee else "",
        entry=row["item"],
        reference=row["reference"] or "",
        oldest=row["oldest"].isoformat(),
        age_days=row["age"],
        items=row["items"],
        open_cents=row["open"],
        age_30_cents=row["age_30"],
        age_60_cents=row["age_60"],
        age_90_cents=row["age_90"],
        age_365_cents=row["age_365"],
        older_cents=row["older"],
    )


async def _load_balances(
    connection: Connection, names: CodeNames, scope: ItemScope
) -> dict[tuple[str, str], int]:
    """Return the balance of each account of each accountant over all exercises, without openings, or what one opens with."""
    balances = BalanceScope(scope.opening, scope.batch, scope.accountant, BY_ACCOUNTANT)
    trial_balance = await load_trial_balance(connection, names, balances)
    return {
        (row.accountant, row.account): row.balance_cents if scope.opening is None else row.opening_cents
        for row in trial_balance.accounts
        if row.account.startswith(STARTS_OF_ACCOUNTS) and row.account.startswith(scope.account or "")
    }


def _sum_accounts(
    names: CodeNames, items: Sequence[AgedItems], balances: Mapping[tuple[str, str], int] | None
) -> list[AccountOfItems]:
    sums: dict[tuple[str, str], tuple[int, int]] = {
        key: (0, 0) for key, cents in (balances or {}).items() if cents
    }
    for row in items:
        key = row.accountant, row.account
        count, cents = sums.get(key, (0, 0))
        sums[key] = count + row.items, cents + row.open_cents
    return [
        AccountOfItems(
            accountant=accountant,
            account=account,
            label=names.codes.accounts[account].label if account in names.codes.accounts else "",
            items=count,
            open_cents=cents,
            balance_cents=None if balances is None else balances.get((accountant, account), 0),
        )
        for (accountant, account), (count, cents) in sorted(sums.items())
    ]


def build_page(report: OpenItemsByAge, items: list[AgedItems], next_link: str | None) -> OpenItemsPage:
    """Build a page with some of the items."""
    return OpenItemsPage(batch=report.batch, items=items, accounts=report.accounts, next=next_link)


def build_table(report: OpenItemsByAge) -> ReportTable:
    """Build the table of the items; whether they add up to the balances stands in its footer."""
    columns = [
        *(Column("accountant"), Column("account"), Column("label", CellType.PROSE), Column("year")),
        *(
            Column("payee"),
            Column("name", CellType.PROSE),
            Column("entry", CellType.COUNT),
            Column("reference"),
        ),
        *(Column("oldest"), Column("age, days", CellType.COUNT), Column("items", CellType.COUNT)),
        *(Column(name, CellType.MONEY) for name in ("open", *AGES)),
        Column("finding"),
    ]
    findings = {(row.accountant, row.account): _judge(row) for row in report.accounts}
    rows: list[list[Cell]] = [
        [
            *(row.accountant, row.account, row.label, str(row.year), row.payee, row.payee_name, row.entry),
            *(row.reference, row.oldest, row.age_days, row.items, row.open_cents),
            *(getattr(row, name) for name in AGES.values()),
            findings[row.accountant, row.account],
        ]
        for row in report.items
    ]
    sums = [sum(getattr(row, name) for row in report.items) for name in ("open_cents", *AGES.values())]
    count = sum(row.items for row in report.items)
    foot: list[Cell] = ["", "all", "", "", "", "", None, "", "", None, count, *sums, _judge_all(report)]
    drop_order = (
        *("entry", "reference", "oldest", "label", "name", "finding", "items", "year", "age, days"),
        *("61 to 90", "31 to 60", "accountant", "91 to 365", "up to 30 days", "older"),
    )
    return ReportTable(f"Open items by age, after batch {report.batch:,}", columns, rows, foot, drop_order)


def _judge_all(report: OpenItemsByAge) -> str:
    if not report.accounts:
        return NOTHING_OPEN
    if any(account.balance_cents is None for account in report.accounts):
        return ""
    return "equal to the balances" if report.add_up else "NOT equal to the balances"


def _judge(account: AccountOfItems) -> str:
    if account.balance_cents is None:
        return ""
    return EQUAL if account.balance_cents == account.open_cents else DIFFERENT
