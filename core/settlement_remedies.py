"""The texts of refusals of settlements: what diverts pay, and what the bank does with a transfer."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

SETTLEMENT_REMEDIES: Mapping[Outcome, Remedy] = {
    Outcome.PAYROLL_DIVERSION: Remedy(
        "The request is pay by the payroll application, which itself states what is retained for oppositions and assignments:"
        " such retentions are not built yet.",
        "Send the opposition or assignment to the payroll application, which retains it from the pay; send no act of it here.",
        "La demande est une paie de l'application de paie, qui indique elle-même les retenues pour oppositions et cessions :"
        " ces retenues ne sont pas encore gérées.",
        "Adresser l'opposition ou la cession à l'application de paie, qui opère la retenue ; n'envoyer ici aucun acte.",
    ),
    Outcome.TRANSFER_AMOUNT_DIFFERS: Remedy(
        "The bank debits, rejects and returns a transfer whole; this amount is not that of the transfer.",
        "Check the amount against the bank's file, and present the movement with the amount of the transfer.",
        "La banque débite, refuse ou retourne un virement en entier ; ce montant n'est pas celui du virement.",
        "Vérifier le montant dans le fichier de la banque, et présenter le mouvement au montant du virement.",
    ),
    Outcome.SERVICE_ALREADY_BILLED: Remedy(
        "The payment of this service is already requested.",
        "Have the payment request rejected first, then cancel the service.",
        "Le paiement de ce service fait est déjà demandé.",
        "Faire d'abord rejeter la demande de paiement, puis annuler le service fait.",
    ),
    Outcome.SERVICE_INSUFFICIENT: Remedy(
        "The service that is certified and not yet requested is less than the amount of this line.",
        "Certify the service first, or reduce the amount.",
        "Le service fait certifié et non facturé est inférieur au montant demandé.",
        "Certifier d'abord le service fait, ou réduire le montant.",
    ),
}
