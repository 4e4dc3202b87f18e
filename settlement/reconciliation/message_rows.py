"""What a message of the bank comes to, and the rows that are stored of it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from core.tables.bank_messages import BankMessage, MovementType, read_end_to_end_id, unpack_code
from settlement.reconciliation import bulk_rejections
from settlement.reconciliation.matching import Matches
from settlement.reconciliation.mismatch import Mismatch

_BATCH_ID_LETTERS = 35
_TEXT_LETTERS = 140
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._:/+()-]")


class MovementCounts(NamedTuple):
    """What came of the movements of a message."""

    debits: int
    returns: int
    rejects: int
    unmatched: int
    unmatched_cents: int


class PreparedMessage(NamedTuple):
    """What a message comes to, before it is stored."""

    message: BankMessage
    unknown: tuple[bulk_rejections.BulkStatus, ...]
    matches: Matches
    counts: MovementCounts
    batch_id: str
    acts: int
    acts_hash: bytes | None


def build_statement_rows(message: BankMessage) -> Iterator[tuple]:
    """The rows of ``bank_statement``, without their message."""
    moved, count = message.movements, len(message.statements)
    sums = np.zeros((len(MovementType) + 1, count), np.int64)
    np.add.at(sums, (moved.sort, moved.statement), moved.amount)
    movements = np.bincount(moved.statement, minlength=count).tolist()
    debits, credits_ = (
        sums[MovementType.DEBIT].tolist(),
        (sums[MovementType.CREDIT] + sums[MovementType.RETURN]).tolist(),
    )
    for number, statement in enumerate(message.statements):
        day = np.datetime64(statement.day, "D").item() if statement.day else None
        told = (number, statement.identity[:_TEXT_LETTERS], statement.account, day)
        balances = (statement.opening, statement.closing, statement.unbooked)
        yield *told, *balances, movements[number], debits[number], credits_[number]


def count_movements(message: BankMessage, found: Matches, unknown: int) -> MovementCounts:
    """What came of the movements, and of ``unknown`` verdicts on what is not ours."""
    debits, returns, rejects = (
        int((found.is_matched & (found.movement_type == sort)).sum())
        for sort in (MovementType.DEBIT, MovementType.RETURN, MovementType.REJECT)
    )
    cents = int(message.movements.amount[~found.is_matched].sum())
    return MovementCounts(debits, returns, rejects, int((~found.is_matched).sum()) + unknown, cents)


def build_item_rows(which: tuple[int, int], made: PreparedMessage) -> list[tuple]:
    """What needs somebody's eye: all but debits that match."""
    message, found = made.message, made.matches
    moved = message.movements
    items = []
    for row in np.flatnonzero(~found.is_matched | (found.movement_type != MovementType.DEBIT)).tolist():
        day = np.datetime64(int(moved.day[row]), "D").item()
        place = (
            int(moved.statement[row]),
            int(moved.item[row]),
            int(found.movement_type[row]),
            int(moved.amount[row]),
            day,
        )
        text = read_end_to_end_id(message, row).replace("\0", ".")[:_TEXT_LETTERS]
        items.append(
            (
                *which,
                row,
                *place,
                unpack_code(moved.reason[row]),
                int(found.entry[row]),
                int(found.mismatch[row]),
                text,
            )
        )
    first = int(moved.amount.size)
    for row, verdict in enumerate(made.unknown, first):
        day = np.datetime64(message.statements[0].day, "D").item()
        text = f"{message.statements[0].identity} {verdict.lot}".strip()[:_TEXT_LETTERS]
        place = (0, 0, int(MovementType.REJECT), 0, day)
        items.append((*which, row, *place, verdict.reason, 0, int(Mismatch.UNKNOWN_MESSAGE), text))
    return items


def derive_batch_id(message: BankMessage) -> str:
    """The name of the statement, where there is one alone; else that of the message."""
    identity = message.statements[0].identity if len(message.statements) == 1 else message.identity
    plain = _UNSAFE.sub("-", identity).lstrip(" ._:/+()-")
    return plain[:_BATCH_ID_LETTERS] or "bank"
