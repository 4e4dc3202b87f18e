"""Why a due line is not paid by a run."""

from collections.abc import Mapping
from enum import IntEnum


class Exclusion(IntEnum):
    """In order of precedence: the first reason found is the one told.  Numbers are stored: append only."""

    NO = 0
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


EXCLUSION_TEXTS: Mapping[Exclusion, str] = {
    Exclusion.NO: "is paid",
    Exclusion.PAYEE_BLOCKED: "the payee is blocked: release it first, where that is lawful",
    Exclusion.SUSPENDED: "its term is suspended: something that was asked for is still missing",
    Exclusion.IN_ANOTHER_RUN: "another run, not issued yet, pays it: issue or abandon that run",
    Exclusion.NO_BANK_DETAILS: "no account of the payee is known that is an IBAN: register its bank details",
    Exclusion.BANK_UNKNOWN: "the payee's bank is no BIC: register its bank details anew",
    Exclusion.OUTSIDE_SEPA: "the payee's account lies outside SEPA: pay it by an international transfer",
    Exclusion.RETURNED: "the bank sent the last transfer back, and the payee's account is still the same: ask for another",
    Exclusion.METHOD: "it is to be paid by other means than a transfer",
    Exclusion.NO_ACCOUNTANT: "no accountant is assigned to its fund centre: see assigned.csv",
    Exclusion.PERIOD_CLOSED: "the day of payment lies in no open period of its exercise",
}
"""What each means, and what to do."""
