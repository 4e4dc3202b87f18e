"""The kinds of act, one row each.  A new kind is a new row and a scenario; the kernels read the rows as data.

The effects of each kind (what it consumes, which accounts it posts to) follow docs/rules.md.  A kind that *mirrors* undoes
its predecessor: it has every effect of the predecessor's kind with the opposite sign, debit and credit exchanged.

A debt moves from stage to stage, one amount at a time.  Each act takes the amount up from the entry it follows, which must
have brought it to the stage where the act begins, and clears the account that entry credited, unless it posts nothing.  So
every open item is the ``open`` of one entry, and the sum of the open items of an account is its balance (rule A08).
"""

from collections.abc import Callable, Mapping
from typing import Any

from core.account_roles import Role
from core.act_kind import ActKind
from core.debt_stages import PayeeChange, Remainder, Stage
from core.families import Family
from core.kind_rules import BudgetAction, CreditCheck, Measure, Pairing, Requester, TitleTwo, YearRule
from core.outcome_codes import Outcome

_F, _B, _M, _O, _R, _S, _Y = Family, BudgetAction, Measure, Outcome, Remainder, Stage, YearRule
_CLEARING_DEFAULTS: Mapping[str, Any] = {
    "draws": _R.OPEN,
    "shortfall": _O.REVERSAL_EXCEEDS_ORIGINAL,
    "debit": Role.PREDECESSOR,
}
_DIVERSION_DEFAULTS: Mapping[str, Any] = {
    "follows": _F.PAYMENT_REQUEST,
    "after": _S.PAYABLE,
    "reaches": _S.PAYABLE,
    "inherits": True,
    **_CLEARING_DEFAULTS,
}
_SUSPENSE_DEFAULTS: Mapping[str, Any] = {
    "draws": _R.OPEN,
    "shortfall": _O.SUSPENSE_EXCEEDED,
    "after": _S.BY_HAND,
    "year_rule": _Y.IN_YEAR,
}
_ASSET_DEFAULTS: Mapping[str, Any] = {"after": _S.IN_SERVICE, "year_rule": _Y.IN_YEAR}


def _settle(name: str, french: str, after: Stage, *, credit: Role, **overrides: Any) -> ActKind:
    """Build the kind of an act that takes up an amount at stage ``after``."""
    follows = _F.PAYMENT_REQUEST if after is _S.PAYABLE else _F.SETTLEMENT
    overrides = {
        "budget": _B.SETTLE if "settles" in overrides else _B.NONE,
        "inherits": True,
        **_CLEARING_DEFAULTS,
        **overrides,
    }
    return ActKind(name, french, _F.SETTLEMENT, follows, after=after, credit=credit, **overrides)


def _decide(
    name: str, french: str, after: Stage, *, reaches: Stage, year_rule: YearRule = YearRule.NONE
) -> ActKind:
    """Build the kind of a decision on a planned commitment, which takes up its whole amount."""
    draws: Mapping[str, Any] = {"draws": _R.VISA, "shortfall": _O.VISA_EXCEEDED, "whole": True}
    return ActKind(name, french, _F.VISA, _F.VISA, after=after, reaches=reaches, year_rule=year_rule, **draws)


