"""The vocabulary of ISO 20022: statuses, and the external reason code that reports each refusal.

The codes are those of the list ExternalStatusReason1Code.  A report also gives our own code and text, so a refusal that
the list does not contain is reported as a narrative (NARR) rather than by a code that nearly fits.
"""

from collections.abc import Mapping
from enum import StrEnum

from core.act_fields import Field
from core.errors import EnvelopeMismatch, FileUnreadable, FormatUnknown, InputError
from core.outcome_codes import REFUSALS, Outcome

CURRENCY = "EUR"
NARRATIVE = "NARR"


class MessageStatus(StrEnum):
    """The status of a message or of a transaction."""

    RECEIVED = "RCVD"
    PENDING = "PDNG"
    ACCEPTED = "ACCP"
    PARTLY_ACCEPTED = "PART"
    REJECTED = "RJCT"


_O = Outcome

_REASONS_OF_REFUSALS: Mapping[Outcome, str] = {
    _O.REFERENCE_INVALID: "CH16",  # content formally incorrect
    _O.KIND_UNKNOWN: "AG03",  # transaction not supported
    _O.LINE_INVALID: "CH16",
    _O.REFERENCE_CONFLICT: "AM05",  # duplication
    _O.FIELD_MISSING: "CH21",  # compulsory element missing
    _O.FIELD_INVALID: "CH16",
    _O.AMOUNT_INVALID: "AM12",  # amount invalid
    _O.AMOUNT_NOT_POSITIVE: "AM12",
    _O.AMOUNT_OVER_LIMIT: "AM02",  # over the allowed maximum
    _O.SEPA_LIMIT_EXCEEDED: "AM02",
    _O.DATE_OUTSIDE_EXERCISE: "DT01",  # date invalid
    _O.PERIOD_CLOSED: "TM01",  # after the cut-off
    _O.PERIOD_LOCKED: "TM01",
    _O.DATE_BEFORE_PREDECESSOR: "DT01",
    _O.BUDGET_YEAR_CLOSED: "DT01",
    _O.AFTER_LAST_DATE: "TM01",
    _O.IBAN_INVALID: "AC01",  # account number incorrect
    _O.INTEREST_NOT_DUE: "AG01",
    _O.INTEREST_EXCEEDS_RULE: "AM09",  # not the amount that was agreed
    _O.THIRD_PARTY_MERGED: "BE06",
    _O.PAYEE_UNKNOWN: "BE06",  # end customer unknown
    _O.PAYEE_ALREADY_REGISTERED: "AM05",
    _O.BANK_DETAILS_DIFFER: "BE01",  # account and end customer do not go together
    _O.INVOICE_ALREADY_REQUESTED: "AM05",
    _O.PAYEE_BLOCKED: "AG01",  # transaction forbidden
    _O.TRANSFER_AMOUNT_DIFFERS: "AM09",
    _O.REVERSAL_EXCEEDS_ORIGINAL: "AM14",  # over what was agreed
    _O.COMMITMENT_EXCEEDED: "AM14",
    _O.SERVICE_INSUFFICIENT: "AM14",
    _O.MOVE_FORBIDDEN: "AG01",
    _O.ANTICIPATION_LIMIT: "AM04",
    _O.ALLOTMENT_EXCEEDED: "AM04",  # insufficient funds
    _O.UNFREEZE_EXCEEDED: "AM04",
    _O.BUDGET_BELOW_CONSUMPTION: "AM04",
    _O.PRIOR_REQUESTS_FIRST: "AM04",
    _O.AE_EXCEEDED: "AM04",
    _O.CP_EXCEEDED: "AM04",
    _O.SPECIAL_RECEIPTS_EXCEEDED: "AM04",
    _O.SPECIAL_PAY_FORBIDDEN: "AG01",
    _O.SPECIAL_PAYMENT_FORBIDDEN: "AG01",
    _O.DECREE_MISMATCH: "AG01",
    _O.FUND_RECEIPT_MISSING: "AG01",
    _O.FUND_RECEIPT_EXCEEDED: "AM04",
    _O.PROGRAMME_NOT_VOTED: "AG01",
    _O.VIREMENT_LIMIT: "AM14",
    _O.ADVANCE_LIMIT: "AM14",
    _O.CANCELLATION_LIMIT: "AM14",
    _O.CARRY_OVER_LIMIT: "AM14",
    _O.CARRY_OVER_MISMATCH: "AG01",
    _O.CARRY_OVER_UNORDERED: "AG01",
}

REASONS: Mapping[Outcome, str] = {code: _REASONS_OF_REFUSALS.get(code, NARRATIVE) for code in REFUSALS}
"""The reason code of each refusal."""

_FIELD_REASONS: Mapping[Field, str] = {
    Field.BIC: "RC01",  # bank identifier incorrect
}


def find_line_reason(code: Outcome, field: Field) -> str:
    """Return the reason code that reports a refused line, given the field at fault."""
    return _FIELD_REASONS.get(field, REASONS[code]) if code is _O.FIELD_INVALID else REASONS[code]


COUNT_DIFFERS, SUM_DIFFERS = "NB_OF_TXS_DIFFERS", "CTRL_SUM_DIFFERS"
"""Reason keys for declared totals of a payment file that differ from the computed ones."""
_MISMATCH_REASONS: Mapping[str, str] = {
    COUNT_DIFFERS: "AM18",  # number of transactions invalid
    SUM_DIFFERS: "AM10",  # control sum invalid
}
_FILE_FORMAT_INVALID = "FF01"  # file format incomplete or invalid


def find_file_reason(error: InputError) -> str:
    """Return the reason code that reports a whole file refused."""
    if isinstance(error, EnvelopeMismatch):
        return _MISMATCH_REASONS.get(error.finding.partition(":")[0], NARRATIVE)
    return _FILE_FORMAT_INVALID if isinstance(error, FileUnreadable | FormatUnknown) else NARRATIVE
