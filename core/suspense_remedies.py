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
    _O.SUSPENSE_EXCEEDED: Remedy(
        "The line clears more than what is still open of the entry on the suspense account, or it justifies an entry of which"
        " nothing is open any more.",
        "Clear at most what report suspense lists as open; what is cleared needs no justification.",
        "La ligne apure plus que ce qui reste de l'écriture sur le compte d'attente, ou justifie une écriture entièrement"
        " apurée.",
        "Apurer au plus le reste que report suspense indique ; ce qui est apuré n'a pas à être justifié.",
    ),
}
