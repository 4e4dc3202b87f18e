"""What a message of the bank comes to, and the rows that are stored of it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from core.tables.bank_messages import Message, Sort, end_to_end, unpacked
from settlement.reconciliation import bulk_rejections
from settlement.reconciliation.matching import Matched
from settlement.reconciliation.mismatch import Mismatch

_BATCH_ID_LETTERS = 35
_TEXT_LETTERS = 140
_ODD = re.compile(r"[^A-Za-z0-9 ._:/+()-]")


class Counts(NamedTuple):
    """What came of the movements of a message."""

    debits: int
    returns: int
    rejects: int
    unmatched: int
    unmatched_cents: int


class Made(NamedTuple):
    """What a message comes to, before it is stored."""

    message: Message
    unknown: tuple[bulk_rejections.Verdict, ...]
    matched: Matched
    counts: Counts
    batch_id: str
    acts: int
    acts_hash: bytes | None


def statement_rows(message: Message) -> Iterator[tuple]:
    """The rows of ``bank_statement``, without their message."""
    moved, count = message.movements, len(message.statements)
    sums = np.zeros((len(Sort) + 1, count), np.int64)
    np.add.at(sums, (moved.sort, moved.statement), moved.amount)
    movements = np.bincount(moved.statement, minlength=count).tolist()
    debits, credits_ = sums[Sort.DEBIT].tolist(), (sums[Sort.CREDIT] + sums[Sort.RETURN]).tolist()
    for number, statement in enumerate(message.statements):
        day = np.datetime64(statement.day, "D").item() if statement.day else None
        told = (number, statement.identity[:_TEXT_LETTERS], statement.account, day)
        balances = (statement.opening, statement.closing, statement.unbooked)
        yield *told, *balances, movements[number], debits[number], credits_[number]


def counted(message: Message, found: Matched, unknown: int) -> Counts:
    """What came of the movements, and of ``unknown`` verdicts on what is not ours."""
    debits, returns, rejects = (
        int((found.fits & (found.sort == sort)).sum()) for sort in (Sort.DEBIT, Sort.RETURN, Sort.REJECT)
    )
    cents = int(message.movements.amount[~found.fits].sum())
    return Counts(debits, returns, rejects, int((~found.fits).sum()) + unknown, cents)


def items_of(which: tuple[int, int], made: Made) -> list[tuple]:
    """What needs somebody's eye: all but debits that match."""
    message, found = made.message, made.matched
    moved = message.movements
    items = []
    for row in np.flatnonzero(~found.fits | (found.sort != Sort.DEBIT)).tolist():
        day = np.datetime64(int(moved.day[row]), "D").item()
        place = (
            int(moved.statement[row]),
            int(moved.item[row]),
            int(found.sort[row]),
            int(moved.amount[row]),
            day,
        )
        text = end_to_end(message, row).replace("\0", ".")[:_TEXT_LETTERS]
        items.append(
            (
                *which,
                row,
                *place,
                unpacked(moved.reason[row]),
                int(found.entry[row]),
                int(found.why[row]),
                text,
            )
        )
    first = int(moved.amount.size)
    for row, verdict in enumerate(made.unknown, first):
        day = np.datetime64(message.statements[0].day, "D").item()
        text = f"{message.statements[0].identity} {verdict.lot}".strip()[:_TEXT_LETTERS]
        place = (0, 0, int(Sort.REJECT), 0, day)
        items.append((*which, row, *place, verdict.reason, 0, int(Mismatch.UNKNOWN_MESSAGE), text))
    return items


def batch_id_of(message: Message) -> str:
    """The name of the statement, where there is one alone; else that of the message."""
    identity = message.statements[0].identity if len(message.statements) == 1 else message.identity
    plain = _ODD.sub("-", identity).lstrip(" ._:/+()-")
    return plain[:_BATCH_ID_LETTERS] or "bank"
