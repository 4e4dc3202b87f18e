"""What each kind of act follows and does, as the texts say (decree 2012-1246; docs/rules.md)."""

from collections.abc import Mapping

BY_OFFICER, BY_INVOICE_SERVICE = "payment_request", "invoice_request"
ON_SERVICE = frozenset({BY_OFFICER, BY_INVOICE_SERVICE})
"""The kinds that request the payment of certified service."""
PAYABLES = ON_SERVICE | frozenset(
    {
        "payment_request_without_service",
        "advance_request",
        "direct_payment_request",
        "payroll",
        "attachment",
        "assignment",
        "request_carry",
        "retention_release",
        "late_interest",
        "penalty_remission",
    }
)
RELEASES = frozenset({"retention_release", "penalty_remission"})
"""The orders to pay what was kept back: debts of their own."""
PARTS = frozenset({"attachment", "assignment", "request_carry"})
"""The debts that are a part of another one, or carry it on."""
RETENTIONS = frozenset({"retention", "retention_carry"})
PENALTIES = frozenset({"penalty", "penalty_carry"})
NEW_COMMITMENTS = frozenset({"commitment", "commitment_with_visa"})
"""The kinds that engage the State in the year itself."""
COMMITMENTS = NEW_COMMITMENTS | {"commitment_carry"}
DUES = frozenset({"receivable", "repayment_receivable"})
"""The kinds of receivable."""
RECEIPTS = frozenset({"receipt", "set_off_receipt", "identification_receipt"})
"""The kinds that collect a receivable."""
RECEIPT_REVERSAL = "receipt_reversal"
"""It takes back what an accountant posted as collected, or a part of it (A56)."""
SERVICES = frozenset({"service", "service_carry"})
DEBITS = frozenset({"bank_debit", "identification_debit"})
"""What says that the bank has debited a transfer: at once, or once a debit on suspense is identified."""

ASSET_CHARGE, ASSET_NET_OUT = "asset_depreciation", "asset_disposal"
ASSET_DEPRECIATION_OUT = "asset_depreciation_disposal"
ASSET_CHANGES = frozenset({ASSET_CHARGE, ASSET_NET_OUT, ASSET_DEPRECIATION_OUT})
"""What follows an asset that was put into service."""

OPENING_ITEMS = frozenset({"opening_item_debit", "opening_item_credit"})
OPENING_REDUCTIONS = frozenset({"opening_reduction_debit", "opening_reduction_credit"})
OPENINGS = OPENING_ITEMS | OPENING_REDUCTIONS | {"opening_debit", "opening_credit"}
"""What a year begins with: balances of the year before, on suspense accounts item by item (A61)."""
ACCRUALS = frozenset(
    {
        *("accrual", "imprest_accrual", "prepaid_expense"),
        *("unsettled_advance", "accrued_income", "deferred_income"),
    }
)
"""The entries of the inventory that 2 January reverses (A65)."""
PROVISION, RELEASE = "provision", "provision_release"
INVENTORY = ACCRUALS | {PROVISION}
ACCRUAL_REVERSAL, ACCRUAL_CORRECTION, PROVISION_CORRECTION = (
    "inventory_reversal",
    "inventory_correction",
    "provision_correction",
)
INVENTORY_CORRECTIONS = frozenset({ACCRUAL_CORRECTION, PROVISION_CORRECTION})
INVENTORY_CHANGES = INVENTORY_CORRECTIONS | {ACCRUAL_REVERSAL, RELEASE}
"""What follows an entry of the inventory."""

RESULTS = frozenset({"result_debit", "result_credit"})
ALLOCATIONS = frozenset({"result_allocation_debit", "result_allocation_credit"})
BALANCED_BY_CLOSING = OPENINGS | RESULTS | ALLOCATIONS
"""Lines of one side that the closing alone writes; those of an act are as much on both sides (A61, A62)."""

CARRY_OUTS, CARRY_INS, UNUSED_CANCELLATIONS, UNUSED_UNFREEZES = (
    frozenset({f"{action}_ae", f"{action}_cp"})
    for action in ("carryover_out", "carryover_in", "unused_cancellation", "unused_unfreeze")
)
UNUSED_EARMARK = "unused_earmark_release"
EARMARKS = frozenset({"earmark", "earmark_decrease", UNUSED_EARMARK})
LEAVES_YEAR = CARRY_OUTS | UNUSED_CANCELLATIONS | UNUSED_UNFREEZES | {UNUSED_EARMARK}
"""What takes credits off a year that is over, or frees them there first (A66, A67)."""
UNUSED_CREDITS = LEAVES_YEAR | CARRY_INS

_MOVEMENTS = frozenset({"suspense_receipt", "suspense_debit", "suspense_return"})
_LEAVES = frozenset({"journal_debit", "journal_credit", *_MOVEMENTS, *OPENINGS - OPENING_REDUCTIONS})
"""The kinds that leave an amount for what clears or identifies it."""

