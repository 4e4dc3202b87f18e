"""What each kind of act follows and does, as the texts say (decree 2012-1246; docs/rules.md)."""

from collections.abc import Mapping

_PAYABLES = frozenset(
    {
        "payment_request",
        "payment_request_without_service",
        "direct_payment_request",
        "payroll",
        "attachment",
        "assignment",
    }
)

PREDECESSORS: Mapping[str, frozenset[str]] = {
    "commitment_increase": frozenset({"commitment"}),
    "commitment_decrease": frozenset({"commitment"}),
    "prior_withdrawal": frozenset({"commitment"}),
    "commitment_reversal": frozenset({"commitment"}),
    "commitment_change_reversal": frozenset(
        {"commitment_increase", "commitment_decrease", "prior_withdrawal"}
    ),
    "service": frozenset({"commitment"}),
    "service_cancellation": frozenset({"service"}),
    "payment_request": frozenset({"commitment"}),
    "payment_request_without_service": frozenset({"commitment"}),
    "payment_request_rejection": _PAYABLES,
    "payment": _PAYABLES,
    "set_off": frozenset(
        {
            "payment_request",
            "payment_request_without_service",
            "direct_payment_request",
            "attachment",
            "assignment",
        }
    ),
    "attachment": _PAYABLES,
    "assignment": _PAYABLES,
    "term_suspension": _PAYABLES,
    "term_resumption": frozenset({"term_suspension"}),
    "bank_debit": frozenset({"payment", "reissue"}),
    "bank_reject": frozenset({"payment", "reissue"}),
    "bank_return": frozenset({"bank_debit"}),
    "return_identified": frozenset({"bank_return", "bank_reject"}),
    "reissue": frozenset({"return_identified"}),
    "void": frozenset({"return_identified"}),
}
"""The kinds that an act of a kind may follow."""

SPENDS_AE = frozenset({"commitment", "commitment_increase"})
REVERSALS = frozenset({"commitment_reversal", "commitment_change_reversal"})
"""They undo a whole act, once, as long as no other follows it (A05)."""
ON_COMMITMENT = frozenset({"payment_request", "payment_request_without_service"})
REQUESTS = ON_COMMITMENT | {"direct_payment_request", "payroll"}
INVOICED = ON_COMMITMENT | {"direct_payment_request"}
CHARGES = frozenset({"service", "payment_request_without_service", "direct_payment_request", "payroll"})
"""Kinds that debit a charge or an asset, whose account they may state."""
TAKES_FROM_COMMITMENT = ON_COMMITMENT | {"service", "commitment_decrease", "prior_withdrawal"}
"""The kinds that take an amount of a commitment: one that was committed, or certified, by then (A33)."""
TRANSFERS = frozenset({"bank_debit", "bank_reject", "bank_return"})
CREDIT_KINDS = frozenset(
    f"{action}_{budget}"
    for action in (
        *("budget_opening", "allotment", "budget_move", "credit_return"),
        *("cancellation", "freeze", "unfreeze"),
    )
    for budget in ("ae", "cp")
)
YEAR_BOUND = (
    SPENDS_AE
    | REQUESTS
    | CREDIT_KINDS
    | REVERSALS
    | {"commitment_decrease", "prior_withdrawal", "earmark", "earmark_decrease", "late_interest"}
    | {"service", "void"}
)
"""The kinds that bring, take, order, serve or give back credits of the year of their day (A14, A22, A24)."""
PAYEE_KINDS = frozenset({"third_party", "bank_details", "payee_block", "payee_release"})
BY_SYSTEM: Mapping[str, str] = {
    "payment": "treasury",
    "reissue": "treasury",
    "bank_debit": "bank",
    "bank_reject": "bank",
    "bank_return": "bank",
}
"""The kinds that only one sender may send."""
