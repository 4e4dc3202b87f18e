"""What is open on suspense accounts, item by item, and why it stays there (état de développement de solde; rule A70).

An item is a line of an entry by hand or of an opening, or a credit of the bank; what clears or identifies it names it.  The
items of an account add up to its balance of the exercise.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from core.amount_fields import AmountStruct, Cents
from core.catalog import Family, list_kinds
from core.debt_stages import Stage
from reporting.code_names import ACCOUNT, ACCOUNTANT, CodeNames
from reporting.payment_details import fetch_terms
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.trial_balance import BalanceScope, load_trial_balance
from reporting.visibility import WHOLE_JOURNAL, Visibility

NOT_JUSTIFIED, EQUAL, DIFFERENT = "not justified", "equals the balance", "differs from the balance"
"""The findings on an item, and on the sum of the items of an account."""
EXPENSE, RECEIPT, THIRD_PARTY = "expense", "receipt", "third_party"
SORTS = ("all", EXPENSE, RECEIPT, THIRD_PARTY)
_SORT_OF_DIGITS: Mapping[str, str] = {"473": EXPENSE, "474": RECEIPT}
"""By the titles of the chart (ours): an expense of the budget reaches a final account by the end of its year, only a
receipt may stay (LOLF art. 28); the other accounts are of third parties."""
_KINDS = (
    list_kinds(lambda kind: kind.reaches is Stage.BY_HAND),
    list_kinds(lambda kind: kind.takes_off_suspense),
    list_kinds(lambda kind: kind.family is Family.JUSTIFICATION),
)

_OPENING_KINDS = list_kinds(lambda kind: kind.opens_item)
_ON_DEBIT = list_kinds(lambda kind: kind.stands_on_debit)


class SuspenseItem(AmountStruct, frozen=True):
    """What is open of one line, in cents."""

    exercise: int
    account: str
    sort: str
    """``expense`` or ``receipt`` of the budget, or ``third_party``."""
    accountant: str
    entry: int
    reference: str
    day: str
    origin: int
    """The entry that left it there first, before any opening."""
    since: str
    """The day of that entry."""
    age_days: int
    """From that day on."""
    open_cents: Cents
    """Debit positive, credit negative, as in a balance."""
    justification: str = ""
    """The last one; empty if there is none, or if another sender sent it, whose acts the caller may not see."""
    justified_on: str | None = None
    """The day of the last one; null if there is none."""


class SuspenseAccount(AmountStruct, frozen=True):
    """The items of one account in one exercise, in cents."""

    exercise: int
    account: str
    label: str
    items: int
    not_justified: int
    open_cents: Cents
    balance_cents: Cents | None
    """Its balance in the trial balance; null where the caller may see a part of the journal alone."""


class SuspenseItems(AmountStruct, frozen=True):
    """The open items of all suspense accounts, and the accounts with items or a balance."""

    batch: int
    items: list[SuspenseItem]
    accounts: list[SuspenseAccount]

    @property
    def add_up(self) -> bool:
        """Whether the items of each account add up to its balance."""
        return all(account.balance_cents in (None, account.open_cents) for account in self.accounts)


async def load_suspense(
    connection: Connection,
    names: CodeNames,
    *,
    exercise: int | None = None,
    accountant: str | None = None,
    day: date | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
) -> SuspenseItems:
    """Load the items that the caller may see; reads all entries of the journal."""
    numbers = [number for number, code in names.by_number[ACCOUNT].items() if _is_suspense(names, code)]
    owner = names.find_accountant(accountant) if accountant else None
    limits = (exercise, owner, visibility.sender, visibility.centres, day)
    rows = await fetch(connection, "suspense_items", *_KINDS, numbers, *limits, _ON_DEBIT, _OPENING_KINDS)
    terms = await fetch_terms(connection, sorted(row["justified_by"] for row in rows if row["justified_by"]))
    texts = {entry: of_entry.reason for entry, of_entry in terms.items()}
    items = sorted((_build_item(names, row, texts) for row in rows), key=lambda item: item.account)
    scope = BalanceScope(exercise, None, accountant)
    balances = await _load_balances(connection, names, scope) if visibility.is_whole else None
    return SuspenseItems(
        await find_batch_or_last(connection, None), items, _list_accounts(names, items, balances)
    )


async def load_sort(
    connection: Connection, names: CodeNames, values: Mapping[str, Any], *, visibility: Visibility
) -> SuspenseItems:
    """Load the items of one sort, or of all; ``values`` are those of the parameters of ``load_suspense``, and the sort."""
    limits = {name: values[name] for name in ("exercise", "accountant", "day")}
    suspense = await load_suspense(connection, names, **limits, visibility=visibility)
    return select_sort(suspense, values["sort"])


def _is_suspense(names: CodeNames, code: str) -> bool:
    return any(code in chart.suspense for chart in names.codes.charts.values())


def find_sort(account: str) -> str:
    """Return whether what stands on a suspense account is an expense or a receipt of the budget, or of third parties."""
    return _SORT_OF_DIGITS.get(account[:3], THIRD_PARTY)


def select_sort(suspense: SuspenseItems, sort: str) -> SuspenseItems:
    """Keep the items and accounts of one of ``SORTS``."""
    return SuspenseItems(
        suspense.batch,
        [item for item in suspense.items if sort in (SORTS[0], item.sort)],
        [row for row in suspense.accounts if sort in (SORTS[0], find_sort(row.account))],
    )


def _build_item(names: CodeNames, row: Row, texts: dict[int, str]) -> SuspenseItem:
    justified_on = row["justified_on"]
    account = names.find_code(ACCOUNT, row["account"])
    return SuspenseItem(
        *(row["exercise"], account, find_sort(account)),
        names.find_code(ACCOUNTANT, row["accountant"]),
        row["entry_id"],
        row["reference"],
        *(row["day"].isoformat(), row["origin"], row["since"].isoformat()),
        row["age_days"],
        row["open"],
        texts.get(row["justified_by"], ""),
        justified_on.isoformat() if justified_on else None,
    )


async def _load_balances(
    connection: Connection, names: CodeNames, scope: BalanceScope
) -> dict[tuple[int, str], int]:
    """Return the balance of each suspense account in the trial balance of each exercise."""
    years = [scope.exercise] if scope.exercise else sorted(names.codes.charts)
    balances: dict[tuple[int, str], int] = {}
    for year in years:
        trial_balance = await load_trial_balance(connection, names, scope._replace(exercise=year))
        for sums in trial_balance.accounts:
            if _is_suspense(names, sums.account) and sums.balance:
                balances[year, sums.account] = sums.balance
    return balances


def _list_accounts(
    names: CodeNames, items: Sequence[SuspenseItem], balances: dict[tuple[int, str], int] | None
) -> list[SuspenseAccount]:
    keys = {(item.exercise, item.account) for item in items} | set(balances or ())
    return [
        _sum_account(names, key, items, balance_cents=None if balances is None else balances.get(key, 0))
        for key in sorted(keys)
    ]


def _sum_account(
    names: CodeNames, key: tuple[int, str], items: Sequence[SuspenseItem], *, balance_cents: int | None
) -> SuspenseAccount:
    of_account = [item for item in items if (item.exercise, item.account) == key]
    exercise, account = key
    return SuspenseAccount(
        exercise,
        account,
        names.codes.find_account_label(account, exercise),
        len(of_account),
        sum(item.justified_on is None for item in of_account),
        sum(item.open_cents for item in of_account),
        balance_cents,
    )


def build_table(suspense: SuspenseItems) -> ReportTable:
    """Build the table: the items of each account, then a row with their sum and its balance."""
    columns = [
        *(Column("exercise"), Column("account"), Column("sort"), Column("accountant"), Column("entry")),
        *(Column("reference"), Column("day"), Column("first entry"), Column("since")),
        *(Column("age, days", CellType.COUNT), Column("open", CellType.MONEY)),
        *(Column("balance", CellType.MONEY), Column("justification", CellType.PROSE), Column("justified on")),
        Column("finding"),
    ]
    rows = [row for account in suspense.accounts for row in _list_rows(account, suspense.items)]
    return ReportTable(
        f"Open on suspense accounts, after batch {suspense.batch:,}",
        columns,
        rows,
        _build_foot(suspense),
        drop_order=(
            "exercise",
            "first entry",
            "since",
            "entry",
            "justified on",
            "age, days",
            "sort",
            "accountant",
        ),
    )


def _list_rows(account: SuspenseAccount, items: Sequence[SuspenseItem]) -> list[list[Cell]]:
    key = (account.exercise, account.account)
    rows: list[list[Cell]] = [
        [
            *(str(item.exercise), item.account, item.sort, item.accountant, str(item.entry), item.reference),
            *(item.day, str(item.origin), item.since, item.age_days, item.open_cents),
            *(None, item.justification, item.justified_on or ""),
            "" if item.justified_on else NOT_JUSTIFIED,
        ]
        for item in items
        if (item.exercise, item.account) == key
    ]
    total = [account.open_cents, account.balance_cents]
    is_equal = account.balance_cents == account.open_cents
    finding = "" if account.balance_cents is None else EQUAL if is_equal else DIFFERENT
    names = [str(account.exercise), account.account, find_sort(account.account), *("", "", "all", "", "", "")]
    return [*rows, [*names, None, *total, "", "", finding]]


def _build_foot(suspense: SuspenseItems) -> list[Cell]:
    """Return the last row: whether the items of every account add up to its balance, if the caller may see it."""
    verdict = "equal to the balances" if suspense.add_up else "NOT equal to the balances"
    if any(account.balance_cents is None for account in suspense.accounts):
        verdict = "a part of the journal: not compared"
    return ["", "all", *[""] * 7, None, None, None, "", "", verdict]
