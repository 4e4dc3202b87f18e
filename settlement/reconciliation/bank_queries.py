"""Messages of the bank in the database: what is known of them, what they name, and what is stored of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from core.sql_files import read_queries
from posting.pgcopy import HEADER, TRAILER, decode
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.sent_transfers import SentLines, SentTransfers, group_transfers
from settlement.reconciliation.year_crossing import DebitEntry

SQL = read_queries("settlement.reconciliation", "queries.sql")
Connection = asyncpg.Connection
GAP_ENTRIES = 50_000
"""Entries that are read for nothing rather than by another query."""
LINES_AHEAD = 1_000
_ITEM = (
    "message", "attempt", "row", "statement", "item", "sort", "amount", "day", "reason", "entry_id", "why", "end_to_end",
)  # fmt: skip
"""A transfer of several lines ends within as many entries."""
STATED_QUERIES: Mapping[str, str] = {name: SQL[name] for name in ("stated", "again")}
"""Parts of queries: acts of statements, and which of them book a transfer again."""
_HARMLESS_REFUSAL = (KIND_NUMBERS["payee_block"], int(Outcome.PAYEE_BLOCKED))
"""Kind and code: whoever is blocked need not be blocked once more."""


class StoredMessage(NamedTuple):
    """A message that is known: its number, its last attempt, and the acts of that."""

    message: int
    attempt: int
    acts_hash: bytes | None
    counts: Sequence[int]
    """Debits, returns, rejects, what did not match, and its cents."""


class RunAccounts(NamedTuple):
    """Operations accounts of a run, by the row of its file of acts from which on they are paid from."""

    firsts: NDArray[np.int64]
    accounts: Sequence[str | None]
    """None where the accountant has none in that exercise."""


async def load_stored_message(connection: Connection, file_hash: bytes) -> StoredMessage | None:
    """What is known of a file."""
    row = await connection.fetchrow(SQL["message"], file_hash)
    if row is None:
        return None
    number, attempt, acts_hash, *counts = row.values()
    return StoredMessage(number, attempt, acts_hash, counts)


async def load_last_closing(connection: Connection, account: str) -> tuple[str, int] | None:
    """The last statement of an account, and what it closed with."""
    row = await connection.fetchrow(SQL["last_statement"], account)
    return (row["identity"], row["closing"]) if row else None


async def find_same_statement(
    connection: Connection, account: str, identity: str
) -> Mapping[str, Any] | None:
    """A statement of that account and name, if there is one."""
    row = await connection.fetchrow(SQL["same_statement"], account, identity)
    return dict(row) if row else None


async def load_sent_transfers(connection: Connection, entries: NDArray[np.int64]) -> SentTransfers:
    """The transfers that ``entries`` name, and what stands beside them in the journal."""
    parts: list[bytes] = []

    async def keep(data: bytes) -> None:
        parts.append(data)

    for first, last in _find_ranges(np.unique(entries[entries > 0])):
        query = SQL["sent"].format(first, last)
        before = len(parts)
        await connection.copy_from_query(query, output=keep, format="binary")
        parts[before:] = [_strip_copy_frame(b"".join(parts[before:]))]
    rows, texts = decode(SentLines, b"".join([HEADER, *parts, TRAILER]), 1)
    return group_transfers(rows, texts)


def _strip_copy_frame(stream: bytes) -> bytes:
    return stream[len(HEADER) : -len(TRAILER)]


def _find_ranges(entries: NDArray[np.int64]) -> Iterable[tuple[int, int]]:
    """Ranges that hold all ``entries`` (ascending), without much between them, and never the same twice."""
    if not entries.size:
        return
    breaks = np.flatnonzero(np.diff(entries) > GAP_ENTRIES)
    firsts, lasts = entries[np.append(0, breaks + 1)], entries[np.append(breaks, entries.size - 1)]
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        yield first, last + LINES_AHEAD


async def load_centres(connection: Connection, cells: NDArray[np.int32]) -> dict[int, str]:
    """The fund centre of each account assignment."""
    rows = await connection.fetch(SQL["centres"], np.unique(cells).tolist())
    return {row["cell"]: row["code"] for row in rows}


async def load_accounts(connection: Connection) -> list[str]:
    """All accounts that runs were paid from, by their IBAN."""
    return [row["iban"] for row in await connection.fetch(SQL["accounts"])]


async def load_run_accounts(connection: Connection) -> dict[tuple[int, int], RunAccounts]:
    """From which accounts the entries of runs leave, by submission and exercise."""
    rows = await connection.fetch(SQL["leaving"])
    return {
        (row["submission"], row["exercise"]): RunAccounts(np.array(row["firsts"], np.int64), row["accounts"])
        for row in rows
    }


async def load_payee_codes(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """The codes of payees."""
    rows = await connection.fetch(SQL["payees"], list(numbers))
    return {row["payee"]: row["code"] for row in rows}


async def load_debits(connection: Connection, lines: NDArray[np.int64]) -> dict[int, DebitEntry]:
    """The debit of each of ``lines`` that has one."""
    if not lines.size:
        return {}
    rows = await connection.fetch(SQL["debits"], lines.tolist(), KIND_NUMBERS["bank_debit"], int(lines.min()))
    return {row["predecessor"]: DebitEntry(row["entry_id"], row["exercise"]) for row in rows}


async def has_late_debits(connection: Connection, message: int) -> bool:
    """Whether returns of a message waited for debits, and the journal has one of those now."""
    found: Any = await connection.fetchval(
        SQL["late"], message, Mismatch.NOT_DEBITED, KIND_NUMBERS["bank_debit"]
    )
    return bool(found)


async def load_return_reasons(connection: Connection, transfers: Sequence[int]) -> dict[int, str]:
    """The bank's reason for each of ``transfers`` that it refused or sent back."""
    rows = await connection.fetch(SQL["reasons_back"], list(transfers))
    return {row["entry_id"]: row["reason"] for row in rows}


