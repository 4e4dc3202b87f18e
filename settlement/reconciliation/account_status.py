"""Status of the operations accounts: books and bank to the cent, transfers in transit, and unmatched movements.

The books are as of the bank's last statement: the opening balance, less debits, plus returns and what statements collected and
put on suspense, up to its day.  Movements that the journal does not have are listed beside them; nothing else may explain a
difference (rule A56).  Two figures stand apart: what the first statement opens with beyond the books, and receipts by hand
that are no credit yet.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec

from core.account_roles import Role
from core.catalog import CATALOG, Family, Stage, list_kinds
from core.outcome_codes import Outcome
from core.tables.bank_messages import MovementType
from settlement.reconciliation import bank_queries
from settlement.reconciliation.mismatch import MISMATCH_TEXTS, Mismatch
from settlement.reconciliation.transfer_accounts import AccountantsByYear, load_own_accounts

_REMITTING = list_kinds(lambda kind: kind.remits)
_DEBITS = list_kinds(lambda kind: kind.reaches is Stage.DEBITED)
_OF_TREASURY = list_kinds(lambda kind: kind.reaches is Stage.DEBITED and kind.credit is Role.TREASURY)
_RETURNS = list_kinds(lambda kind: kind.after is Stage.DEBITED and kind.debit is Role.TREASURY)
_ALL_RETURNS = list_kinds(lambda kind: kind.after is Stage.DEBITED and kind.reaches is Stage.RETURNED)
_REJECTS = list_kinds(lambda kind: kind.after is Stage.IN_TRANSIT and kind.reaches is Stage.RETURNED)
_OPENINGS = list_kinds(lambda kind: kind.family is Family.OPENING)
_CREDIT_TYPES = (int(MovementType.CREDIT), int(MovementType.RETURN))
_TYPE_NAMES: Mapping[MovementType, str] = {
    MovementType.DEBIT: "debit",
    MovementType.CREDIT: "credit",
    MovementType.RETURN: "return",
    MovementType.REJECT: "reject",
}
_BOOKED_AGAIN = "another statement books it on that day: ask the bank whether it moved twice"


class AccountStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The status of an operations account.  Amounts are cents."""

    account: str
    statement: str | None
    """The last one; None if there is no statement of the account yet."""
    day: date | None
    bank: int | None
    """Closing balance of the statement."""
    books: int | None
    unmatched: int
    """Net of the unmatched movements on statements."""
    unmatched_items: int
    refused: int
    """Net of the acts that the journal refused."""
    refused_lines: int
    transit: int
    """Transfers sent that the bank has neither debited nor rejected."""
    transit_items: int
    unopened: int | None = None
    """What the bank's first statement opens with, less what the closing opened in the books; None without a statement."""
    by_hand: int = 0
    """Receipts that the accountant posted by hand, and that are no credit of the bank yet: by the day of its last
    statement, or all without one."""
    by_hand_items: int = 0

    @property
    def difference(self) -> int:
        """Cents that remain unexplained."""
        return 0 if self.bank is None else self.bank - (self.books or 0) - self.unmatched - self.refused


class ReturnsByReason(msgspec.Struct, frozen=True):
    """Transfers that were returned or rejected for one reason."""

    reason: str
    sort: str
    items: int
    cents: int


class AccountsReport(msgspec.Struct, frozen=True):
    """The status of our accounts, and the returns and rejections by reason."""

    accounts: list[AccountStatus]
    back: list[ReturnsByReason]
    agrees: bool
    """Whether books and bank agree, and the bank has given back what it rejected and debited."""
    foreign: list[AccountStatus] = []
    """Accounts that are not ours, of which statements were imported: no books can agree with them."""
    rejected_debits: int = 0
    """Transfers that the bank rejected although it had debited them, and has not returned."""

    @property
    def has_statements(self) -> bool:
        """Whether a statement of any of our accounts was imported: without one nothing is compared."""
        return any(account.statement is not None for account in self.accounts)


class TransferInTransit(msgspec.Struct, frozen=True):
    """A transfer that the bank has neither debited nor rejected."""

    transfer: int
    amount: int
    day: date
    reference: str
    account: str


class UnmatchedMovement(msgspec.Struct, frozen=True):
    """A movement that is not posted, and the reason."""

    file: str
    statement: str
    account: str
    item: int
    sort: str
    amount: int
    day: date | None
    reason: str
    transfer: int
    why: str
    finding: str
    end_to_end: str


class AccountUpToDay(NamedTuple):
    """What concerns an operations account up to a day.  Amounts are cents."""

    bank: int | None
    """Closing balance of a statement of that very day; None without one."""
    last_bank: int | None
    """Closing balance of the last statement up to the day; None without one."""
    unmatched: int
    """Net of the unmatched movements up to the day."""
    unmatched_items: int
    by_hand: int
    """Receipts by hand up to the day that are no credit of the bank yet."""
    by_hand_items: int
    late_credits: int
    """Receipts by hand up to the day that are credits which the bank booked after it."""
    late_credit_items: int


