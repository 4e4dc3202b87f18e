"""The texts of refusals of special accounts: in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

SPECIAL_REMEDIES: Mapping[Outcome, Remedy] = {
    Outcome.SPECIAL_RECEIPTS_EXCEEDED: Remedy(
        "The special account would spend more in its budget year than its receipts and the balance that it brought forward.",
        "Wait for receipts of receivables of its programmes, or state the balance of the year before (special_balances.csv)."
        " The missing cents say what is lacking.",
        "Le compte d'affectation spéciale dépenserait plus que ses recettes de l'année et le solde reporté.",
        "Attendre l'encaissement de titres de ses programmes, ou indiquer le solde de l'année précédente"
        " (special_balances.csv). Les centimes manquants sont ce qui fait défaut.",
    ),
}
