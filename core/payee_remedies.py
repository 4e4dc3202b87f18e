"""The texts of refusals for the third parties that a line names: in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

PAYEE_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.THIRD_PARTY_MERGED: Remedy(
        "The third party was merged into another one (merges.csv): acts of the first day of the merge and later name the other"
        " code, and nothing is sent to a merged code whose bank details are not those of the other.",
        "Name the code that the refusal states behind now. To pay a debt to the merged code, register the bank details of the"
        " code that stays in use for it too (bank_details), once the payee was called back.",
        "Le tiers a été fusionné avec un autre (merges.csv) : à compter du premier jour de la fusion, les actes désignent"
        " l'autre code, et rien n'est viré à un code fusionné dont les coordonnées bancaires ne sont pas celles de l'autre.",
        "Indiquer le code que le refus donne après now. Pour payer une dette envers le code fusionné, lui enregistrer aussi"
        " les coordonnées bancaires du code conservé (bank_details), après contre-appel du tiers.",
    ),
    _O.PAYEE_UNKNOWN: Remedy(
        "No third party is registered under this code.",
        "Register the third party first, or correct the code.",
        "Aucun tiers n'est enregistré sous ce code.",
        "Enregistrer d'abord le tiers, ou corriger le code.",
    ),
    _O.PAYEE_ALREADY_REGISTERED: Remedy(
        "A third party is already registered under this code.",
        "Use the registered third party, or another code.",
        "Un tiers est déjà enregistré sous ce code.",
        "Employer le tiers enregistré, ou un autre code.",
    ),
    _O.BANK_DETAILS_DIFFER: Remedy(
        "The IBAN is not the one registered for this payee.",
        "Check with the payee through a known channel; nothing is paid to an unregistered account.",
        "L'IBAN n'est pas celui enregistré pour ce tiers.",
        "Vérifier auprès du tiers par une voie connue ; rien n'est payé sur un compte non enregistré.",
    ),
}  # fmt: skip
"""In order of precedence."""
