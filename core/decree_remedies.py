"""The texts of refusals of moves of credits, by a manager or by decree, and of the limits of decrees."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

MOVE_FORBIDDEN = Remedy(
    "Credits may not be moved there: to where they come from, another fund or year, another programme, or from HT2 to T2.",
    "Move credits inside one programme, never from HT2 to T2; between programmes a decree moves them, but none of a fund"
    " (virement, decree_transfer).",
    "Mouvement interdit : vers le même endroit, un autre fonds, une autre année, un autre programme, ou de HT2 vers T2.",
    "Mouvementer dans un programme, jamais de HT2 vers T2 ; entre programmes, il faut un décret, qui ne porte sur aucun crédit"
    " de fonds (virement, decree_transfer).",
)
DECREE_MISMATCH = Remedy(
    "A virement joins two programmes of one ministry, a decree_transfer two of different ministries, both of one budget.",
    "Use the kind for their ministries (programmes.csv); nothing passes between the general budget and a special account.",
    "Un virement réunit deux programmes du même ministère, un transfert deux de ministères distincts, du même budget.",
    "Employer l'acte prévu pour leurs ministères (programmes.csv) ; rien ne passe du budget général à un compte spécial.",
)
DECREE_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.PROGRAMME_NOT_VOTED: Remedy(
        "No finance law of the year opened credits on the programme that would receive these.",
        "Move credits only to a programme of a finance law.",
        "Aucune loi de finances de l'année n'a ouvert de crédits sur le programme bénéficiaire.",
        "Ne mouvementer qu'au profit d'un programme prévu par une loi de finances.",
    ),
    _O.VIREMENT_LIMIT: Remedy(
        "Moves within a ministry would exceed the share of what the first finance law opened for a programme or its title 2.",
        "Move less; what exceeds the limit needs a finance law. The missing cents say by how much it exceeds.",
        "Les virements dépasseraient la part des crédits de la loi de finances initiale pour le programme ou son titre 2.",
        "Réduire le montant ; au-delà du plafond, il faut une loi de finances. Les centimes manquants sont l'excédent.",
    ),
    _O.ADVANCE_LIMIT: Remedy(
        "Decrees of advance would open more than the share of what the first finance law of the year opened.",
        "Open less; what exceeds the limit needs a finance law. The missing cents say by how much it exceeds.",
        "Les décrets d'avance ouvriraient plus que la part des crédits ouverts par la loi de finances de l'année.",
        "Réduire le montant ; au-delà du plafond, il faut une loi de finances. Les centimes manquants sont l'excédent.",
    ),
    _O.CANCELLATION_LIMIT: Remedy(
        "Decrees would cancel more than the share of what the finance laws of the year opened.",
        "Cancel less; what exceeds the limit needs a finance law. The missing cents say by how much it exceeds.",
        "Les décrets annuleraient plus que la part des crédits ouverts par les lois de finances de l'année.",
        "Réduire le montant ; au-delà du plafond, il faut une loi de finances. Les centimes manquants sont l'excédent.",
    ),
}
