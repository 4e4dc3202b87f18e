"""The trial balance: debit, credit and balance of every account, its normal side, and whether both sides are equal.

It is of all accountants or of one.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from core.amount_fields import AmountStruct, Cents, OldCents
from core.periods import PERIODS_PER_YEAR, to_period
from core.senders import RESERVED_SENDERS
from reporting.code_names import ACCOUNTANT, CodeNames
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.report_tables import CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

_PERIOD_MAX = 2**31 - 1
WRONG_SIDE = "wrong side"
"""The finding on a balance that is not on the normal side of its account."""
BY_ACCOUNT, BY_ACCOUNTANT = "account", "accountant"
"""One row for each account, or one for each account of each accountant."""


class BalanceScope(NamedTuple):
    """What a trial balance is of; None for all."""

    exercise: int | None = None
    batch: int | None = None
    """As of this batch; None for the last one."""
    accountant: str | None = None
    grouping: str = BY_ACCOUNT
    has_result: bool = True
    """Whether it contains the entries that bring charges and products to the result; otherwise it is as before them."""
    month: int | None = None
    """Up to this month of the exercise; None for the whole of it."""


def build_scope(values: Mapping[str, Any]) -> BalanceScope:
    """Return the scope that the arguments of the report name."""
    scope = BalanceScope(*(values[name] for name in ("exercise", "batch", "accountant", "by")))
    return scope._replace(month=values.get("month"))


class AccountSums(AmountStruct, frozen=True):
    """The sums of one account, in cents.  ``balance`` is what was opened, and debit less credit."""

    account: str
    label: str
    debit: OldCents
    credit: OldCents
    balance: OldCents
    debit_cents: Cents = 0
    credit_cents: Cents = 0
    balance_cents: Cents = 0
    opening_cents: Cents = 0
    """What was opened of it in the exercise, debit less credit; ``debit`` and ``credit`` are the movements."""
    normal_side: str = ""
    """The side on which the chart allows its balance: ``debit``, ``credit``, ``either``, or ``nil`` after the closing."""
    is_on_wrong_side: bool = False
    """Whether the balance stands on the other side; ``nil`` is judged at the closing only."""
    accountant: str = ""
    """Of a balance by accountant; empty for an entry without a fund centre."""


class TrialBalance(AmountStruct, frozen=True):
    """The sums of all accounts that were posted to, in order of their codes, in cents."""

    batch: int
    """The sums are as of this batch."""
    exercise: int | None
    accounts: list[AccountSums]
    debit: OldCents
    credit: OldCents
    debit_cents: Cents = 0
    credit_cents: Cents = 0
    accountant: str | None = None
    """The one whose sums these are; None for all."""
    by: str = BY_ACCOUNT

    @property
    def is_balanced(self) -> bool:
        """Whether debits equal credits, in what was opened and in what moved."""
        return self.debit == self.credit and not sum(account.opening_cents for account in self.accounts)


async def load_trial_balance(
    connection: Connection,
    names: CodeNames,
    scope: BalanceScope = BalanceScope(),  # noqa: B008
    *,
    visibility: Visibility = WHOLE_JOURNAL,
) -> TrialBalance:
    """Load the accounts within ``scope``.

    The stored sums are of all senders and programmes; the sums of a part are added up from its entries.
    """
    number = await find_batch_or_last(connection, scope.batch)
    rows = await _fetch_sums(connection, scope._replace(batch=number), names, visibility=visibility)
    accounts = sorted((_build_account(names, scope.exercise, row) for row in rows), key=_read_place)
    return TrialBalance(
        number,
        scope.exercise,
        accounts,
        sum(account.debit for account in accounts),
        sum(account.credit for account in accounts),
        accountant=scope.accountant,
        by=scope.grouping,
    )


async def _fetch_sums(
    connection: Connection, scope: BalanceScope, names: CodeNames, *, visibility: Visibility
) -> list[Row]:
    exercise, accountant = scope.exercise, scope.accountant and names.find_accountant(scope.accountant)
    grouping = (accountant, scope.grouping == BY_ACCOUNTANT)
    if visibility.is_whole:
        last = PERIODS_PER_YEAR - 1 if scope.month is None else scope.month
        first, end = (to_period(exercise, 0), to_period(exercise, last + 1)) if exercise else (0, _PERIOD_MAX)
        shows_opening = exercise is not None
        return await fetch(
            connection, "trial_balance", scope.batch, first, end, *grouping, shows_opening, scope.has_result
        )
    limits = (visibility.sender, visibility.centres, sorted(RESERVED_SENDERS))
    return await fetch(
        connection, "trial_balance_of_scope", scope.batch, exercise, *limits, *grouping, scope.month
    )


def _build_account(names: CodeNames, exercise: int | None, row: Row) -> AccountSums:
    opening, debit, credit = row["opening"], row["debit"], row["credit"]
    balance = opening + debit - credit
    account = names.find_account(row["account"], exercise)
    charted = names.codes.find_account(account.code, exercise)
    return AccountSums(
        account.code,
        account.label,
        debit,
        credit,
        balance,
        opening_cents=opening,
        normal_side=charted.side if charted else "",
        is_on_wrong_side=charted is not None and charted.side.is_contrary(balance),
        accountant=names.find_code(ACCOUNTANT, row["accountant"]),
    )


def _read_place(sums: AccountSums) -> tuple[str, str]:
    return sums.accountant, sums.account


def build_table(balance: TrialBalance) -> ReportTable:
    """Build the table."""
    is_grouped, amounts = balance.by == BY_ACCOUNTANT, ("debit", "credit", "balance")
    has_opening = any(account.opening_cents for account in balance.accounts)
    columns = [
        *([Column("accountant")] if is_grouped else []),
        *(Column("account"), Column("label", CellType.PROSE), Column("normal side")),
        *(Column(name, CellType.MONEY) for name in (("opening", *amounts) if has_opening else amounts)),
        Column("finding"),
    ]
    rows = [
        [
            *([account.accountant] if is_grouped else []),
            *(account.account, account.label, account.normal_side),
            *([account.opening_cents] if has_opening else []),
            *(account.debit, account.credit, account.balance),
            WRONG_SIDE if account.is_on_wrong_side else "",
        ]
        for account in balance.accounts
    ]
    verdict = "balanced" if balance.is_balanced else "NOT balanced"
    opened = [sum(account.opening_cents for account in balance.accounts)] if has_opening else []
    total = sum(account.balance for account in balance.accounts)
    footer = ["all", verdict, "", *opened, balance.debit, balance.credit, total, ""]
    return ReportTable(
        f"{_build_title(balance)}, after batch {balance.batch:,}",
        columns,
        rows,
        ["all", "", *footer[1:]] if is_grouped else footer,
        drop_order=("normal side", "balance", "label"),
    )


def _build_title(balance: TrialBalance) -> str:
    """Return the title without its batch."""
    of_whom = f" of {balance.accountant}" if balance.accountant else ""
    by_whom = " by accountant" if balance.by == BY_ACCOUNTANT and not of_whom else ""
    return f"Trial balance{of_whom}{by_whom}{f' {balance.exercise}' if balance.exercise else ''}"