class ReportUpToDay(NamedTuple):
    """The status of our accounts, and what concerns each up to a day."""

    report: AccountsReport
    accounts: Mapping[str, AccountUpToDay]


async def load_accounts_report(
    connection: bank_queries.Connection, years: AccountantsByYear
) -> AccountsReport:
    """Load the status of all accounts, ours and others."""
    return (await load_report_up_to_day(connection, years, date.max)).report


async def load_report_up_to_day(
    connection: bank_queries.Connection, years: AccountantsByYear, day: date
) -> ReportUpToDay:
    """Load the status of all accounts, ours and others, and what concerns each up to a day."""
    rows = await connection.fetch(
        _build_transfers_query("accounts_report"),
        *_list_accounts(years),
        _REMITTING,
        _DEBITS,
        _RETURNS,
        _REJECTS,
        _CREDIT_TYPES,
        bank_queries.RECEIPTS,
        _OPENINGS,
        bank_queries.UNKNOWN_DEBITS,
        _OF_TREASURY,
        bank_queries.REVERSALS,
        day,
    )
    fields = AccountStatus.__struct_fields__
    accounts = [AccountStatus(**{name: row[name] for name in fields}) for row in rows]
    up_to_day = {
        row["account"]: AccountUpToDay(*(row[f"day_{name}"] for name in AccountUpToDay._fields))
        for row in rows
    }
    return ReportUpToDay(await _build_report(connection, years, accounts), up_to_day)


async def _build_report(
    connection: bank_queries.Connection, years: AccountantsByYear, accounts: list[AccountStatus]
) -> AccountsReport:
    rows = await connection.fetch(bank_queries.SQL["returns_by_reason"])
    back = [
        ReturnsByReason(row["reason"], _TYPE_NAMES[MovementType(row["sort"])], row["items"], row["cents"])
        for row in rows
    ]
    own = await load_own_accounts(connection, years)
    own_accounts = [account for account in accounts if account.account in own]
    foreign = [account for account in accounts if account.account not in own]
    arguments = (Mismatch.DEBITED, _DEBITS, _ALL_RETURNS)
    rejected_debits = int(
        await connection.fetchval(bank_queries.SQL["unreturned_rejections"], *arguments) or 0
    )
    agrees = not any(account.difference for account in own_accounts) and not rejected_debits
    return AccountsReport(own_accounts, back, agrees, foreign, rejected_debits)


async def load_in_transit(
    connection: bank_queries.Connection, years: AccountantsByYear, limit: int
) -> list[TransferInTransit]:
    """Load the first ``limit`` transfers that the bank has neither debited nor rejected."""
    rows = await connection.fetch(
        _build_transfers_query("in_transit"),
        *_list_accounts(years),
        _REMITTING,
        _DEBITS,
        _REJECTS,
        limit,
    )
    return [TransferInTransit(*row.values()) for row in rows]


async def load_unmatched_movements(
    connection: bank_queries.Connection, limit: int
) -> list[UnmatchedMovement]:
    """Load the first ``limit`` unmatched movements, and as many acts that the journal refused."""
    rows = await connection.fetch(bank_queries.SQL["unmatched"], limit)
    refused = await bank_queries.load_refused_acts(connection, None, limit)
    return [_describe_unmatched_movement(dict(row)) for row in rows] + [
        _describe_refusals(row) for row in refused
    ]


def _describe_unmatched_movement(row: dict[str, Any]) -> UnmatchedMovement:
    mismatch = Mismatch(row.pop("why"))
    type_name = _TYPE_NAMES[MovementType(row.pop("sort"))]
    return UnmatchedMovement(**row, sort=type_name, why=mismatch.name, finding=MISMATCH_TEXTS[mismatch])


def _describe_refusals(row: Mapping[str, Any]) -> UnmatchedMovement:
    """Describe an act that the journal refused; one without a code is in the journal already."""
    kind, reason, finding = CATALOG[row["kind"]], Mismatch.TWICE.name, _BOOKED_AGAIN
    if row["code"] is not None:
        reason, finding = Outcome(row["code"]).name, "the journal refused it"
    number = row["reference"][1:]
    return UnmatchedMovement(
        file=row["file"], statement=row["statement"], account="", item=0, sort=kind.name, amount=row["amount"], day=None,
        reason="", transfer=int(number) if number.isdecimal() else 0, why=reason, finding=finding, end_to_end="",
    )  # fmt: skip


def _build_transfers_query(name: str) -> str:
    """Return a query that starts with the sent transfers and their accounts."""
    transfers = bank_queries.SQL["transfers"].format(run_accounts=bank_queries.SQL["run_accounts"])
    return bank_queries.SQL[name].format(transfers=transfers, **bank_queries.STATED_QUERIES)


def _list_accounts(years: AccountantsByYear) -> tuple[list[int], list[str], list[str]]:
    """Return exercises, accountants and operations accounts, for every accountant of every year."""
    rows = [
        (year, accountant.code, accountant.iban)
        for year, of_year in years.items()
        for accountant in of_year.accountants.values()
    ]
    exercises, codes, accounts = (
        (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [])
    )
    return exercises, codes, accounts
