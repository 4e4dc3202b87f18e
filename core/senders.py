"""The senders of Crescendo's own acts, and the kinds of act that they alone send."""

from collections.abc import Mapping

from core.catalog import CATALOG, BudgetAction, Family
from core.kind_rules import BY_DECREE, Requester
from core.unused_credit_kinds import UNUSED_CREDIT_KINDS

SENDER_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,34}"
"""The pattern of a sender's name."""

TREASURY = "treasury"
"""Sends the payments of runs, and claims of late interest."""
BANK = "bank"
"""Sends the movements of bank files."""
CLOSING = "closing"
"""Sends the acts that carry a year and its credits over into the next, its opening balances, its result, and what reverses
its accruals."""
RESERVED_SENDERS = frozenset({TREASURY, BANK, CLOSING})
"""Names that no file, form or key from outside may use."""

SENDER_OF_KIND: Mapping[str, str] = {
    "payment": TREASURY,
    "reissue": TREASURY,
    "bank_debit": BANK,
    "bank_reject": BANK,
    "bank_return": BANK,
    "suspense_receipt": BANK,
    "suspense_debit": BANK,
    "suspense_return": BANK,
    "commitment_carry": CLOSING,
    "request_carry": CLOSING,
    "service_carry": CLOSING,
    "retention_carry": CLOSING,
    "penalty_carry": CLOSING,
    "opening_debit": CLOSING,
    "opening_credit": CLOSING,
    "opening_item_debit": CLOSING,
    "opening_item_credit": CLOSING,
    "opening_reduction_debit": CLOSING,
    "opening_reduction_credit": CLOSING,
    "result_debit": CLOSING,
    "result_credit": CLOSING,
    "result_allocation_debit": CLOSING,
    "result_allocation_credit": CLOSING,
    **dict.fromkeys((kind.name for kind in UNUSED_CREDIT_KINDS), CLOSING),
    "inventory_reversal": CLOSING,
}
"""The only sender of some kinds of act: they state what a payment run, the bank or the closing of a year did."""
_OF_ACCOUNTANT = (
    *(Family.SETTLEMENT, Family.RECEIPT, Family.RESTORATION, Family.JOURNAL),
    *(Family.REASSIGNMENT, Family.JUSTIFICATION, Family.RETENTION, Family.ASSET),
    *(Family.INVENTORY, Family.INVENTORY_CHANGE, Family.RECEIPT_CHANGE),
)
ACCOUNTANT_SETTLEMENTS = frozenset(
    kind.name for kind in CATALOG if kind.family in _OF_ACCOUNTANT and kind.name not in SENDER_OF_KIND
)
"""The other kinds that settle a debt, collect a receivable or move an expense, and entries by hand: an accountant decides."""
_OF_DIRECTORATE = BY_DECREE | {
    *(
        BudgetAction.OPEN,
        BudgetAction.OPEN_FUND,
        BudgetAction.CANCEL,
        BudgetAction.FREEZE,
        BudgetAction.UNFREEZE,
    ),
}
DIRECTORATE_KINDS = frozenset(
    kind.name
    for kind in CATALOG
    if (kind.budget in _OF_DIRECTORATE or kind.is_minister_decision) and kind.name not in SENDER_OF_KIND
)
"""The kinds that open, cancel, freeze and unfreeze credits, move them by decree, or override a refused visa: finance laws,
decrees and the minister of the budget do, by the budget directorate, never a ministry."""
CONTROLLER_KINDS = frozenset({"visa", "visa_refusal"})
"""The decisions of the budget controller (GBCP art. 103)."""
INVOICE_SERVICE_KINDS = frozenset(
    kind.name for kind in CATALOG if kind.requester is Requester.INVOICE_SERVICE
)
"""What the invoice service of an accountant requests; no authorising officer orders it (GBCP art. 41)."""
