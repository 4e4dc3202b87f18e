"""What a bank answers, whatever the format: messages, statements of accounts, and the movements on them."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from core.bank_reasons import CODE_CHARACTERS
from core.tables.columns import Code, Day, Hash32, Index, Money
from core.tables.journal import Bytes


class MovementType(IntEnum):
    """What the bank says of a movement."""

    DEBIT = 1
    CREDIT = 2
    RETURN = 3
    """A credit that gives back what we had sent."""
    REJECT = 4
    """Not moved at all."""


class Movements(NamedTuple):
    """One row per movement or rejected transfer, in the order of the message."""

    statement: Index
    """Position of its statement in the message."""
    item: Index
    """Which entry or transaction of the statement, from 1: what a person finds it by."""
    start: Index
    """With ``end``: where its end-to-end id stands in the bytes; equal where there is none."""
    end: Index
    amount: Money
    """0 where a rejected transfer is named without its amount."""
    day: Day
    """Booked; 0 where the message says no day."""
    reason: Hash32
    """Four letters of the reason, as ``packed``; 0 for none."""
    sort: Code


class BankStatement(NamedTuple):
    """A statement of one account, or the report on one message."""

    identity: str
    account: str
    """IBAN; empty in a report on a message."""
    day: int
    """Of the closing balance; 0 where there is none."""
    opening: int | None
    closing: int | None
    unbooked: int = 0
    """Entries that are not booked yet, or for information: they move nothing."""


class BulkStatus(NamedTuple):
    """A status of a whole message or lot of ours, told without naming its transfers."""

    statement: int
    lot: str
    """Empty for the whole message."""
    status: str
    reason: str


class BankMessage(NamedTuple):
    """A message as read."""

    format: str
    """Name of the format: ``settlement.bank_formats.BankFormat``."""
    identity: str
    statements: Sequence[BankStatement]
    movements: Movements
    text: Bytes
    bulk_statuses: Sequence[BulkStatus] = ()


def pack_code(code: str) -> int:
    """Four letters as one number; 0 for no letters."""
    return (
        int.from_bytes(code.encode("ascii", "replace")[:CODE_CHARACTERS].ljust(CODE_CHARACTERS), "big")
        if code
        else 0
    )


def unpack_code(number: int) -> str:
    """The letters of a number that ``packed`` made."""
    return int(number).to_bytes(CODE_CHARACTERS, "big").decode("ascii").strip() if number else ""


def read_end_to_end_id(message: BankMessage, row: int) -> str:
    """The end-to-end id of a movement, as it was written."""
    movements = message.movements
    piece = message.text.data[movements.start[row] : movements.end[row]]
    return np.asarray(piece).tobytes().decode("utf-8", "replace")
