"""The outcome of a line.

The order of the source lines is the precedence: of several broken rules the first is reported.  The numbers are stored
and never change: a new code is placed by its precedence and gets the next free number.
"""

from enum import IntEnum, unique


@unique
class Outcome(IntEnum):
    """The outcome of one line: accepted, duplicate, held, or the finding that refused it."""

    ACCEPTED = 0
    DUPLICATE = 1
    HELD = 2
    # an act without a valid key cannot be a duplicate
    REFERENCE_INVALID = 3
    KIND_UNKNOWN = 4
    EXERCISE_UNKNOWN = 5
    LINE_INVALID = 6
    ACT_TOO_LONG = 7
    REFERENCE_CONFLICT = 8
    # the line alone
    FIELD_MISSING = 9
    FIELD_INVALID = 10
    AMOUNT_INVALID = 11
    AMOUNT_NOT_POSITIVE = 12
    AMOUNT_OVER_LIMIT = 13
    SEPA_LIMIT_EXCEEDED = 14
    DATE_OUTSIDE_EXERCISE = 15
    PRESCRIBED = 59
    PERIOD_CLOSED = 16
    PERIOD_LOCKED = 62
    # against the reference data
    FUND_CENTRE_UNKNOWN = 17
    FUND_CENTRE_LEVEL = 18
    FUNCTIONAL_AREA_UNKNOWN = 19
    COMMITMENT_ITEM_UNKNOWN = 20
    FUND_UNKNOWN = 21
    OPERATION_UNKNOWN = 22
    NOMENCLATURE_MISMATCH = 23
    TITLE_TWO_COMMITMENT = 56
    ACCOUNT_UNKNOWN = 24
    ACCOUNT_MISMATCH = 25
    ACCOUNT_RESTRICTED = 108
    OPENING_ACCOUNT = 103
    RESULT_ACCOUNT = 151
    DECREE_MISMATCH = 120
    FUND_RECEIPT_MISSING = 132
    SPECIAL_PAY_FORBIDDEN = 142
    CARRY_OVER_UNORDERED = 153
    RECEIPT_NOT_BY_HAND = 146
    IBAN_INVALID = 26
    EVIDENCE_MISSING = 81
    EVIDENCE_INVALID = 82
    CALL_BACK_MISSING = 83
    JUSTIFICATION_MISSING = 121
    TWO_PERSONS_MISSING = 84
    THIRD_PARTY_MERGED = 149
    # against the directory of persons, and the agreements of senders
    PERSON_MISSING = 66
    PERSON_UNKNOWN = 67
    SAME_PERSON = 68
    DELEGATION_UNKNOWN = 69
    AGREEMENT_MISSING = 70
    AGREEMENT_EXCEEDED = 71
    # against what was paid before
    INTEREST_NOT_DUE = 61
    INTEREST_EXCEEDS_RULE = 60
    # against the third parties
    PAYEE_UNKNOWN = 27
    PAYEE_ALREADY_REGISTERED = 28
    BANK_DETAILS_DIFFER = 29
    # against earlier acts
    INVOICE_ALREADY_REQUESTED = 58
    PREDECESSOR_MISSING = 30
    DATE_BEFORE_PREDECESSOR = 53
    PREDECESSOR_STAGE = 44
    EXPENSE_REASSIGNED = 105
    COMMITMENT_CARRIED = 100
    REVERSAL_FORBIDDEN = 92
    ASSIGNMENT_DIFFERS = 31
    CARRY_YEAR = 97
    CARRY_MISSING = 99
    INTEREST_ASSIGNMENT = 65
    REPAYMENT_MISMATCH = 86
    REPAYMENT_EXCEEDS_PAYMENT = 135
    RESTORATION_WITHOUT_EXPENSE = 87
    RESTORATION_TOO_LATE = 88
    FUND_RECEIPT_MISMATCH = 133
    PAYEE_BLOCKED = 45
    PAYEE_NOT_BLOCKED = 46
    TERM_SUSPENDED = 49
    TERM_ALREADY_SUSPENDED = 47
    TERM_NOT_SUSPENDED = 48
    SETTLED_WITHOUT_TRANSFER = 63
    PAYROLL_DIVERSION = 64
    RECEIVABLE_MISSING = 55
    SET_OFF_MISMATCH = 102
    RECEIVABLE_NOT_DUE = 137
    ADVANCE_ITEM = 112
    ADVANCE_DIVERSION = 113
    ADVANCE_MISSING = 95
    ADVANCE_MISMATCH = 96
    RETENTION_REQUEST = 107
    RETENTION_LATE = 114
    RETENTION_EXCEEDED = 115
    PENALTY_ITEM = 145
    REASSIGNMENT_FORBIDDEN = 104
    REASSIGNMENT_UNPAIRED = 106
    NOT_ON_SUSPENSE = 122
    IDENTIFICATION_UNPAIRED = 139
    IDENTIFICATION_MISMATCH = 140
    SERVICE_REQUIRED = 57
    INVOICE_SERVICE_MISMATCH = 127
    TRANSFER_AMOUNT_DIFFERS = 50
    CARRY_AMOUNT_DIFFERS = 98
    VISA_AMOUNT_DIFFERS = 131
    ORIGINAL_FOLLOWED = 93
    REVERSAL_NOT_WHOLE = 94
    REVERSAL_EXCEEDS_ORIGINAL = 32
    ADVANCE_EXCEEDED = 111
    SUSPENSE_EXCEEDED = 123
    VISA_EXCEEDED = 130
    DEPRECIATION_EXCEEDED = 124
    ASSET_VALUE_EXCEEDED = 125
    DEPRECIATION_SHARE_EXCEEDED = 147
    RESTORATION_EXCEEDS_RECEIPT = 89
    FUND_RECEIPT_EXCEEDED = 134
    COMMITMENT_EXCEEDED = 33
    SERVICE_INSUFFICIENT = 34
    SERVICE_ALREADY_BILLED = 35
    ADVANCE_NOT_RECOVERED = 136
    INVENTORY_DAY = 155
    INVENTORY_ACCOUNT = 154
    VISA_MISSING = 128
    # against the roles and delegations of persons
    ENTRY_ROLE_MISSING = 72
    ENTRY_DAY = 73
    ENTRY_PLACE = 74
    DELEGATION_NOT_HELD = 75
    VALIDATION_ROLE_MISSING = 76
    VALIDATION_DAY = 77
    VALIDATION_PLACE = 78
    VALIDATION_CEILING = 79
    DELEGATION_OWNER = 80
    # against the budget
    BUDGET_YEAR_CLOSED = 51
    AFTER_LAST_DATE = 54
    ANTICIPATION_LIMIT = 52
    VISA_PENDING = 129
    COMMITMENT_NOT_PRIOR = 90
    RECYCLING_MISMATCH = 91
    CARRY_OVER_MISMATCH = 150
    MOVE_FORBIDDEN = 36
    BUDGET_BELOW_CONSUMPTION = 38
    PRIOR_REQUESTS_FIRST = 126
    ALLOTMENT_EXCEEDED = 37
    UNFREEZE_EXCEEDED = 85
    AE_EXCEEDED = 39
    CP_EXCEEDED = 40
    JOURNAL_UNBALANCED = 109
    TRANSFER_UNPAIRED = 110
    PRODUCT_FROM_SUSPENSE = 141
    BALANCE_LIMIT = 41
    PROGRAMME_NOT_VOTED = 119
    VIREMENT_LIMIT = 116
    ADVANCE_LIMIT = 117
    CANCELLATION_LIMIT = 118
    CARRY_OVER_LIMIT = 152
    SPECIAL_PAYMENT_FORBIDDEN = 144
    SPECIAL_RECEIPTS_EXCEEDED = 143
    # because of other lines or acts
    ACT_REFUSED = 42
    FORM_REFUSED = 43


