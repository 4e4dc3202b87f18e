"""What matching credits needs of the journal and of earlier imports: receivables, and the receipts that exist."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from core.catalog import CATALOG, Family, Stage, list_kinds
from core.senders import BANK
from core.tables.bank_messages import BankStatement
from settlement.reconciliation.bank_queries import RECEIPTS, REVERSALS, SQL, Connection
from settlement.reconciliation.credit_suspense import HandReceipt, KnownSuspense
from settlement.reconciliation.matching_attempts import MatchingAttempt
from settlement.reconciliation.receipt_matching import Receivables

PAGE_REFERENCES = 20_000
"""The references of one query: each page is looked up by the indexes of the journal."""
_RECEIVABLES = list_kinds(lambda kind: kind.family is Family.RECEIVABLE)
_SUSPENSE = list_kinds(lambda kind: kind.family is Family.RECEIPT and kind.reaches is Stage.BY_HAND)
_MOVEMENTS = tuple(kind for kind in _SUSPENSE if CATALOG[kind].name != "suspense_receipt")
"""Debits and returns on suspense."""
_EPOCH = date(1970, 1, 1)


class KnownReceipt(NamedTuple):
    """What a credit collects by an act that exists: the entry of the receivable, and cents."""

    receivable: int
    amount: int


async def load_receivables(connection: Connection, references: pa.Array, *, message: int) -> Receivables:
    """Load the receivables with these references, of any sender and exercise, what is left of each, and who collected.

    What credits of other messages than ``message`` collect counts as collected, also while their acts are not decided.
    """
    receivables = [
        row
        for page in _split_pages(references)
        for row in await connection.fetch(SQL["receivables"], _RECEIVABLES, page)
    ]
    entries = [row["entry_id"] for row in receivables]
    sums: dict[int, int] = {}
    by_hand: set[int] = set()
    for start in range(0, len(entries), PAGE_REFERENCES):
        page = entries[start : start + PAGE_REFERENCES]
        rows = await connection.fetch(
            SQL["taken_of_receivables"], page, min(page), message, RECEIPTS, BANK, REVERSALS
        )
        sums |= {row["receivable"]: row["taken"] for row in rows}
        by_hand.update(row["receivable"] for row in rows if row["by_hand"])
    rests = [max(row["amount"] - sums.get(row["entry_id"], 0), 0) for row in receivables]
    day = np.array([row["day"] for row in receivables], "M8[D]").astype(np.int64)
    return Receivables(
        np.array(entries, np.int64),
        np.array(rests, np.int64),
        day,
        np.array([row["accountant"] for row in receivables], np.int64),
        np.array([entry in by_hand for entry in entries], bool),
        pa.array([row["reference"] for row in receivables], pa.string()),
    )


async def load_posted_receipts(connection: Connection, references: pa.Array) -> dict[str, KnownReceipt]:
    """Load the receipts of the sender bank with these references, from the journal."""
    return {
        row["reference"]: KnownReceipt(row["predecessor"], row["amount"])
        for page in _split_pages(references)
        for row in await connection.fetch(SQL["posted_receipts"], RECEIPTS, page, BANK)
    }


async def load_stored_receipts(connection: Connection, message: int, attempt: int) -> dict[str, KnownReceipt]:
    """Load what an attempt matched, by the reference of the act."""
    rows = await connection.fetch(SQL["stored_receipts"], message, attempt)
    return {row["reference"]: KnownReceipt(row["receivable"], row["amount"]) for row in rows}


async def load_posted_suspense(connection: Connection, references: pa.Array) -> dict[str, KnownSuspense]:
    """Load what is on suspense by acts of the sender bank with these references, and why, from the journal."""
    return {
        row["reference"]: KnownSuspense(row["amount"], row["why"])
        for page in _split_pages(references)
        for row in await connection.fetch(SQL["posted_suspense"], _SUSPENSE, page, BANK)
    }


async def load_stored_suspense(
    connection: Connection, message: int, attempt: int
) -> dict[str, KnownSuspense]:
    """Load what an attempt puts on suspense, by the reference of the act."""
    rows = await connection.fetch(SQL["stored_suspense"], message, attempt)
    return {row["reference"]: KnownSuspense(row["amount"], row["why"]) for row in rows}


async def load_known_movements(connection: Connection, attempt: MatchingAttempt) -> dict[int, KnownSuspense]:
    """Load which debits and returns of a message are on suspense, and why, by row: by a stored attempt, or by acts."""
    number, last, is_stored = attempt
    if not number:
        return {}
    query = SQL["stored_movements" if is_stored else "posted_movements"]
    arguments = (number, last) if is_stored else (number, _MOVEMENTS, BANK)
    rows = await connection.fetch(query, *arguments)
    return {row["row"]: KnownSuspense(row["amount"], row["why"]) for row in rows}


async def load_suspended_rows(connection: Connection, message: int) -> list[int]:
    """Load which movements of ``message`` (0: a new one) are on suspense by acts."""
    rows = await connection.fetch(SQL["posted_movements"], message, _SUSPENSE, BANK) if message else []
    return [row["row"] for row in rows]


async def has_suspense(connection: Connection, message: int) -> bool:
    """Return whether credits of ``message`` (0: a new one) are posted to suspense: no earlier version has stored it."""
    return bool(await connection.fetchval(SQL["has_suspense"], message))


async def has_movement_suspense(connection: Connection, message: int) -> bool:
    """Return whether debits and returns of ``message`` (0: a new one) are posted to suspense: no earlier version stored it."""
    return bool(await connection.fetchval(SQL["has_movement_suspense"], message))


async def load_hand_receipts(
    connection: Connection, receivables: Sequence[int], *, message: int
) -> list[HandReceipt]:
    """Load the receipts of ``receivables`` by others than the bank that are no credits of other messages than ``message``."""
    if not receivables:
        return []
    rows = await connection.fetch(SQL["hand_receipts"], list(receivables), RECEIPTS, BANK, message, REVERSALS)
    return [
        HandReceipt(row["entry_id"], row["predecessor"], row["amount"], (row["day"] - _EPOCH).days)
        for row in rows
    ]


async def load_stored_hand_receipts(connection: Connection, message: int, attempt: int) -> dict[int, int]:
    """Load the receipt that each credit of an attempt is, by the row of its movement."""
    rows = await connection.fetch(SQL["stored_hand_receipts"], message, attempt)
    return {row["row"]: row["entry_id"] for row in rows}


async def find_repeated_statements(
    connection: Connection, statements: Sequence[BankStatement], message: int
) -> list[int]:
    """Return the positions of the statements that another message than ``message`` brought first."""
    accounts = [statement.account for statement in statements]
    identities = [statement.identity for statement in statements]
    rows = await connection.fetch(SQL["repeated_statements"], accounts, identities, message)
    return [row["position"] for row in rows]


def _split_pages(references: pa.Array) -> Iterator[list[str]]:
    for start in range(0, len(references), PAGE_REFERENCES):
        yield references.slice(start, PAGE_REFERENCES).to_pylist()