PREDECESSORS: Mapping[str, frozenset[str]] = {
    "commitment_increase": COMMITMENTS,
    "commitment_decrease": COMMITMENTS,
    "prior_withdrawal": COMMITMENTS,
    "commitment_reversal": COMMITMENTS,
    "commitment_change_reversal": frozenset(
        {"commitment_increase", "commitment_decrease", "prior_withdrawal"}
    ),
    "commitment_with_visa": frozenset({"visa", "tacit_visa", "visa_override"}),
    **dict.fromkeys(("visa", "visa_refusal", "tacit_visa"), frozenset({"visa_request"})),
    "visa_override": frozenset({"visa_refusal"}),
    "receivable_reduction": DUES,
    "receivable_cancellation": DUES,
    "receipt": DUES,
    "set_off_receipt": DUES,
    "identification_receipt": DUES,
    **dict.fromkeys(("suspense_identification", "transfer_identification"), _MOVEMENTS),
    "repayment_receivable": PAYABLES,
    "late_interest": PAYABLES,
    "credit_restoration": RECEIPTS,
    "fund_opening": RECEIPTS,
    RECEIPT_REVERSAL: RECEIPTS,
    "commitment_carry": COMMITMENTS,
    "service": COMMITMENTS,
    "service_cancellation": SERVICES,
    "service_carry": SERVICES,
    **dict.fromkeys(ON_SERVICE, COMMITMENTS),
    "payment_request_without_service": COMMITMENTS,
    "request_carry": PAYABLES,
    "payment_request_rejection": PAYABLES,
    "payment": PAYABLES,
    "set_off": PAYABLES,
    "advance_request": COMMITMENTS,
    "advance_withholding": PAYABLES,
    "advance_recovery": DEBITS,
    "retention": PAYABLES,
    "retention_release": RETENTIONS,
    "retention_carry": RETENTIONS,
    "retention_rejection": RETENTIONS,
    "penalty": COMMITMENTS,
    **dict.fromkeys(
        ("penalty_confirmation", "penalty_remission", "penalty_carry", "penalty_rejection"), PENALTIES
    ),
    "attachment": PAYABLES,
    "assignment": PAYABLES,
    "term_suspension": PAYABLES,
    "term_resumption": frozenset({"term_suspension"}),
    "bank_debit": frozenset({"payment", "reissue"}),
    "bank_reject": frozenset({"payment", "reissue"}),
    "bank_return": DEBITS,
    "identification_debit": frozenset({"payment", "reissue"}),
    "identification_return": DEBITS,
    "return_identified": frozenset({"bank_return", "bank_reject", "identification_return"}),
    "reissue": frozenset({"return_identified"}),
    "void": frozenset({"return_identified"}),
    "reassignment_origin": DEBITS,
    "reassignment_target": frozenset({"reassignment_origin"}),
    **dict.fromkeys(
        ("clearing_debit", "clearing_credit", "justification"),
        frozenset({"journal_debit", "journal_credit", "clearing_debit", "clearing_credit"}),
    ),
    **dict.fromkeys(ASSET_CHANGES, ASSET_CHANGES | {"asset_service"}),
    **dict.fromkeys(INVENTORY_CHANGES, INVENTORY),
    **dict.fromkeys(OPENING_ITEMS, _LEAVES),
    **dict.fromkeys(OPENING_REDUCTIONS, OPENING_ITEMS),
}
"""The kinds that an act of a kind may follow."""

