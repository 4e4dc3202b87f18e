"""The result of preparing a bank message, and the database rows that are stored of it."""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import numpy as np

from core.tables.bank_messages import (
    BankMessage,
    BulkStatus,
    MovementType,
    read_end_to_end_id,
    unpack_code,
)
from settlement.reconciliation.credit_suspense import HandReceipts, MovementSuspense
from settlement.reconciliation.matching import Matches
from settlement.reconciliation.mismatch import Mismatch
from settlement.reconciliation.receipt_matching import CreditReceipts

_BATCH_ID_CHARACTERS = 35
_TEXT_CHARACTERS = 140
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._:/+()-]")


class MovementCounts(NamedTuple):
    """How many movements of a message were matched, by type, and the rest."""

    debits: int
    returns: int
    rejects: int
    unmatched: int
    unmatched_cents: int
    receipts: int = 0
    """Credits that collect a receivable, whole or in part."""
    receipt_cents: int = 0
    suspense: int = 0
    """Credits that are posted to suspense, whole or in part; they count as unmatched too."""
    suspense_cents: int = 0


class PreparedMessage(NamedTuple):
    """A message that is matched, with its acts, before it is stored."""

    message: BankMessage
    unknown: tuple[BulkStatus, ...]
    """Rejections of messages or lots that are not ours."""
    matches: Matches
    receipts: CreditReceipts
    suspense: MovementSuspense
    hand_receipts: HandReceipts
    counts: MovementCounts
    batch_id: str
    acts: int
    """Lines of acts."""
    acts_hash: bytes | None
    """SHA-256 of the file of acts; None if there are none."""


class MessageRow(NamedTuple):
    """A row of ``bank_message``, without its number."""

    format: str
    identity: str
    file_name: str
    file_hash: bytes
    size_bytes: int
    statements: int
    movements: int


class StatementRow(NamedTuple):
    """A row of ``bank_statement``, without the number of its message."""

    statement: int
    identity: str
    account: str
    day: date | None
    opening: int | None
    closing: int | None
    unbooked: int
    movements: int
    debit_cents: int
    credit_cents: int


class AttemptRow(NamedTuple):
    """A row of ``bank_attempt``."""

    message: int
    attempt: int
    debits: int
    returns: int
    rejects: int
    unmatched: int
    unmatched_cents: int
    receipts: int
    receipt_cents: int
    suspense: int
    suspense_cents: int
    acts: int
    acts_hash: bytes | None
    batch_id: str
    person_decision: int | None
    """The proof of who imported the message; None where names are not proved yet."""


class ItemRow(NamedTuple):
    """A row of ``bank_item``: a movement that somebody may have to look at."""

    message: int
    attempt: int
    row: int
    statement: int
    item: int
    sort: int
    amount: int
    day: date
    reason: str
    entry_id: int
    why: int
    end_to_end: str


def build_message_row(
    message: BankMessage, file_name: str, file_hash: bytes, *, size_bytes: int
) -> MessageRow:
    """Build the row of a message."""
    return MessageRow(
        message.format,
        message.identity[:_TEXT_CHARACTERS],
        file_name,
        file_hash,
        size_bytes,
        len(message.statements),
        int(message.movements.amount.size),
    )


def build_statement_rows(message: BankMessage) -> Iterator[StatementRow]:
    """Build the rows of the statements of a message."""
    movements, count = message.movements, len(message.statements)
    sums = np.zeros((len(MovementType) + 1, count), np.int64)
    np.add.at(sums, (movements.sort, movements.statement), movements.amount)
    movement_counts = np.bincount(movements.statement, minlength=count).tolist()
    debits = sums[MovementType.DEBIT].tolist()
    credits_ = (sums[MovementType.CREDIT] + sums[MovementType.RETURN]).tolist()
    for number, statement in enumerate(message.statements):
        yield StatementRow(
            number,
            statement.identity[:_TEXT_CHARACTERS],
            statement.account,
            _to_date(statement.day) if statement.day else None,
            statement.opening,
            statement.closing,
            statement.unbooked,
            movement_counts[number],
            debits[number],
            credits_[number],
        )


def build_attempt_row(
    message: int, attempt: int, prepared: PreparedMessage, *, proof: int | None
) -> AttemptRow:
    """Build the row of an attempt to match a message; ``proof`` is that of who imported it."""
    acts = (prepared.acts, prepared.acts_hash, prepared.batch_id)
    return AttemptRow(message, attempt, *prepared.counts, *acts, proof)


def build_item_rows(message: int, attempt: int, prepared: PreparedMessage) -> list[ItemRow]:
    """Build the rows of all movements except matched debits, and of unknown bulk rejections."""
    bank_message, matches = prepared.message, prepared.matches
    movements, report = bank_message.movements, bank_message.statements[0]
    is_kept = ~matches.is_matched | (matches.movement_type != MovementType.DEBIT)
    rest = movements.amount - np.where(matches.is_matched, 0, prepared.receipts.spread(movements.amount.size))
    items = [
        ItemRow(
            message,
            attempt,
            row,
            int(movements.statement[row]),
            int(movements.item[row]),
            int(matches.movement_type[row]),
            int(rest[row]),
            _to_date(int(movements.day[row])),
            unpack_code(movements.reason[row]),
            int(matches.entry[row]),
            int(matches.mismatch[row]),
            read_end_to_end_id(bank_message, row).replace("\0", ".")[:_TEXT_CHARACTERS],
        )
        for row in np.flatnonzero(is_kept).tolist()
    ]
    for row, rejection in enumerate(prepared.unknown, int(movements.amount.size)):
        identity = f"{report.identity} {rejection.lot}".strip()[:_TEXT_CHARACTERS]
        items.append(
            ItemRow(
                message,
                attempt,
                row,
                statement=0,
                item=0,
                sort=int(MovementType.REJECT),
                amount=0,
                day=_to_date(report.day),
                reason=rejection.reason,
                entry_id=0,
                why=int(Mismatch.UNKNOWN_MESSAGE),
                end_to_end=identity,
            )
        )
    return items


def count_movements(
    message: BankMessage,
    matches: Matches,
    receipts: CreditReceipts,
    *,
    suspense: MovementSuspense,
    unknown: int,
) -> MovementCounts:
    """Count the movements, and ``unknown`` bulk rejections as unmatched."""
    is_matched = matches.is_matched
    debits, returns, rejects = (
        int((is_matched & (matches.movement_type == movement_type)).sum())
        for movement_type in (MovementType.DEBIT, MovementType.RETURN, MovementType.REJECT)
    )
    amount = message.movements.amount
    cents = int((amount - receipts.spread(amount.size))[~is_matched].sum())
    unmatched = int((~is_matched).sum()) + unknown
    return MovementCounts(
        *(debits, returns, rejects, unmatched, cents),
        *(receipts.row.size, int(receipts.amount.sum())),
        *(suspense.row.size, int(suspense.amount.sum())),
    )


def derive_batch_id(message: BankMessage) -> str:
    """Return the batch id of the acts: the identity of the only statement, or that of the message."""
    identity = message.statements[0].identity if len(message.statements) == 1 else message.identity
    safe = _UNSAFE.sub("-", identity).lstrip(" ._:/+()-")
    return safe[:_BATCH_ID_CHARACTERS] or "bank"


def _to_date(day: int) -> date:
    return np.datetime64(day, "D").item()
