"""The texts of refusals of credits of funds: in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

FUND_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.FUND_RECEIPT_MISSING: Remedy(
        "Credits of a fund are opened by what was collected for it, and this opening names no receipt.",
        "Open them by fund_opening, which names the receipt. Only what was carried over or comes from another ledger is opened"
        " without one: then state that origin (carry_over, transfer).",
        "Les crédits d'un fonds sont ouverts à hauteur de ce qui a été encaissé pour lui, et cette ouverture n'indique aucun"
        " encaissement.",
        "Les ouvrir par fund_opening, qui indique l'encaissement. Seuls les crédits reportés ou venus d'un autre registre"
        " s'ouvrent sans encaissement : indiquer alors cette origine (carry_over, transfer).",
    ),
    _O.FUND_RECEIPT_MISMATCH: Remedy(
        "The receipt was not collected for this fund, on this programme, in this budget year; or it repays an expense.",
        "Name a receipt of a receivable that states this fund and programme, collected in the year of the credits. What repays"
        " an expense restores credits (credit_restoration).",
        "L'encaissement ne concerne pas ce fonds, ce programme ou cette année budgétaire ; ou il s'agit du reversement d'une"
        " dépense.",
        "Indiquer l'encaissement d'un titre qui porte ce fonds et ce programme, dans l'année des crédits. Le reversement d'une"
        " dépense rétablit des crédits (credit_restoration).",
    ),
    _O.FUND_RECEIPT_EXCEEDED: Remedy(
        "More is opened than what is left of the receipt.",
        "Lower the amount to what was collected and has opened no credits yet; a further receipt opens the rest.",
        "L'ouverture dépasse ce qui reste de l'encaissement.",
        "Ramener le montant à ce qui est encaissé et n'a pas encore ouvert de crédits ; un autre encaissement ouvre le reste.",
    ),
}
