"""Bank messages in the database: what is stored of them, and what matching needs of the journal."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

import asyncpg
import msgspec
import numpy as np
from numpy.typing import NDArray

from core.account_roles import Role
from core.catalog import KIND_NUMBERS, Family, Stage, list_kinds
from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from core.sql_files import read_queries
from core.tables.bank_messages import MovementType
from settlement.bank_files.statement_checks import Closing
from settlement.reconciliation.credit_rows import CreditRows, HandReceiptRow, ReceiptRow, SuspenseRow
from settlement.reconciliation.matching_attempts import MatchingAttempt
from settlement.reconciliation.message_rows import (
    AttemptRow,
    ItemRow,
    MessageRow,
    MovementCounts,
    StatementRow,
)
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.year_crossing import DebitEntry

SQL = read_queries("settlement.reconciliation", "queries.sql")
Connection = asyncpg.Connection
STATED_QUERIES: Mapping[str, str] = {name: SQL[name] for name in ("stated", "booked_again")}
"""Parts of queries: the acts of statements, and those of them that book a transfer again."""
_DEBITS = list_kinds(lambda kind: kind.reaches is Stage.DEBITED)
_RETURNS = list_kinds(lambda kind: kind.after is Stage.DEBITED and kind.reaches is Stage.RETURNED)
_IDENTIFIED_DEBITS = list_kinds(lambda kind: kind.reaches is Stage.DEBITED and kind.pairs is not Pairing.NONE)
RECEIPTS = list_kinds(lambda kind: kind.family is Family.RECEIPT and kind.debit is Role.TREASURY)
"""The receipts of money: what collects a receivable, and what is on suspense; an identification moves none."""
REVERSALS = list_kinds(lambda kind: kind.family is Family.RECEIPT_CHANGE)
"""What takes back a receipt by hand."""
UNKNOWN_DEBITS = list_kinds(lambda kind: kind.family is Family.RECEIPT and kind.credit is Role.TREASURY)
"""What the bank debited for no transfer that is known."""
_HARMLESS_REFUSAL = (KIND_NUMBERS["payee_block"], int(Outcome.PAYEE_BLOCKED))
"""Kind and code: to block a payee who is blocked already."""


class PostingState(StrEnum):
    """How far the engine is with a file of acts."""

    UNKNOWN = "unknown"
    """It never had the file."""
    BEGUN = "begun"
    DONE = "done"


class StoredMessage(NamedTuple):
    """A stored message and its last attempt."""

    message: int
    attempt: int
    acts_hash: bytes | None
    counts: MovementCounts


class StoredStatement(NamedTuple):
    """The figures of a stored statement."""

    opening: int | None
    closing: int | None
    day: date | None
    debit_cents: int
    credit_cents: int


class RunAccounts(NamedTuple):
    """The operations accounts that a run pays from, in the order of its acts."""

    firsts: NDArray[np.int64]
    """Row of the first act of each account, in the file of acts."""
    accounts: Sequence[str | None]
    """IBANs; None if the accountant has no account in that exercise."""


class ReportedMovement(NamedTuple):
    """A debit or return of a transfer in the journal."""

    transfer: int
    """Its first entry."""
    sort: int
    """``core.tables.bank_messages.MovementType``."""
    in_statement: bool
    """Whether an earlier statement booked it, or an accountant identified it."""


class UnmatchedSum(msgspec.Struct, frozen=True):
    """The unmatched movements of one reason, or of one type."""

    items: int
    cents: int


class PaymentFileName(NamedTuple):
    """One of our payment files."""

    run: int
    name: str


async def load_stored_message(connection: Connection, file_hash: bytes) -> StoredMessage | None:
    """Return the message of a file; None if the file is new."""
    row = await connection.fetchrow(SQL["message"], file_hash)
    if row is None:
        return None
    number, attempt, acts_hash, *counts = row.values()
    return StoredMessage(number, attempt, acts_hash, MovementCounts(*counts))


async def load_last_closing(connection: Connection, account: str) -> Closing | None:
    """Return the closing balance of the last statement of an account."""
    row = await connection.fetchrow(SQL["last_statement"], account)
    return Closing(row["identity"], row["closing"]) if row else None


async def find_statement(connection: Connection, account: str, identity: str) -> StoredStatement | None:
    """Return a statement by account and identity, if it is stored."""
    row = await connection.fetchrow(SQL["statement"], account, identity)
    return StoredStatement(*row.values()) if row else None


async def load_accountants(connection: Connection) -> dict[int, str]:
    """Return the accountants by number."""
    return {row["id"]: row["code"] for row in await connection.fetch(SQL["accountants"])}


async def load_accounts(connection: Connection) -> list[str]:
    """Return the IBANs of all accounts that runs paid from."""
    return [row["iban"] for row in await connection.fetch(SQL["accounts"])]


async def load_run_accounts(connection: Connection) -> dict[tuple[int, int], RunAccounts]:
    """Return the accounts of all runs, by submission and exercise of their acts."""
    rows = await connection.fetch(SQL["run_accounts"])
    return {
        (row["submission"], row["exercise"]): RunAccounts(np.array(row["firsts"], np.int64), row["accounts"])
        for row in rows
    }


async def load_payee_codes(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Return the codes of payees, by number."""
    rows = await connection.fetch(SQL["payees"], list(numbers))
    return {row["payee"]: row["code"] for row in rows}


async def load_debits(connection: Connection, lines: NDArray[np.int64]) -> dict[int, DebitEntry]:
    """Return the debits of ``lines`` (entries), where there are any."""
    if not lines.size:
        return {}
    rows = await connection.fetch(SQL["debits"], lines.tolist(), _DEBITS, int(lines.min()))
    return {
        row["predecessor"]: DebitEntry(row["entry_id"], row["exercise"], row["kind"] in _IDENTIFIED_DEBITS)
        for row in rows
    }


