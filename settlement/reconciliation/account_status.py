"""How the operations accounts stand: books and bank to the cent, what is in transit, and what needs somebody's eye.

Books are those of the bank's last statement: what was opened with, less what was debited, plus what came back, up to its
day.  What the bank moved and the journal has not is told beside them; nothing else may lie between (A56).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from core.accountants import Accountants
from core.catalog import CATALOG, KIND_NUMBER
from core.outcome_codes import Outcome
from core.tables.bank_messages import Sort
from settlement.reconciliation import bank_queries
from settlement.reconciliation.mismatch import FINDINGS, Mismatch

_SENDS = tuple(number for number, kind in enumerate(CATALOG) if kind.remits)
_DEBIT, _RETURN, _REJECT = (KIND_NUMBER[name] for name in ("bank_debit", "bank_return", "bank_reject"))
_CREDITS = (int(Sort.CREDIT), int(Sort.RETURN))
_SAID: Mapping[Sort, str] = {
    Sort.DEBIT: "debit",
    Sort.CREDIT: "credit",
    Sort.RETURN: "return",
    Sort.REJECT: "reject",
}
_ANOTHER = "another statement books it that day: ask the bank whether it moved twice"


class Account(msgspec.Struct, frozen=True, kw_only=True):
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


class Back(msgspec.Struct, frozen=True):
    """What came back, or was refused, for a reason."""

    reason: str
    sort: str
    items: int
    cents: int


class Standing(msgspec.Struct, frozen=True):
    """All accounts, and what came back."""

    accounts: list[Account]
    back: list[Back]
    agrees: bool


class InTransit(msgspec.Struct, frozen=True):
    """A transfer that the bank has not answered for."""

    transfer: int
    amount: int
    day: date
    reference: str
    account: str


class Unmatched(msgspec.Struct, frozen=True):
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


Years = Mapping[int, Accountants]


async def standing(connection: bank_queries.Connection, years: Years) -> Standing:
    """How the accounts stand."""
    rows = await connection.fetch(
        _of_transfers("standing"), *_assigned(years), _SENDS, _DEBIT, _RETURN, _REJECT, _CREDITS
    )
    names = Account.__struct_fields__
    accounts = [Account(**{name: row[name] for name in names}) for row in rows]
    found = await connection.fetch(bank_queries.SQL["back"])
    back = [Back(row["reason"], _SAID[Sort(row["sort"])], row["items"], row["cents"]) for row in found]
    return Standing(accounts, back, not any(each.difference for each in accounts))


async def in_transit(connection: bank_queries.Connection, years: Years, limit: int) -> list[InTransit]:
    """The first ``limit`` transfers that the bank has not answered for."""
    rows = await connection.fetch(
        _of_transfers("in_transit"), *_assigned(years), _SENDS, _DEBIT, _REJECT, limit
    )
    return [InTransit(*row.values()) for row in rows]


async def unmatched(connection: bank_queries.Connection, limit: int) -> list[Unmatched]:
    """The first ``limit`` movements that did not match, and acts that were refused."""
    rows = await connection.fetch(bank_queries.SQL["unmatched"], limit)
    found = [_unmatched(dict(row)) for row in rows]
    return found + [_refused(row) for row in await bank_queries.refused(connection, None, limit)]


def _unmatched(row: dict[str, Any]) -> Unmatched:
    why = Mismatch(row.pop("why"))
    sort = _SAID[Sort(row.pop("sort"))]
    return Unmatched(**row, sort=sort, why=why.name, finding=FINDINGS[why])


def _refused(row: Mapping[str, Any]) -> Unmatched:
    """An act that the journal refused, as crescendo report refusals tells; without a code, one that it has already."""
    kind, why, finding = CATALOG[row["kind"]], Mismatch.TWICE.name, _ANOTHER
    if row["code"] is not None:
        why, finding = Outcome(row["code"]).name, "the journal refused it"
    return Unmatched(
        file=row["file"], statement=row["statement"], account="", item=0, sort=kind.name, amount=row["amount"], day=None,
        reason="", transfer=int(row["reference"][1:]), why=why, finding=finding, end_to_end="",
    )  # fmt: skip


def _of_transfers(name: str) -> str:
    """A query that begins with what was sent, and from which account."""
    sent = bank_queries.SQL["transfers"].format(leaving=bank_queries.SQL["leaving"])
    return bank_queries.SQL[name].format(transfers=sent, **bank_queries.STATED)


def _assigned(years: Years) -> tuple[list[int], list[str], list[str]]:
    """Exercise, fund centre and operations account, for every centre of every year."""
    told = [
        (year, centre, each.accountants[code].iban)
        for year, each in years.items()
        for centre, code in each.assigned.items()
    ]
    exercises, centres, accounts = (
        (list(column) for column in zip(*told, strict=True)) if told else ([], [], [])
    )
    return exercises, centres, accounts
