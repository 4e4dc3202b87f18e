"""Bank messages, whatever their format: messages, account statements, and the movements on them."""

from collections.abc import Sequence
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from core.bank_reasons import CODE_CHARACTERS
from core.tables.columns import Code, Day, Hash32, Index, Money
from core.tables.journal import Bytes, Spans


class MovementType(IntEnum):
    """The type of a movement, as the bank reports it."""

    DEBIT = 1
    CREDIT = 2
    RETURN = 3
    """A credit that returns a transfer of ours."""
    REJECT = 4
    """A transfer that the bank did not execute."""


class Movements(NamedTuple):
    """One row per movement or rejected transfer, in the order of the message."""

    statement: Index
    """Position of its statement in the message."""
    item: Index
    """Number of the entry or transaction in the statement, from 1, by which a person can find it."""
    start: Index
    """With ``end``: the span of its end-to-end id in the bytes; equal where there is none."""
    end: Index
    amount: Money
    """0 where a rejected transfer is named without its amount."""
    day: Day
    """Booking day; 0 where the message gives none."""
    reason: Hash32
    """The four characters of the reason, as ``pack_code`` packs them; 0 for none."""
    sort: Code
    """``MovementType``."""


class Remittances(NamedTuple):
    """What the payers wrote, one row per movement; start and end are equal where there is nothing."""

    part: Index
    """Number of the transaction within its entry, from 1; 0 where the movement is a whole entry."""
    reference: Spans
    """The creditor's references (``CdtrRefInf``), with spaces between several."""
    reference_bytes: Bytes
    text: Spans
    """The unstructured text."""
    text_bytes: Bytes


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
    """Entries that are not booked yet, or for information only: they move no money."""


class BulkStatus(NamedTuple):
    """The status of a whole message or lot of ours, without a status of its transfers."""

    statement: int
    lot: str
    """Empty for the whole message."""
    status: str
    reason: str


class BankMessage(NamedTuple):
    """A bank message as it was read."""

    format: str
    """Name of the format: ``settlement.bank_formats.BankFormat``."""
    identity: str
    statements: Sequence[BankStatement]
    movements: Movements
    text: Bytes
    bulk_statuses: Sequence[BulkStatus] = ()
    remittances: Remittances | None = None
    """None where the format, or its reader, has no remittance information."""


def pack_code(code: str) -> int:
    """Return the four characters of a code as one number; 0 for an empty code."""
    return (
        int.from_bytes(code.encode("ascii", "replace")[:CODE_CHARACTERS].ljust(CODE_CHARACTERS), "big")
        if code
        else 0
    )


def unpack_code(number: int) -> str:
    """Return the code that ``pack_code`` packed into a number."""
    return int(number).to_bytes(CODE_CHARACTERS, "big").decode("ascii").strip() if number else ""


def read_end_to_end_id(message: BankMessage, row: int) -> str:
    """Return the end-to-end id of a movement, as the bank wrote it."""
    movements = message.movements
    text = message.text.data[movements.start[row] : movements.end[row]]
    return np.asarray(text).tobytes().decode("utf-8", "replace")
