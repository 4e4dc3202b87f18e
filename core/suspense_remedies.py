"""The texts of the refusals of clearings and justifications: the finding and the remedy, in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

SUSPENSE_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.JUSTIFICATION_MISSING: Remedy(
        "The justification does not say why the amount stays on the suspense account.",
        "State the reason in words in the field reason, in at most 140 bytes.",
        "La justification n'indique pas pourquoi le montant reste sur le compte d'attente.",
        "Indiquer le motif en toutes lettres dans la zone reason, en 140 octets au plus.",
    ),
    _O.NOT_ON_SUSPENSE: Remedy(
        "The entry that the line follows left nothing on the stated suspense account: it posted on another account or, for a"
        " clearing, on the same side, for another accountant or in another year; or it is no entry by hand and no opening.",
        "Name the line that left the amount there, as report suspense lists it, and its account; state a fund centre of its"
        " accountant, and the year of the entry. What the year before left is cleared by its opening.",
        "L'écriture suivie n'a rien laissé sur le compte d'attente indiqué : elle mouvemente un autre compte ou, pour un"
        " apurement, le même côté, un autre comptable ou une autre année ; ou ce n'est ni une OD ni une balance d'entrée.",
        "Indiquer la ligne qui y a laissé le montant, que report suspense cite, et son compte ; un centre financier de son"
        " comptable, et l'année de l'écriture. Le reste de l'année précédente s'apure par sa balance d'entrée.",
    ),
    _O.IDENTIFICATION_UNPAIRED: Remedy(
        "No line that says what the amount is, of the same amount and day, follows in the act.",
        "Put an identification_receipt behind each suspense_identification, and an identification_return or"
        " identification_debit behind each transfer_identification, in the same act; clear what is neither by clearing_debit"
        " or clearing_credit.",
        "Aucune ligne disant à quoi correspond la somme, de mêmes montant et date, ne suit dans l'acte.",
        "Faire suivre chaque suspense_identification d'un identification_receipt, et chaque transfer_identification d'un"
        " identification_return ou identification_debit, dans le même acte ; apurer par clearing_debit ou clearing_credit ce"
        " qui n'est ni l'un ni l'autre.",
    ),
    _O.IDENTIFICATION_MISMATCH: Remedy(
        "The receivable or transfer is of another accountant than the one in whose books the amount is on suspense; or the"
        " amount stands on another account than the line takes it from; or no line that takes up this amount precedes.",
        "Name a receivable or transfer of that accountant, behind the line that takes up the same amount on the same day:"
        " identification_receipt of what the bank credited, identification_return of a return, identification_debit of a"
        " debit.",
        "Le titre ou le virement relève d'un autre comptable que celui dont les livres portent la somme en attente ; ou elle"
        " figure sur un autre compte que celui que la ligne apure ; ou aucune ligne reprenant ce montant ne la précède.",
        "Nommer un titre ou un virement de ce comptable, derrière la ligne qui reprend le même montant à la même date :"
        " identification_receipt pour un crédit, identification_return pour un rejet, identification_debit pour un débit.",
    ),
    _O.SUSPENSE_EXCEEDED: Remedy(
        "The line clears more than what is still open of the entry on the suspense account, or it justifies an entry of which"
        " nothing is open any more.",
        "Clear at most what report suspense lists as open; what is cleared needs no justification.",
        "La ligne apure plus que ce qui reste de l'écriture sur le compte d'attente, ou justifie une écriture entièrement"
        " apurée.",
        "Apurer au plus le reste que report suspense indique ; ce qui est apuré n'a pas à être justifié.",
    ),
}

PRODUCT_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.PRODUCT_FROM_SUSPENSE: Remedy(
        "The entry by hand debits a suspense account and credits a product: no receipt of the budget would be counted.",
        "Issue a receivable for what was paid, and identify the item with it: suspense_identification and"
        " identification_receipt, in one act.",
        "L'écriture manuelle débite un compte d'attente et crédite un produit : aucune recette budgétaire n'en résulterait.",
        "Émettre un titre pour ce qui a été payé, puis identifier la somme avec lui : suspense_identification et"
        " identification_receipt, dans un même acte.",
    ),
}