SPENDS_AE = NEW_COMMITMENTS | {"commitment_increase"}
CREDIT_REVERSALS = frozenset({"commitment_reversal", "commitment_change_reversal"})
REVERSALS = CREDIT_REVERSALS | {"receivable_cancellation"}
"""They undo a whole act, once, as long as no other follows it (A05)."""
RECEIVABLES = frozenset(
    {
        *("receivable", "repayment_receivable", "receivable_reduction", "receivable_cancellation"),
        *RECEIPTS,
        RECEIPT_REVERSAL,
    }
)
"""What is due to the State and what is collected of it: on natures of receipt, without credits (LOLF 28)."""
ON_COMMITMENT = ON_SERVICE | {"payment_request_without_service"}
INTEREST = "late_interest"
REQUESTS = ON_COMMITMENT | {"direct_payment_request", "payroll", "advance_request", INTEREST}
ORIGINS = REQUESTS | {"penalty"}
"""Where a chain of debts begins: what is remitted of a penalty no request asked for before."""
INVOICED = ON_COMMITMENT | {"direct_payment_request", "advance_request"}
REASSIGNMENT_ORIGIN, REASSIGNMENT_TARGET = "reassignment_origin", "reassignment_target"
CHARGES = frozenset(
    {
        *("service", "payment_request_without_service", "direct_payment_request", "payroll"),
        REASSIGNMENT_TARGET,
    }
)
"""Kinds that debit a charge or an asset, whose account they may state."""
GIVES_BACK_CHARGE = frozenset({"credit_restoration"})
"""The kind that credits such an account, which it may state too."""
TAKES_FROM_COMMITMENT = ON_COMMITMENT | {
    *("service", "commitment_decrease", "prior_withdrawal", "commitment_carry", "penalty"),
}
"""The kinds that take an amount of a commitment: one that was committed, or certified, by then (A33)."""
CARRIES = frozenset(
    {"commitment_carry", "request_carry", "service_carry", "retention_carry", "penalty_carry"}
)
"""The kinds that carry what is open into the next year, with an assignment of their own there (GBCP 161; LOLF 28)."""
STATES_PLACE = CARRIES | {
    *("repayment_receivable", "credit_restoration", REASSIGNMENT_TARGET, INTEREST),
    *("clearing_debit", "clearing_credit", "fund_opening"),
    *ASSET_CHANGES,
    *OPENING_ITEMS,
    *OPENING_REDUCTIONS,
}
"""The kinds that follow an act and have an assignment of their own."""
TRANSFERS = DEBITS | {"bank_reject", "bank_return", "identification_return"}
CREDIT_KINDS = frozenset(
    f"{action}_{budget}"
    for action in (
        *("budget_opening", "allotment", "budget_move", "credit_return"),
        *("cancellation", "freeze", "unfreeze", "virement", "decree_transfer", "decree_cancellation"),
    )
    for budget in ("ae", "cp")
) | {"fund_opening", *UNUSED_CREDITS - {UNUSED_EARMARK}}
JOURNAL_DEBIT, JOURNAL_CREDIT = "journal_debit", "journal_credit"
CLEARING_DEBIT, CLEARING_CREDIT, JUSTIFICATION = "clearing_debit", "clearing_credit", "justification"
CLEARINGS = frozenset({CLEARING_DEBIT, CLEARING_CREDIT})
JOURNALS = CLEARINGS | {JOURNAL_DEBIT, JOURNAL_CREDIT}
"""Entries by hand: each line posts the account that it states, on one side."""
CREDIT, IDENTIFICATION, IDENTIFICATION_RECEIPT = (
    "suspense_receipt",
    "suspense_identification",
    "identification_receipt",
)
DEBIT_LINES = frozenset(
    {JOURNAL_DEBIT, CLEARING_DEBIT, *(kind for kind in BALANCED_BY_CLOSING if kind.endswith("debit"))}
)
"""Lines of one side that debit."""
CREDITS = frozenset({CREDIT, "suspense_return"})
"""What the bank credited: it stands on the side of its credit."""
UNKNOWN_DEBIT = "suspense_debit"
TRANSFER_IDENTIFICATION = "transfer_identification"
IDENTIFICATIONS = frozenset({IDENTIFICATION, TRANSFER_IDENTIFICATION})
"""The first lines of the acts that say what is on suspense: of money for a receivable, and of a transfer."""
MOVEMENTS = _MOVEMENTS
"""The movements of the bank that nobody knows yet, and below what each of their accounts is identified as."""
IDENTIFIED_AS: Mapping[str, str] = {
    IDENTIFICATION_RECEIPT: CREDIT,
    "identification_return": "suspense_return",
    "identification_debit": UNKNOWN_DEBIT,
}
IDENTIFIED_BY: Mapping[str, frozenset[str]] = {
    IDENTIFICATION: frozenset({IDENTIFICATION_RECEIPT}),
    TRANSFER_IDENTIFICATION: frozenset({"identification_return", "identification_debit"}),
}
"""The second lines of these acts, by their first: an act is of one family."""
LEAVES_ON_SUSPENSE = _LEAVES
YEAR_BOUND = (
    SPENDS_AE
    | JOURNALS
    | REQUESTS
    | CREDIT_KINDS
    | CREDIT_REVERSALS
    | {"receivable", "repayment_receivable", "credit_restoration"}
    | {"commitment_decrease", "prior_withdrawal", "earmark", "earmark_decrease", "late_interest"}
    | {*MOVEMENTS, *IDENTIFICATIONS}
    | {"service", "void", REASSIGNMENT_ORIGIN, REASSIGNMENT_TARGET}
    | INVENTORY
    | RESULTS
    | ALLOCATIONS
    | UNUSED_CREDITS
    | {"retention", "asset_service", *ASSET_CHANGES, "penalty", "penalty_confirmation", *RELEASES}
    | CARRIES
)
"""The kinds that bring, take, order, serve or give back credits of the year of their day (A14, A22, A24)."""
PAYEE_KINDS = frozenset({"third_party", "bank_details", "payee_block", "payee_release"})
BY_SYSTEM: Mapping[str, str] = {
    "payment": "treasury",
    "reissue": "treasury",
    "bank_debit": "bank",
    "bank_reject": "bank",
    "bank_return": "bank",
    **dict.fromkeys(("suspense_receipt", "suspense_debit", "suspense_return"), "bank"),
    "commitment_carry": "closing",
    "request_carry": "closing",
    "service_carry": "closing",
    "retention_carry": "closing",
    "penalty_carry": "closing",
    **dict.fromkeys(BALANCED_BY_CLOSING | UNUSED_CREDITS | {ACCRUAL_REVERSAL}, "closing"),
}
"""The kinds that only one sender may send."""