async def load_returned_payees(connection: Connection, reasons: Sequence[str]) -> list[Mapping[str, Any]]:
    """Number, code and name of the payees whose transfers came back for one of ``reasons``."""
    return [dict(row) for row in await connection.fetch(SQL["payees_back"], list(reasons))]


async def load_posting_state(connection: Connection, acts_hash: bytes) -> str:
    """How far the engine is with a file of acts: it is ``unknown`` to it, ``begun``, or ``done``."""
    state: Any = await connection.fetchval(SQL["posting"], acts_hash)
    return str(state)


async def load_refused_acts(
    connection: Connection, files: Sequence[bytes] | None, limit: int | None = None
) -> list[Mapping[str, Any]]:
    """Acts of the bank's answers that the journal refused and has not accepted since: of ``files`` of acts, or of all.

    Of all, also what a further statement booked on the day of the first; that has no code.
    """
    rows = await connection.fetch(SQL["refused"].format(**STATED_QUERIES), limit, *_HARMLESS_REFUSAL, files)
    return [dict(row) for row in rows]


async def find_payment_file(connection: Connection, message: str) -> tuple[int, str] | None:
    """The run and name of a payment file of ours."""
    row = await connection.fetchrow(SQL["payment_file"], message)
    return (row["run"], row["name"]) if row else None


async def insert_message(
    connection: Connection, message: Sequence[Any], statements: Iterable[Sequence[Any]]
) -> int:
    """Store a message and its statements; its number.  Within a transaction that holds ``lock``."""
    number: Any = await connection.fetchval(SQL["insert_message"], *message)
    for each in statements:
        await connection.execute(SQL["insert_statement"], number, *each)
    return int(number)


async def insert_attempt(
    connection: Connection, attempt: Sequence[Any], items: Iterable[Sequence[Any]]
) -> None:
    """Store how a message was matched."""
    await connection.execute(SQL["insert_attempt"], *attempt)
    columns = [
        "message",
        "attempt",
        "row",
        "statement",
        "item",
        "sort",
        "amount",
        "day",
        "reason",
        "entry_id",
        "why",
        "end_to_end",
    ]
    await connection.copy_records_to_table("bank_item", records=items, columns=columns)


async def lock_messages(connection: Connection) -> None:
    """Let no other message be stored until the transaction ends."""
    await connection.execute(SQL["lock"])
