"""How the operations accounts stand: books and bank to the cent, what is in transit, and what needs somebody's eye.

Books are those of the bank's last statement: what was opened with, less what was debited, plus what came back, up to its
day.  What the bank moved and the journal has not is told beside them; nothing else may lie between (A56).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from core.accountants import Accountants
from core.catalog import CATALOG, KIND_NUMBERS
from core.outcome_codes import Outcome
from core.tables.bank_messages import MovementType
from settlement.reconciliation import bank_queries
from settlement.reconciliation.mismatch import MISMATCH_TEXTS, Mismatch

_REMITTING_KINDS = tuple(number for number, kind in enumerate(CATALOG) if kind.remits)
_DEBIT, _RETURN, _REJECT = (KIND_NUMBERS[name] for name in ("bank_debit", "bank_return", "bank_reject"))
_CREDIT_TYPES = (int(MovementType.CREDIT), int(MovementType.RETURN))
_TYPE_NAMES: Mapping[MovementType, str] = {
    MovementType.DEBIT: "debit",
    MovementType.CREDIT: "credit",
    MovementType.RETURN: "return",
    MovementType.REJECT: "reject",
}
_BOOKED_AGAIN = "another statement books it that day: ask the bank whether it moved twice"


class AccountStatus(msgspec.Struct, frozen=True, kw_only=True):
    """An operations account.  Amounts are cents."""

    account: str
    statement: str | None
    """The last one; none where the bank has not told of the account yet."""
    day: date | None
    bank: int | None
    """What it closed with."""
    books: int | None
    unmatched: int
    """Net, on statements."""
    unmatched_items: int
    refused: int
    """Net of what the journal refused."""
    refused_lines: int
    transit: int
    """Sent, and neither debited nor refused by the bank."""
    transit_items: int

    @property
    def difference(self) -> int:
        """Cents that nothing explains."""
        return 0 if self.bank is None else self.bank - (self.books or 0) - self.unmatched - self.refused


class ReturnsByReason(msgspec.Struct, frozen=True):
    """What came back, or was refused, for a reason."""

    reason: str
    sort: str
    items: int
    cents: int


class AccountsReport(msgspec.Struct, frozen=True):
    """All accounts, and what came back."""

    accounts: list[AccountStatus]
    back: list[ReturnsByReason]
    agrees: bool


class TransferInTransit(msgspec.Struct, frozen=True):
    """A transfer that the bank has not answered for."""

    transfer: int
    amount: int
    day: date
    reference: str
    account: str


class UnmatchedMovement(msgspec.Struct, frozen=True):
    """A movement that is not posted, and why."""

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


AccountantsByYear = Mapping[int, Accountants]


async def load_accounts_report(
    connection: bank_queries.Connection, years: AccountantsByYear
) -> AccountsReport:
    """How the accounts stand."""
    rows = await connection.fetch(
        _build_transfers_query("standing"),
        *_list_assigned_accounts(years),
        _REMITTING_KINDS,
        _DEBIT,
        _RETURN,
        _REJECT,
        _CREDIT_TYPES,
    )
    names = AccountStatus.__struct_fields__
    accounts = [AccountStatus(**{name: row[name] for name in names}) for row in rows]
    found = await connection.fetch(bank_queries.SQL["back"])
    back = [
        ReturnsByReason(row["reason"], _TYPE_NAMES[MovementType(row["sort"])], row["items"], row["cents"])
        for row in found
    ]
    return AccountsReport(accounts, back, not any(each.difference for each in accounts))


async def load_in_transit(
    connection: bank_queries.Connection, years: AccountantsByYear, limit: int
) -> list[TransferInTransit]:
    """The first ``limit`` transfers that the bank has not answered for."""
    rows = await connection.fetch(
        _build_transfers_query("in_transit"),
        *_list_assigned_accounts(years),
        _REMITTING_KINDS,
        _DEBIT,
        _REJECT,
        limit,
    )
    return [TransferInTransit(*row.values()) for row in rows]


async def load_unmatched(connection: bank_queries.Connection, limit: int) -> list[UnmatchedMovement]:
    """The first ``limit`` movements that did not match, and acts that were refused."""
    rows = await connection.fetch(bank_queries.SQL["unmatched"], limit)
    found = [_describe_unmatched(dict(row)) for row in rows]
    return found + [
        _describe_refused(row) for row in await bank_queries.load_refused_acts(connection, None, limit)
    ]


def _describe_unmatched(row: dict[str, Any]) -> UnmatchedMovement:
    why = Mismatch(row.pop("why"))
    sort = _TYPE_NAMES[MovementType(row.pop("sort"))]
    return UnmatchedMovement(**row, sort=sort, why=why.name, finding=MISMATCH_TEXTS[why])


def _describe_refused(row: Mapping[str, Any]) -> UnmatchedMovement:
    """An act that the journal refused, as crescendo report refusals tells; without a code, one that it has already."""
    kind, why, finding = CATALOG[row["kind"]], Mismatch.TWICE.name, _BOOKED_AGAIN
    if row["code"] is not None:
        why, finding = Outcome(row["code"]).name, "the journal refused it"
    return UnmatchedMovement(
        file=row["file"], statement=row["statement"], account="", item=0, sort=kind.name, amount=row["amount"], day=None,
        reason="", transfer=int(row["reference"][1:]), why=why, finding=finding, end_to_end="",
    )  # fmt: skip


def _build_transfers_query(name: str) -> str:
    """A query that begins with what was sent, and from which account."""
    sent = bank_queries.SQL["transfers"].format(leaving=bank_queries.SQL["leaving"])
    return bank_queries.SQL[name].format(transfers=sent, **bank_queries.STATED_QUERIES)


def _list_assigned_accounts(years: AccountantsByYear) -> tuple[list[int], list[str], list[str]]:
    """Exercise, fund centre and operations account, for every centre of every year."""
    told = [
        (year, centre, each.accountants[code].iban)
        for year, each in years.items()
        for centre, code in each.by_centre.items()
    ]
    exercises, centres, accounts = (
        (list(column) for column in zip(*told, strict=True)) if told else ([], [], [])
    )
    return exercises, centres, accounts
