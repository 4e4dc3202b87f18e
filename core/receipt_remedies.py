"""The texts of the refusals of receivables: for each code the finding and the remedy, in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

RECEIPT_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.RECEIPT_NOT_BY_HAND: Remedy(
        "The line takes back a receipt of the bank, or names its receipt by the number of its entry, which does not say that"
        " it is none of the bank's.",
        "Name a receipt that an accountant posted, by its reference and, if another one sent it, predecessor_sender. What the"
        " bank credited stays collected: correct the receivable, or repay what was not due.",
        "La ligne annule un encaissement de la banque, ou désigne l'encaissement par le numéro de l'écriture, ce qui n'exclut"
        " pas qu'il soit de la banque.",
        "Désigner un encaissement saisi par un comptable, par sa référence et, s'il est d'un autre émetteur,"
        " predecessor_sender. Ce que la banque a crédité reste encaissé : corriger le titre, ou rembourser l'indu.",
    ),
    _O.RECEIVABLE_MISSING: Remedy(
        "This act needs a receivable that it takes up by the same amount, and there is none.",
        "Put a set_off_receipt of the same amount and day behind each set_off, in the same act; a void is refused.",
        "Cet acte suppose un titre de perception repris pour le même montant ; il n'y en a pas.",
        "Faire suivre chaque set_off d'un set_off_receipt de mêmes montant et date, dans le même acte ; sinon payer.",
    ),
    _O.SET_OFF_MISMATCH: Remedy(
        "The receivable is not due from the creditor of the debt to its accountant, or no set_off of this amount precedes.",
        "Name a receivable of that creditor and accountant, in a line behind its set_off, of the same amount and day.",
        "Le titre n'est pas dû par le créancier de la dette à son comptable, ou aucun set_off de ce montant ne le précède.",
        "Nommer un titre de ce créancier et de ce comptable, sur une ligne qui suit son set_off, de mêmes montant et date.",
    ),
    _O.RECEIVABLE_NOT_DUE: Remedy(
        "The receivable is not due yet on the day of the set-off: its term protects the debtor.",
        "Set off on the day on which the receivable is due, or later: the day that it states (due), never before its own.",
        "Le titre n'est pas encore exigible à la date de la compensation : son terme protège le débiteur.",
        "Compenser à la date d'exigibilité du titre (due), ou après ; elle ne précède jamais celle du titre.",
    ),
    _O.REPAYMENT_MISMATCH: Remedy(
        "The nature of receipt repays no expenses, or those of another title than the expense that the line follows; or that"
        " expense is an advance, or was reassigned.",
        "State the nature of receipts.csv that repays expenses of that title (restorations.csv). An advance is"
        " recovered by advance_recovery; what repays a reassigned expense is not built yet: issue a receivable, which restores"
        " nothing.",
        "La nature de recette ne correspond pas au reversement d'une dépense, ou pas à une dépense de ce titre ; ou il s'agit"
        " d'une avance, ou d'une dépense réimputée.",
        "Indiquer la nature de recette qui correspond au reversement d'une dépense de ce titre (restorations.csv). Une avance"
        " se récupère par advance_recovery ; pour une dépense réimputée, émettre un titre (receivable), qui ne rétablit aucun"
        " crédit.",
    ),
    _O.REPAYMENT_EXCEEDS_PAYMENT: Remedy(
        "More is asked back than was paid, set off, withheld, carried or passed on of this debt, and is not asked back yet.",
        "Lower the amount to that; reject what was not paid, before the rest is asked back, or cancel or reduce another"
        " receivable of this request.",
        "Le titre dépasse ce qui a été payé, compensé, précompté, basculé ou transmis de cette demande, et n'est pas déjà"
        " réclamé.",
        "Ramener le montant à ce reste ; rejeter d'abord ce qui n'est pas payé, ou annuler ou réduire un autre titre de cette"
        " demande.",
    ),
    _O.RESTORATION_WITHOUT_EXPENSE: Remedy(
        "The receipt is of a receivable that repays no expense, so it restores no credits.",
        "Restore what a repayment_receivable collected; any other receipt is a receipt of the budget.",
        "L'encaissement est celui d'un titre qui ne suit aucune dépense : il ne rétablit aucun crédit.",
        "Rétablir ce qu'un repayment_receivable a encaissé ; tout autre encaissement est une recette du budget.",
    ),
    _O.RESTORATION_TOO_LATE: Remedy(
        "The money was collected after the last day for a restoration: it is a receipt of the budget, without credits.",
        "Post it by hand from the account of repayments to 7280000000, budget code 262301; no credits come back.",
        "L'encaissement est postérieur au délai de rétablissement : c'est une recette du budget, sans crédits.",
        "Passer l'écriture du compte de reversement au 7280000000, compte budgétaire 262301 ; aucun crédit n'est rétabli.",
    ),
    _O.RESTORATION_EXCEEDS_RECEIPT: Remedy(
        "More is restored than what is left of the receipt.",
        "Lower the amount to what was collected and is not restored yet.",
        "Le rétablissement dépasse ce qui reste de l'encaissement.",
        "Ramener le montant à ce qui est encaissé et n'est pas encore rétabli.",
    ),
}
