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
    NO_REFERENCE = 9
    """This and those until ``BY_HAND``: of a credit that is no answer to a transfer of ours."""
    SEVERAL_RECEIVABLES = 10
    OTHER_ACCOUNTANT = 11
    BEFORE_RECEIVABLE = 12
    NOTHING_LEFT = 13
    EXCESS = 14
    NOTICE = 15
    BY_HAND = 16
    ON_SUSPENSE = 17
    """Of a debit or return of a notice, as is the next of a statement."""
    NOTICED = 18
    REJECTED = 19
    """Of the debit of a statement."""
    DEBITED = 20
    """Of a rejection, which moves nothing."""


MISMATCH_TEXTS: Mapping[Mismatch, str] = {
    Mismatch.NONE: "matched",
    Mismatch.NOT_OURS: "its end-to-end id is not one of ours: find out what it is, and clear or identify it",
    Mismatch.UNKNOWN_TRANSFER: "its end-to-end id names no transfer of the journal: ask the bank what it moved",
    Mismatch.OTHER_ACCOUNT: "the transfer it names was sent from another account: ask the bank",
    Mismatch.AMOUNT_DIFFERS: "the transfer it names has another amount: ask the bank",
    Mismatch.BEFORE_ISSUE: "the bank booked the movement before the transfer was sent: ask the bank",
    Mismatch.TWICE: "this message or another statement contains this movement already: ask the bank whether it moved twice",
    Mismatch.UNKNOWN_MESSAGE: "the bank rejects a message or lot that we did not send: ask the bank",
    Mismatch.NOT_DEBITED: "its debit of an earlier year is not in the journal: import the debit, then this file with --again",
    Mismatch.NO_REFERENCE: "it names no receivable: find out what it pays, and identify it",
    Mismatch.SEVERAL_RECEIVABLES: "it names several receivables: identify it, in parts if it pays each",
    Mismatch.OTHER_ACCOUNTANT: "the receivable's accountant keeps another account, or none in that year: transfer it to him",
    Mismatch.BEFORE_RECEIVABLE: "the bank booked it before the receivable was issued: find out what was paid",
    Mismatch.NOTHING_LEFT: "nothing is left of the receivable it names: find out whether it was paid twice",
    Mismatch.EXCESS: "this much is paid beyond the receivable: find out what it is for, or pay it back",
    Mismatch.NOTICE: "a notice collects nothing: import the statement that books it",
    Mismatch.BY_HAND: "receipts of its receivable were posted by hand, of another amount or later: find out what it pays",
    Mismatch.ON_SUSPENSE: "a statement has as much on suspense: say in the books that this is its transfer, if it is",
    Mismatch.NOTICED: "a notice has posted a movement of this account and amount, which no statement names: it is that one",
    Mismatch.REJECTED: "the bank rejected the transfer that it debits: ask it to give the money back",
    Mismatch.DEBITED: "the bank rejects a transfer that it has debited: the debt stays paid until a statement returns it",
}
"""What each reason means, and what to do."""
