"""The texts of refusals of credits that are carried over into the next year (LOLF art. 15)."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

CARRY_OVER_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.CARRY_OVER_UNORDERED: Remedy(
        "The opening states that it carries credits over, and the ledger has the year before: an order carries them, by"
        " carryover_out and carryover_in.",
        "List the order in carry_overs.csv, and execute step C15 of the year before: crescendo close execute C15.",
        "L'ouverture indique un report, et le registre contient l'exercice précédent : un arrêté reporte les crédits, par"
        " carryover_out et carryover_in.",
        "Inscrire l'arrêté dans carry_overs.csv et exécuter l'étape C15 de l'exercice précédent (crescendo close).",
    ),
    _O.CARRY_OVER_MISMATCH: Remedy(
        "A carry-over brings the same sum into the year just after: on T2 or HT2 and the family of funds as before, to the"
        " same programme or one that follows it, never of estimated credits nor of AE of T2.",
        "Put carryover_in behind its carryover_out in one act, with the same amount; cancel what cannot be carried.",
        "Un report porte la même somme sur l'exercice suivant : même T2 ou HT2, même famille de fonds, même programme ou"
        " celui qui le suit ; ni crédits évaluatifs, ni AE de T2.",
        "Placer carryover_in après son carryover_out dans un même acte, pour le même montant ; annuler ce qui ne peut être"
        " reporté.",
    ),
    _O.CARRY_OVER_LIMIT: Remedy(
        "More CP would be carried over than 3 % of the programme's initial CP of T2, or of its other titles; of a special"
        " account, more than its receipts left.",
        "Carry less: the missing cents say by how much it exceeds. For the other titles a finance law may lift the ceiling:"
        " name it in carry_overs.csv.",
        "Le report de CP dépasserait 3 % des crédits initiaux du T2 ou des autres titres du programme ; pour un compte"
        " spécial, le solde de ses recettes.",
        "Reporter moins : les centimes manquants sont l'excédent. Pour les autres titres, une loi de finances peut majorer"
        " le plafond : l'indiquer dans carry_overs.csv.",
    ),
}
