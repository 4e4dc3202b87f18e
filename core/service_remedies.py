"""The texts of the refusals of requests for what service they need, and for who requests what is certified."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

SERVICE_REMEDIES: Mapping[Outcome, Remedy] = {
    Outcome.SERVICE_REQUIRED: Remedy(
        "This expense is not one of those that may be paid before the service is certified.",
        "Certify the service and send a payment request on it, or state the listed nature of the expense.",
        "Cette dépense n'est pas de celles qui peuvent être payées avant service fait.",
        "Certifier le service fait puis envoyer la demande de paiement, ou indiquer la nature listée de la dépense.",
    ),
    Outcome.INVOICE_SERVICE_MISMATCH: Remedy(
        "Certified service is requested by the invoice service of the fund centre from its first day (invoice_services.csv),"
        " by the authorising officer before and elsewhere; this line is of the other one of both.",
        "Where there is an invoice service, leave the request to it (invoice_request): the certified service is the order to"
        " pay. Elsewhere have the authorising officer send a payment_request.",
        "Le paiement du service fait certifié est demandé par le service facturier du centre financier à partir de son premier"
        " jour selon invoice_services.csv, sinon par l'ordonnateur ; la ligne est de l'autre des deux.",
        "Si un service facturier est en place, lui laisser la demande (invoice_request) : la certification du service fait"
        " constitue l'ordre de payer. Sinon, faire envoyer payment_request par l'ordonnateur.",
    ),
}
