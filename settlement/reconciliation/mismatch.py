"""The reasons why a movement of a bank file is not posted."""

from collections.abc import Mapping
from enum import IntEnum


class Mismatch(IntEnum):
    """In order of precedence: the first that applies is reported.  Numbers are stored: append only."""

    NONE = 0
    NOT_OURS = 1
    UNKNOWN_TRANSFER = 2
    OTHER_ACCOUNT = 3
    AMOUNT_DIFFERS = 4
    BEFORE_ISSUE = 5
    TWICE = 6
    UNKNOWN_MESSAGE = 7
    NOT_DEBITED = 8


MISMATCH_TEXTS: Mapping[Mismatch, str] = {
    Mismatch.NONE: "matched",
    Mismatch.NOT_OURS: "its end-to-end id is not one of ours: find out what the movement is, and post it by hand",
    Mismatch.UNKNOWN_TRANSFER: "its end-to-end id names no transfer of the journal: ask the bank what it moved",
    Mismatch.OTHER_ACCOUNT: "the transfer it names was sent from another account: ask the bank",
    Mismatch.AMOUNT_DIFFERS: "the transfer it names has another amount: ask the bank",
    Mismatch.BEFORE_ISSUE: "the bank booked the movement before the transfer was sent: ask the bank",
    Mismatch.TWICE: "the same message contains this movement already: ask the bank whether it moved twice",
    Mismatch.UNKNOWN_MESSAGE: "the bank rejects a message or lot that we did not send: ask the bank",
    Mismatch.NOT_DEBITED: "its debit of an earlier year is not in the journal: import the debit, then this file with --again",
}
"""What each reason means, and what to do."""
