"""The reasons why a run does not pay a line that is due."""

from collections.abc import Mapping
from enum import IntEnum


class Exclusion(IntEnum):
    """The first reason that applies is reported, in the order of ``selection``.  Numbers are stored: append only."""

    NONE = 0
    PAYEE_BLOCKED = 1
    SUSPENDED = 2
    IN_ANOTHER_RUN = 3
    NO_BANK_DETAILS = 4
    BANK_UNKNOWN = 5
    OUTSIDE_SEPA = 6
    RETURNED = 7
    METHOD = 8
    NO_ACCOUNTANT = 9
    PERIOD_CLOSED = 10
    NOT_YET_OWED = 11
    SETTLED_WITHOUT_TRANSFER = 12
    NEW_BANK_DETAILS = 13
    THIRD_PARTY_MERGED = 14


OVERRULABLE = (Exclusion.RETURNED, Exclusion.NEW_BANK_DETAILS)
"""The exclusions that a person may overrule by name; ``selection`` reports one of them only where no other reason applies."""


EXCLUSION_TEXTS: Mapping[Exclusion, str] = {
    Exclusion.NONE: "is paid",
    Exclusion.PAYEE_BLOCKED: "the payee is blocked: release the payee first, if that is lawful",
    Exclusion.THIRD_PARTY_MERGED: "the payee was merged into another third party, whose bank details are not the same:"
    " register those of the code that stays in use for the merged code too, once the payee was called back",
    Exclusion.SUSPENDED: "the accountant has suspended its payment: see what is missing, and resume it once that has arrived",
    Exclusion.IN_ANOTHER_RUN: "another run, not issued yet, pays the request: issue or abandon that run",
    Exclusion.NO_BANK_DETAILS: "no valid IBAN of the payee is known: register its bank details",
    Exclusion.BANK_UNKNOWN: "the BIC of the payee's bank is invalid: register its bank details again",
    Exclusion.OUTSIDE_SEPA: "the payee's account is outside SEPA: pay the request by an international transfer",
    Exclusion.RETURNED: "the bank returned the last transfer, and the payee's account is unchanged: ask for another account",
    Exclusion.METHOD: "the request is to be paid by other means than a transfer",
    Exclusion.NO_ACCOUNTANT: "its accountant is missing: see accountants.csv",
    Exclusion.PERIOD_CLOSED: "the day of payment is in no open period of its exercise",
    Exclusion.NOT_YET_OWED: "the debt is dated after the day of payment: pay it with a run of a later day",
    Exclusion.SETTLED_WITHOUT_TRANSFER: "an entry of the ledger settles it, which is not built, and no transfer: it is"
    " owed to the account of the debt, or is relief of a tax; leave it open",
    Exclusion.NEW_BANK_DETAILS: "the payee's bank details are new: call the payee back at a number that you knew before and"
    " restore the line, with the reason; otherwise a later run pays it",
}
"""What each reason means, and what to do."""
