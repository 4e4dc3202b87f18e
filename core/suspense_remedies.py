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
        "No identification_receipt of the same amount and day follows the line in its act.",
        "Put an identification_receipt of the same amount and day behind each suspense_identification, in the same act; clear"
        " what pays no receivable by clearing_debit.",
        "Aucun identification_receipt de mêmes montant et date ne suit la ligne dans son acte.",
        "Faire suivre chaque suspense_identification d'un identification_receipt de mêmes montant et date, dans le même acte ;"
        " apurer par clearing_debit ce qui ne paie aucun titre.",
    ),
    _O.IDENTIFICATION_MISMATCH: Remedy(
        "The receivable is due to another accountant than the one in whose books the money is on suspense, or no"
        " suspense_identification of this amount precedes.",
        "Name a receivable of that accountant, in a line behind its suspense_identification, of the same amount and day.",
        "Le titre est dû à un autre comptable que celui dont les livres portent la somme en attente, ou aucun"
        " suspense_identification de ce montant ne le précède.",
        "Nommer un titre de ce comptable, sur une ligne qui suit son suspense_identification, de mêmes montant et date.",
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