CATALOG: tuple[ActKind, ...] = (
    ActKind("none", "", _F.NONE),
    ActKind("third_party", "tiers", _F.THIRD_PARTY),
    ActKind("budget_opening_ae", "ouverture d'AE", _F.BUDGET, budget=_B.OPEN, measure=Measure.AE, year_rule=_Y.GRANTS),
    ActKind("budget_opening_cp", "ouverture de CP", _F.BUDGET, budget=_B.OPEN, measure=Measure.CP, year_rule=_Y.GRANTS),
    ActKind("allotment_ae", "mise à disposition d'AE", _F.BUDGET, budget=_B.ALLOT, measure=_M.AE, year_rule=_Y.GRANTS),
    ActKind("allotment_cp", "mise à disposition de CP", _F.BUDGET, budget=_B.ALLOT, measure=_M.CP, year_rule=_Y.GRANTS),
    ActKind("budget_move_ae", "mouvement d'AE", _F.BUDGET, budget=_B.MOVE, measure=Measure.AE, year_rule=_Y.GRANTS),
    ActKind("budget_move_cp", "mouvement de CP", _F.BUDGET, budget=_B.MOVE, measure=Measure.CP, year_rule=_Y.GRANTS),
    ActKind("earmark", "affectation", _F.BUDGET, budget=_B.EARMARK, measure=Measure.AE, year_rule=_Y.IN_YEAR),
    ActKind("commitment", "engagement juridique", _F.COMMITMENT, budget=_B.SPEND, ae_consumed=1, feeds=_R.OPEN,
            year_rule=_Y.SPENDS_AE, title_two=TitleTwo.REFUSED),
    ActKind("commitment_increase", "engagement complémentaire", _F.COMMITMENT_CHANGE, follows=_F.COMMITMENT,
            budget=_B.SPEND, ae_consumed=1, feeds=_R.OPEN, year_rule=_Y.SPENDS_AE, title_two=TitleTwo.REFUSED),
    ActKind("commitment_decrease", "retrait d'engagement", _F.COMMITMENT_CHANGE, follows=_F.COMMITMENT, budget=_B.SPEND,
            ae_consumed=-1, draws=_R.OPEN, shortfall=_O.COMMITMENT_EXCEEDED, year_rule=_Y.GIVES_BACK),
    ActKind("service", "service fait certifié", _F.SERVICE, follows=_F.COMMITMENT,
            draws=_R.OPEN, feeds=_R.UNBILLED, shortfall=_O.COMMITMENT_EXCEEDED,
            debit=Role.EXPENSE, credit=Role.ACCRUED, year_rule=_Y.SERVES),
    ActKind("service_cancellation", "annulation de service fait", _F.SERVICE_CANCELLATION, follows=_F.SERVICE,
            mirrors=True, shortfall=_O.SERVICE_ALREADY_BILLED),
    ActKind("payment_request", "demande de paiement, flux 1", _F.PAYMENT_REQUEST, follows=_F.COMMITMENT,
            budget=_B.SPEND, cp_reserved=1, draws=_R.UNBILLED, shortfall=_O.SERVICE_INSUFFICIENT,
            debit=Role.ACCRUED, credit=Role.CREDITOR, pays=True, reaches=_S.PAYABLE, year_rule=_Y.ORDERS, bills=True,
            requester=Requester.OFFICER),
    ActKind("payment_request_without_service", "demande de paiement, flux 3", _F.PAYMENT_REQUEST,
            follows=_F.COMMITMENT, budget=_B.SPEND, cp_reserved=1, draws=_R.OPEN,
            shortfall=_O.COMMITMENT_EXCEEDED, debit=Role.EXPENSE, credit=Role.CREDITOR, pays=True,
            reaches=_S.PAYABLE, year_rule=_Y.ORDERS, bills=True, before_service=True),
    ActKind("direct_payment_request", "demande de paiement directe, flux 4", _F.PAYMENT_REQUEST, budget=_B.SPEND,
            ae_reserved=1, cp_reserved=1, debit=Role.EXPENSE, credit=Role.CREDITOR, pays=True, reaches=_S.PAYABLE,
            year_rule=_Y.ORDERS, bills=True),
    ActKind("payment_request_rejection", "rejet de demande de paiement", _F.REJECTION, follows=_F.PAYMENT_REQUEST,
            mirrors=True, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, after=_S.PAYABLE),
    _settle("payment", "paiement", _S.PAYABLE, credit=Role.TRANSIT, reaches=_S.IN_TRANSIT, settles=1, remits=True,
            year_rule=_Y.SETTLES_CP),
    _settle("bank_debit", "débit du compte du Trésor", _S.IN_TRANSIT, credit=Role.TREASURY, reaches=_S.DEBITED, whole=True),
    _settle("bank_reject", "virement refusé par la banque", _S.IN_TRANSIT, credit=Role.RETURNED, reaches=_S.RETURNED,
            whole=True),
    _settle("bank_return", "virement rejeté", _S.DEBITED, credit=Role.RETURNED, reaches=_S.RETURNED, whole=True),
    _settle("return_identified", "virement rejeté identifié", _S.RETURNED, debit=Role.NONE, credit=Role.NONE,
            reaches=_S.REOPENED),
    _settle("reissue", "réémission de virement", _S.REOPENED, credit=Role.TRANSIT, reaches=_S.IN_TRANSIT, remits=True),
    _settle("void", "annulation de dette non réglée", _S.REOPENED, credit=Role.CHARGE, settles=-1,
            year_rule=_Y.GIVES_BACK, refusal=_O.RECEIVABLE_MISSING),
    ActKind("attachment", "opposition (SATD, saisie-attribution)", _F.PAYMENT_REQUEST,
            credit=Role.OTHER_CREDITOR, pays=True, **_DIVERSION_DEFAULTS),
    ActKind("assignment", "cession de créance", _F.PAYMENT_REQUEST,
            credit=Role.OTHER_CREDITOR, pays=True, **_DIVERSION_DEFAULTS),
    _settle("set_off", "compensation", _S.PAYABLE, credit=Role.OTHER_CREDITOR, settles=1, year_rule=_Y.SETTLES_CP,
            pairs=Pairing.DEBT),
    ActKind("late_interest", "intérêts moratoires", _F.PAYMENT_REQUEST, follows=_F.PAYMENT_REQUEST,
            budget=_B.SPEND, ae_reserved=1, cp_reserved=1, debit=Role.LATE_INTEREST, credit=Role.CREDITOR, pays=True,
            after=_S.PAYABLE, reaches=_S.PAYABLE, year_rule=_Y.ORDERS),
    ActKind("bank_details", "changement de coordonnées bancaires", _F.THIRD_PARTY_CHANGE, pays=True,
            change=PayeeChange.DETAILS),
    ActKind("payee_block", "blocage de tiers", _F.THIRD_PARTY_CHANGE, pays=True, change=PayeeChange.BLOCK),
    ActKind("payee_release", "déblocage de tiers", _F.THIRD_PARTY_CHANGE, pays=True, change=PayeeChange.RELEASE),
    ActKind("term_suspension", "suspension du paiement par le comptable", _F.TERM, follows=_F.PAYMENT_REQUEST,
            draws=_R.ONCE, shortfall=_O.TERM_ALREADY_SUSPENDED, after=_S.PAYABLE, reaches=_S.SUSPENDED),
    ActKind("term_resumption", "levée de la suspension du paiement", _F.TERM, follows=_F.TERM,
            draws=_R.ONCE, shortfall=_O.TERM_NOT_SUSPENDED, after=_S.SUSPENDED),
    ActKind("payroll", "paie sans ordonnancement préalable", _F.PAYMENT_REQUEST, budget=_B.SPEND,
            ae_reserved=1, cp_reserved=1, debit=Role.EXPENSE, credit=Role.PAYROLL, pays=True, reaches=_S.PAYABLE,
            year_rule=_Y.IN_YEAR, title_two=TitleTwo.ONLY, check=CreditCheck.YEAR_END),
    ActKind("prior_withdrawal", "retrait d'engagement d'un exercice antérieur", _F.COMMITMENT_CHANGE, _F.COMMITMENT,
            budget=_B.WITHDRAW, ae_consumed=-1, draws=_R.OPEN, shortfall=_O.COMMITMENT_EXCEEDED,
            year_rule=_Y.LOWERS_LATER),
    ActKind("commitment_reversal", "extourne d'engagement juridique", _F.REVERSAL, _F.COMMITMENT,
            mirrors=True, shortfall=_O.ORIGINAL_FOLLOWED, year_rule=_Y.GIVES_BACK, undoes=True),
    ActKind("commitment_change_reversal", "extourne d'engagement complémentaire ou de retrait", _F.REVERSAL,
            _F.COMMITMENT_CHANGE, mirrors=True, shortfall=_O.ORIGINAL_FOLLOWED, year_rule=_Y.GIVES_BACK, undoes=True),
    ActKind("credit_return_ae", "remontée d'AE", _F.BUDGET, budget=_B.RETURN, measure=Measure.AE, year_rule=_Y.GRANTS),
    ActKind("credit_return_cp", "remontée de CP", _F.BUDGET, budget=_B.RETURN, measure=Measure.CP, year_rule=_Y.GRANTS),
    ActKind("cancellation_ae", "annulation d'AE", _F.BUDGET, budget=_B.CANCEL, measure=Measure.AE, year_rule=_Y.GRANTS),
    ActKind("cancellation_cp", "annulation de CP", _F.BUDGET, budget=_B.CANCEL, measure=Measure.CP, year_rule=_Y.GRANTS),
    ActKind("freeze_ae", "gel d'AE", _F.BUDGET, budget=_B.FREEZE, measure=Measure.AE, year_rule=_Y.GRANTS),
    ActKind("freeze_cp", "gel de CP", _F.BUDGET, budget=_B.FREEZE, measure=Measure.CP, year_rule=_Y.GRANTS),
    ActKind("unfreeze_ae", "dégel d'AE", _F.BUDGET, budget=_B.UNFREEZE, measure=Measure.AE, year_rule=_Y.GRANTS),
    ActKind("unfreeze_cp", "dégel de CP", _F.BUDGET, budget=_B.UNFREEZE, measure=Measure.CP, year_rule=_Y.GRANTS),
    ActKind("earmark_decrease", "retrait d'affectation", _F.BUDGET, budget=_B.UNEARMARK, measure=_M.AE,
            year_rule=_Y.GIVES_BACK),
    ActKind("commitment_carry", "bascule d'engagement", _F.COMMITMENT, follows=_F.COMMITMENT, draws=_R.OPEN,
            feeds=_R.CARRIED, shortfall=_O.COMMITMENT_EXCEEDED, whole=True, year_rule=_Y.IN_YEAR, carries=True),
    ActKind("request_carry", "bascule de demande de paiement", _F.PAYMENT_REQUEST, follows=_F.PAYMENT_REQUEST,
            budget=_B.CARRY, draws=_R.OPEN, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, after=_S.PAYABLE,
            reaches=_S.PAYABLE, whole=True, year_rule=_Y.IN_YEAR, inherits=True, carries=True),
    ActKind("journal_debit", "écriture manuelle (OD), débit", _F.JOURNAL, debit=Role.BY_HAND, reaches=_S.BY_HAND,
            year_rule=_Y.IN_YEAR),
    ActKind("journal_credit", "écriture manuelle (OD), crédit", _F.JOURNAL, credit=Role.BY_HAND, reaches=_S.BY_HAND,
            year_rule=_Y.IN_YEAR),
    ActKind("service_carry", "bascule de service fait", _F.SERVICE, follows=_F.SERVICE, draws=_R.OPEN, feeds=_R.CARRIED,
            shortfall=_O.SERVICE_INSUFFICIENT, year_rule=_Y.IN_YEAR, carries=True),
    ActKind("receivable", "titre de perception", _F.RECEIVABLE, debit=Role.RECEIVABLE, credit=Role.PRODUCT, pays=True,
            reaches=_S.DUE, year_rule=_Y.IN_YEAR),
    ActKind("receivable_reduction", "réduction de titre de perception", _F.RECEIVABLE_CHANGE, follows=_F.RECEIVABLE,
            mirrors=True, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, after=_S.DUE),
    ActKind("receivable_cancellation", "annulation de titre de perception", _F.RECEIVABLE_CHANGE, follows=_F.RECEIVABLE,
            mirrors=True, shortfall=_O.ORIGINAL_FOLLOWED, undoes=True),
    ActKind("receipt", "encaissement d'un titre de perception", _F.RECEIPT, follows=_F.RECEIVABLE, after=_S.DUE,
            draws=_R.OPEN, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, debit=Role.TREASURY, credit=Role.CLEARED,
            reaches=_S.COLLECTED, inherits=True),
    ActKind("set_off_receipt", "encaissement par compensation", _F.SETTLEMENT, follows=_F.RECEIVABLE, after=_S.DUE,
            draws=_R.OPEN, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, debit=Role.OTHER_CREDITOR, credit=Role.CLEARED,
            reaches=_S.COLLECTED, inherits=True, pairs=Pairing.RECEIVABLE),
    ActKind("virement_ae", "virement d'AE", _F.BUDGET, budget=_B.VIREMENT, measure=Measure.AE, year_rule=_Y.GRANTS),
    ActKind("virement_cp", "virement de CP", _F.BUDGET, budget=_B.VIREMENT, measure=Measure.CP, year_rule=_Y.GRANTS),
    ActKind("decree_transfer_ae", "transfert d'AE", _F.BUDGET, budget=_B.DECREE_TRANSFER, measure=_M.AE, year_rule=_Y.GRANTS),
    ActKind("decree_transfer_cp", "transfert de CP", _F.BUDGET, budget=_B.DECREE_TRANSFER, measure=_M.CP, year_rule=_Y.GRANTS),
    ActKind("decree_cancellation_ae", "annulation d'AE par décret", _F.BUDGET, budget=_B.DECREE_CANCEL, measure=_M.AE,
            year_rule=_Y.GRANTS),
    ActKind("decree_cancellation_cp", "annulation de CP par décret", _F.BUDGET, budget=_B.DECREE_CANCEL, measure=_M.CP,
            year_rule=_Y.GRANTS),
    ActKind("opening_debit", "balance d'entrée, débit", _F.OPENING, debit=Role.BY_HAND, reaches=_S.BY_HAND,
            year_rule=_Y.IN_YEAR),
    ActKind("opening_credit", "balance d'entrée, crédit", _F.OPENING, credit=Role.BY_HAND, reaches=_S.BY_HAND,
            year_rule=_Y.IN_YEAR),
    ActKind("advance_request", "demande d'avance", _F.PAYMENT_REQUEST, _F.COMMITMENT, budget=_B.SPEND, cp_reserved=1,
            debit=Role.ADVANCE, credit=Role.CREDITOR, pays=True, reaches=_S.PAYABLE, year_rule=_Y.ORDERS, bills=True),
    _settle("advance_withholding", "précompte d'avance", _S.PAYABLE, credit=Role.ADVANCE, budget=_B.SPEND,
            cp_reserved=-1, year_rule=_Y.SETTLES_CP, pairs=Pairing.WITHHOLDING),
    _settle("advance_recovery", "récupération d'avance", _S.DEBITED, debit=Role.NONE, credit=Role.NONE,
            shortfall=_O.ADVANCE_EXCEEDED, pairs=Pairing.ADVANCE),
    ActKind("repayment_receivable", "titre de perception d'un indu", _F.RECEIVABLE, follows=_F.PAYMENT_REQUEST,
            debit=Role.RECEIVABLE, credit=Role.PRODUCT, pays=True, reaches=_S.DUE, year_rule=_Y.IN_YEAR),
    ActKind("credit_restoration", "rétablissement de crédits", _F.RESTORATION, follows=_F.RECEIPT, after=_S.COLLECTED,
            budget=_B.SPEND, ae_consumed=-1, cp_consumed=-1, draws=_R.OPEN, shortfall=_O.RESTORATION_EXCEEDS_RECEIPT,
            debit=Role.REPAYMENT, credit=Role.CHARGE, year_rule=_Y.IN_YEAR, inherits=True),
    ActKind("reassignment_origin", "réimputation, imputation d'origine", _F.REASSIGNMENT, follows=_F.SETTLEMENT,
            budget=_B.REASSIGN, draws=_R.IMPUTATION, shortfall=_O.EXPENSE_REASSIGNED, credit=Role.CHARGE,
            after=_S.DEBITED, reaches=_S.UNASSIGNED, settles=-1, year_rule=_Y.GIVES_BACK, inherits=True,
            pairs=Pairing.ORIGIN),
    ActKind("reassignment_target", "réimputation, nouvelle imputation", _F.REASSIGNMENT, follows=_F.REASSIGNMENT,
            budget=_B.REASSIGN, draws=_R.OPEN, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, debit=Role.EXPENSE,
            after=_S.UNASSIGNED, settles=1, year_rule=_Y.IN_YEAR, inherits=True, pairs=Pairing.TARGET),
    ActKind("clearing_debit", "apurement d'imputation provisoire, débit", _F.JOURNAL, follows=_F.JOURNAL,
            debit=Role.BY_HAND, **_SUSPENSE_DEFAULTS),
    ActKind("clearing_credit", "apurement d'imputation provisoire, crédit", _F.JOURNAL, follows=_F.JOURNAL,
            credit=Role.BY_HAND, **_SUSPENSE_DEFAULTS),
    ActKind("justification", "justification d'un solde de compte d'attente", _F.JUSTIFICATION, follows=_F.JOURNAL,
            after=_S.BY_HAND),
    ActKind("retention", "retenue de garantie", _F.RETENTION, _F.PAYMENT_REQUEST, budget=_B.SPEND, cp_reserved=-1,
            credit=Role.RETENTION, after=_S.PAYABLE, reaches=_S.RETAINED, year_rule=_Y.GIVES_BACK, inherits=True,
            **_CLEARING_DEFAULTS),
    ActKind("retention_release", "libération de retenue de garantie", _F.PAYMENT_REQUEST, _F.RETENTION, budget=_B.SPEND,
            cp_reserved=1, credit=Role.CLEARED, after=_S.RETAINED, reaches=_S.PAYABLE, year_rule=_Y.ORDERS, inherits=True,
            **_CLEARING_DEFAULTS),
    ActKind("retention_carry", "bascule de retenue de garantie", _F.RETENTION, _F.RETENTION, draws=_R.OPEN,
            shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, after=_S.RETAINED, reaches=_S.RETAINED, whole=True,
            year_rule=_Y.IN_YEAR, inherits=True, carries=True),
    ActKind("fund_opening", "ouverture de crédits de fonds de concours ou d'attribution de produits", _F.BUDGET,
            follows=_F.RECEIPT, budget=_B.OPEN_FUND, draws=_R.OPEN, shortfall=_O.FUND_RECEIPT_EXCEEDED, after=_S.COLLECTED,
            year_rule=_Y.GRANTS),
    ActKind("visa_request", "demande de visa", _F.VISA, reaches=_S.VISA_REQUESTED, title_two=TitleTwo.REFUSED),
    _decide("visa", "visa du contrôleur budgétaire", _S.VISA_REQUESTED, reaches=_S.VISA_GIVEN),
    _decide("visa_refusal", "refus de visa", _S.VISA_REQUESTED, reaches=_S.VISA_REFUSED),
    _decide("visa_override", "autorisation du ministre chargé du budget de passer outre", _S.VISA_REFUSED,
            reaches=_S.VISA_GIVEN),
    _decide("tacit_visa", "visa réputé accordé (silence du contrôleur)", _S.VISA_REQUESTED, reaches=_S.VISA_GIVEN,
            year_rule=_Y.WAITS),
    ActKind("commitment_with_visa", "engagement juridique soumis au visa", _F.COMMITMENT, _F.VISA, budget=_B.SPEND,
            ae_consumed=1, draws=_R.VISA, feeds=_R.OPEN, shortfall=_O.VISA_EXCEEDED, after=_S.VISA_GIVEN,
            year_rule=_Y.SPENDS_AE, title_two=TitleTwo.REFUSED),
    ActKind("asset_service", "mise en service d'immobilisation", _F.ASSET, debit=Role.ASSET, credit=Role.ASSET,
            reaches=_S.IN_SERVICE, year_rule=_Y.IN_YEAR),
    ActKind("asset_depreciation", "dotation aux amortissements", _F.ASSET, _F.ASSET, draws=_R.DEPRECIATION,
            shortfall=_O.DEPRECIATION_EXCEEDED, debit=Role.ASSET, credit=Role.ASSET, **_ASSET_DEFAULTS),
    ActKind("asset_disposal", "sortie d'immobilisation, valeur nette", _F.ASSET, _F.ASSET, draws=_R.NET_VALUE,
            debit=Role.ASSET, credit=Role.CLEARED, shortfall=_O.ASSET_VALUE_EXCEEDED, **_ASSET_DEFAULTS),
    ActKind("asset_depreciation_disposal", "sortie d'immobilisation, amortissements", _F.ASSET, _F.ASSET,
            draws=_R.DEPRECIATED, debit=Role.ASSET, credit=Role.CLEARED, shortfall=_O.ASSET_VALUE_EXCEEDED,
            **_ASSET_DEFAULTS),
    ActKind("invoice_request", "demande de paiement du service facturier", _F.PAYMENT_REQUEST, follows=_F.COMMITMENT,
            budget=_B.SPEND, cp_reserved=1, draws=_R.UNBILLED, shortfall=_O.SERVICE_INSUFFICIENT,
            debit=Role.ACCRUED, credit=Role.CREDITOR, pays=True, reaches=_S.PAYABLE, year_rule=_Y.ORDERS, bills=True,
            requester=Requester.INVOICE_SERVICE),
    ActKind("retention_rejection", "rejet de retenue de garantie", _F.REJECTION, follows=_F.RETENTION,
            mirrors=True, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, after=_S.RETAINED),
    ActKind("suspense_receipt", "encaissement à identifier", _F.RECEIPT, debit=Role.TREASURY, credit=Role.SUSPENSE_RECEIPT,
            reaches=_S.BY_HAND, year_rule=_Y.IN_YEAR),
    ActKind("suspense_identification", "identification d'un encaissement en attente", _F.RECEIPT, follows=_F.RECEIPT,
            draws=_R.OPEN, shortfall=_O.SUSPENSE_EXCEEDED, after=_S.BY_HAND, year_rule=_Y.IN_YEAR, pairs=Pairing.SUSPENSE),
    ActKind("identification_receipt", "encaissement d'un titre de perception après identification", _F.RECEIPT,
            follows=_F.RECEIVABLE, after=_S.DUE, draws=_R.OPEN, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL,
            debit=Role.SUSPENSE_RECEIPT, credit=Role.CLEARED, reaches=_S.COLLECTED, inherits=True,
            pairs=Pairing.IDENTIFICATION),
    ActKind("opening_item_debit", "balance d'entrée d'une imputation provisoire, débit", _F.OPENING, _F.JOURNAL,
            debit=Role.BY_HAND, after=_S.BY_HAND, reaches=_S.BY_HAND, year_rule=_Y.IN_YEAR),
    ActKind("opening_item_credit", "balance d'entrée d'une imputation provisoire, crédit", _F.OPENING, _F.JOURNAL,
            credit=Role.BY_HAND, after=_S.BY_HAND, reaches=_S.BY_HAND, year_rule=_Y.IN_YEAR),
    ActKind("opening_reduction_debit", "réduction de la balance d'entrée d'une imputation provisoire, débit",
            _F.OPENING, _F.JOURNAL, debit=Role.BY_HAND, **_SUSPENSE_DEFAULTS),
    ActKind("opening_reduction_credit", "réduction de la balance d'entrée d'une imputation provisoire, crédit",
            _F.OPENING, _F.JOURNAL, credit=Role.BY_HAND, **_SUSPENSE_DEFAULTS),
    ActKind("penalty", "pénalité provisoire", _F.RETENTION, _F.COMMITMENT, draws=_R.UNBILLED,
            shortfall=_O.SERVICE_INSUFFICIENT, debit=Role.ACCRUED, credit=Role.PENALTY, pays=True, reaches=_S.WITHHELD,
            year_rule=_Y.IN_YEAR),
    ActKind("penalty_confirmation", "confirmation de pénalité", _F.SETTLEMENT, _F.RETENTION, budget=_B.SPEND, cp_consumed=1,
            credit=Role.PENALTY_PRODUCT, after=_S.WITHHELD, year_rule=_Y.IN_YEAR, inherits=True, **_CLEARING_DEFAULTS),
    ActKind("penalty_remission", "remise de pénalité", _F.PAYMENT_REQUEST, _F.RETENTION, budget=_B.SPEND, cp_reserved=1,
            credit=Role.CREDITOR, after=_S.WITHHELD, reaches=_S.PAYABLE, year_rule=_Y.ORDERS, inherits=True,
            **_CLEARING_DEFAULTS),
    ActKind("penalty_carry", "bascule de pénalité", _F.RETENTION, _F.RETENTION, draws=_R.OPEN,
            shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, after=_S.WITHHELD, reaches=_S.WITHHELD, whole=True,
            year_rule=_Y.IN_YEAR, inherits=True, carries=True),
    ActKind("penalty_rejection", "rejet de pénalité", _F.REJECTION, follows=_F.RETENTION,
            mirrors=True, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, after=_S.WITHHELD),
)  # fmt: skip
"""The position of a kind is its number, which is stored with entries: append only."""

KIND_NUMBERS: Mapping[str, int] = {kind.name: number for number, kind in enumerate(CATALOG) if number}


def list_kinds(test: Callable[[ActKind], object]) -> tuple[int, ...]:
    """List the numbers of the kinds for which ``test`` holds; ask by family or effect, so that a further kind counts too."""
    return tuple(number for number, kind in enumerate(CATALOG) if test(kind))