CODES_WITH_ENTRY = frozenset({Outcome.REFERENCE_CONFLICT, Outcome.INVOICE_ALREADY_REQUESTED})
"""Refusals that name the entry of another act, which stands against the line."""

LACKS_OF_PREDECESSOR = frozenset(
    {
        Outcome.REVERSAL_EXCEEDS_ORIGINAL,
        Outcome.REPAYMENT_EXCEEDS_PAYMENT,
        Outcome.RESTORATION_EXCEEDS_RECEIPT,
        Outcome.FUND_RECEIPT_EXCEEDED,
        Outcome.SUSPENSE_EXCEEDED,
        Outcome.COMMITMENT_EXCEEDED,
        Outcome.SERVICE_INSUFFICIENT,
        Outcome.SERVICE_ALREADY_BILLED,
        Outcome.ADVANCE_NOT_RECOVERED,
        Outcome.ORIGINAL_FOLLOWED,
        Outcome.RETENTION_EXCEEDED,
        Outcome.VISA_EXCEEDED,
        Outcome.DEPRECIATION_EXCEEDED,
        Outcome.ASSET_VALUE_EXCEEDED,
        Outcome.DEPRECIATION_SHARE_EXCEEDED,
    }
)
"""Refusals whose missing cents are what an earlier act has too little left of."""

REFUSALS = tuple(code for code in Outcome if code > Outcome.HELD)
"""Every code that refuses a line, in order of precedence."""

UNKEYED_FAULTS = frozenset(
    {
        Outcome.REFERENCE_INVALID,
        Outcome.KIND_UNKNOWN,
        Outcome.EXERCISE_UNKNOWN,
        Outcome.LINE_INVALID,
        Outcome.ACT_TOO_LONG,
    }
)
"""Faults that leave an act without a usable key: it is refused before any search for a duplicate."""

FORM_FAULTS = frozenset(
    {
        Outcome.REFERENCE_INVALID,
        Outcome.KIND_UNKNOWN,
        Outcome.EXERCISE_UNKNOWN,
        Outcome.LINE_INVALID,
        Outcome.ACT_TOO_LONG,
        Outcome.FIELD_MISSING,
        Outcome.FIELD_INVALID,
        Outcome.AMOUNT_INVALID,
        Outcome.AMOUNT_NOT_POSITIVE,
        Outcome.AMOUNT_OVER_LIMIT,
        Outcome.SEPA_LIMIT_EXCEEDED,
        Outcome.IBAN_INVALID,
        Outcome.EVIDENCE_MISSING,
        Outcome.EVIDENCE_INVALID,
        Outcome.CALL_BACK_MISSING,
        Outcome.JUSTIFICATION_MISSING,
        Outcome.TWO_PERSONS_MISSING,
    }
)
"""Faults of the form of a line, which nothing but the line itself decides: neither book nor reference data, except that a
year may be missing from the calendar."""
