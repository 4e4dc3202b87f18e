"""The texts of the refusals of visas: for each code the finding and the remedy, in English and in French."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

VISA_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.VISA_AMOUNT_DIFFERS: Remedy(
        "A decision on a planned commitment is about the whole of it; this amount is not that of the request.",
        "State the amount of the request; for another amount have the officer send a new visa_request.",
        "La décision porte sur l'engagement projeté en entier ; ce montant n'est pas celui de la demande de visa.",
        "Indiquer le montant de la demande ; pour un autre montant, faire présenter une nouvelle demande (visa_request).",
    ),
    _O.VISA_EXCEEDED: Remedy(
        "The commitment is above what is left of the visa that it follows: earlier commitments have used the rest.",
        "Commit less, by what is missing, or send a visa_request for the whole amount and follow its visa.",
        "L'engagement dépasse le reste du visa qu'il suit, déjà employé par d'autres engagements.",
        "Réduire le montant de ce qui manque, ou demander un visa (visa_request) pour le montant entier et suivre ce visa.",
    ),
    _O.VISA_MISSING: Remedy(
        "The lines of the act together reach the threshold from which on a commitment of this ministry and title needs the"
        " visa of the budget controller (visas.csv), and this line follows none.",
        "Send a visa_request, wait for the visa, for the end of the controller's days (then send tacit_visa) or, if it is"
        " refused, for the decision of the minister of the budget; then send commitment_with_visa, which follows it. Commit"
        " the amount of an increase in the same way, as a commitment of its own.",
        "Les lignes de l'acte atteignent ensemble le seuil à partir duquel un engagement de ce ministère et de ce titre est"
        " soumis au visa du contrôleur budgétaire (visas.csv), et la ligne n'en suit aucun.",
        "Envoyer visa_request, attendre le visa, l'expiration du délai (puis envoyer tacit_visa) ou, en cas de refus,"
        " l'autorisation du ministre chargé du budget ; puis envoyer commitment_with_visa, qui le suit. Engager de même le"
        " montant d'un engagement complémentaire, par un engagement propre.",
    ),
    _O.VISA_PENDING: Remedy(
        "The days of the budget controller, which begin after the day of the request, have not passed: calendar.toml gives"
        " them (visa_days), and the last of them is still the controller's.",
        "Wait for the decision, or send the line dated after the last of these days.",
        "Le délai du contrôleur budgétaire, qui court du lendemain de la demande, n'est pas expiré : calendar.toml le donne"
        " (visa_days), dernier jour compris.",
        "Attendre la décision, ou présenter la ligne à une date postérieure à l'expiration du délai.",
    ),
}