async def load_unmatched_reasons(
    connection: Connection, messages: Sequence[int]
) -> dict[int, dict[str, UnmatchedSum]]:
    """Return the unmatched movements of messages, by message and name of the reason."""
    reasons: dict[int, dict[str, UnmatchedSum]] = {}
    for row in await connection.fetch(SQL["unmatched_by_reason"], list(messages)):
        unmatched = UnmatchedSum(row["items"], row["cents"])
        reasons.setdefault(row["message"], {})[Mismatch(row["why"]).name] = unmatched
    return reasons


async def load_suspense_types(
    connection: Connection, messages: Sequence[int]
) -> dict[int, dict[str, UnmatchedSum]]:
    """Return what of messages is on suspense, by message and type of the movement."""
    types: dict[int, dict[str, UnmatchedSum]] = {}
    for row in await connection.fetch(SQL["suspense_by_type"], list(messages)):
        name = MovementType(row["sort"]).name.lower()
        types.setdefault(row["message"], {})[name] = UnmatchedSum(row["items"], row["cents"])
    return types


async def has_late_debits(connection: Connection, message: int) -> bool:
    """Return whether returns of a message waited for their debits, and the journal has at least one of them now."""
    query = SQL["has_late_debits"]
    return bool(await connection.fetchval(query, message, Mismatch.NOT_DEBITED, _DEBITS))


async def load_rows_with_reason(
    connection: Connection, attempt: MatchingAttempt, *, reason: int
) -> list[int]:
    """Return the rows of the movements that an attempt lists with a reason."""
    rows = await connection.fetch(SQL["rows_with_reason"], attempt.message, attempt.attempt, reason)
    return [row["row"] for row in rows]


async def load_reported_movements(
    connection: Connection, transfers: Sequence[int], message: int, *, identified: Sequence[int]
) -> list[ReportedMovement]:
    """Return the debits and returns of ``transfers`` in the journal; ``identified`` are the kinds of what was on suspense."""
    query = SQL["reported_movements"].format(**STATED_QUERIES)
    kinds = (_DEBITS, _RETURNS, list(identified))
    rows = await connection.fetch(query, list(transfers), *kinds, min(transfers), message)
    return [ReportedMovement(*row.values()) for row in rows]


async def load_followed_transfers(
    connection: Connection, transfers: Sequence[int], kinds: Sequence[int]
) -> set[int]:
    """Return which of ``transfers``, by their first entries, acts of ``kinds`` follow."""
    rows = await connection.fetch(SQL["followed_transfers"], list(transfers), list(kinds))
    return {row["predecessor"] for row in rows}


async def load_return_reasons(connection: Connection, transfers: Sequence[int]) -> dict[int, str]:
    """Return the bank's reason for each of ``transfers`` that it rejected or returned."""
    rows = await connection.fetch(SQL["return_reasons"], list(transfers))
    return {row["entry_id"]: row["reason"] for row in rows}


async def load_returned_payees(connection: Connection, reasons: Sequence[str]) -> list[Mapping[str, Any]]:
    """Return number, code and name of the payees with a transfer that failed for one of ``reasons``."""
    return [dict(row) for row in await connection.fetch(SQL["returned_payees"], list(reasons))]


async def load_posting_state(connection: Connection, acts_hash: bytes) -> PostingState:
    """Return how far the engine is with a file of acts."""
    return PostingState(await connection.fetchval(SQL["posting_state"], acts_hash))


async def load_refused_acts(
    connection: Connection, files: Sequence[bytes] | None, limit: int | None = None
) -> list[Mapping[str, Any]]:
    """Return acts from bank files that the journal refused and did not accept since: of ``files`` of acts, or of all.

    If of all, acts that a further statement books again on the same day are included, without a code.
    """
    query = SQL["refused_acts"].format(**STATED_QUERIES)
    rows = await connection.fetch(query, limit, *_HARMLESS_REFUSAL, files, [*RECEIPTS, *UNKNOWN_DEBITS])
    return [dict(row) for row in rows]


async def find_payment_file(connection: Connection, message: str) -> PaymentFileName | None:
    """Return which of our payment files has the message id."""
    row = await connection.fetchrow(SQL["payment_file"], message)
    return PaymentFileName(row["run"], row["name"]) if row else None


async def insert_message(
    connection: Connection, message: MessageRow, statements: Iterable[StatementRow]
) -> int:
    """Store a message and its statements; return its number.  The transaction must hold ``lock_messages``."""
    number: Any = await connection.fetchval(SQL["insert_message"], *message)
    for statement in statements:
        await connection.execute(SQL["insert_statement"], number, *statement)
    return int(number)


async def insert_attempt(
    connection: Connection, attempt: AttemptRow, items: Iterable[ItemRow], *, credit_rows: CreditRows
) -> None:
    """Store how a message was matched."""
    await connection.execute(SQL["insert_attempt"], *attempt)
    await connection.copy_records_to_table("bank_item", records=items, columns=list(ItemRow._fields))
    tables = (
        ("bank_receipt", credit_rows.receipts, ReceiptRow._fields),
        ("bank_suspense", credit_rows.suspense, SuspenseRow._fields),
        ("bank_hand_receipt", credit_rows.hand_receipts, HandReceiptRow._fields),
    )
    for table, rows, columns in tables:
        await connection.copy_records_to_table(table, records=rows, columns=list(columns))


async def lock_messages(connection: Connection) -> None:
    """Prevent others from storing messages until the transaction ends."""
    await connection.execute(SQL["lock_messages"])
