"""The texts of refusals: for each code the finding and the remedy, in English and in French.

The row of the refusal gives the field, its value, the budget node and the missing cents besides.
"""

from collections.abc import Mapping

from core.line_remedies import LINE_REMEDIES, Remedy
from core.outcome_codes import Outcome

_O = Outcome

REMEDIES: Mapping[Outcome, Remedy] = {
    **LINE_REMEDIES,
    _O.PREDECESSOR_MISSING: Remedy(
        "The act that this one follows was never accepted, or has no such line.",
        "Send that act first, or find out why it was refused; then send this one again.",
        "L'acte précédent n'a pas été accepté, ou n'a pas cette ligne.",
        "Envoyer d'abord cet acte ou traiter son rejet, puis présenter celui-ci de nouveau.",
    ),
    _O.PREDECESSOR_STAGE: Remedy(
        "The predecessor is not at the stage where this act begins, or has nothing left at that stage.",
        "Follow the last act of the payment: its request, transfer, bank debit, return or re-opened debt.",
        "L'acte précédent n'est pas à l'étape où celui-ci commence, ou il n'en reste rien à cette étape.",
        "Se rattacher au dernier acte du paiement : demande, virement, débit, rejet ou dette rouverte.",
    ),
    _O.ASSIGNMENT_DIFFERS: Remedy(
        "The account assignment differs from that of the act that this one follows.",
        "Leave the assignment empty to inherit it, or change it by a re-assignment act.",
        "L'imputation diffère de celle de l'acte précédent.",
        "Laisser l'imputation vide pour en hériter, ou passer par un acte de réimputation.",
    ),
    _O.PAYEE_BLOCKED: Remedy(
        "The third party is blocked: nothing is paid to it.",
        "Find out why it was blocked, and release it once the reason is gone; then pay.",
        "Le tiers est bloqué : rien ne lui est payé.",
        "Rechercher le motif du blocage, débloquer le tiers une fois le motif levé, puis payer.",
    ),
    _O.PAYEE_NOT_BLOCKED: Remedy(
        "The third party to be released is not blocked.", "Check its code; there is nothing to release.",
        "Le tiers à débloquer n'est pas bloqué.", "Vérifier le code du tiers ; il n'y a rien à débloquer.",
    ),
    _O.TERM_SUSPENDED: Remedy(
        "The payment term of this request, or of the request it is a part of, is suspended: nothing of it is paid.",
        "Resume the term once the missing documents have arrived; then pay.",
        "Le délai de paiement de cette demande, ou de celle dont elle est une part, est suspendu : rien n'en est payé.",
        "Reprendre le délai une fois reçu ce qui manquait, puis payer.",
    ),
    _O.TERM_ALREADY_SUSPENDED: Remedy(
        "The payment term of this request was already suspended, and may be suspended only once.",
        "Pay the request within its term, or reject it if it cannot be paid.",
        "Le délai de paiement de cette demande a déjà été suspendu, et ne peut l'être qu'une fois.",
        "La payer dans son délai, ou la rejeter si elle ne peut l'être.",
    ),
    _O.TERM_NOT_SUSPENDED: Remedy(
        "The payment term already runs again: this suspension has ended.", "There is nothing to resume.",
        "Le délai de paiement court déjà : cette suspension a pris fin.", "Il n'y a rien à reprendre.",
    ),
    _O.REVERSAL_EXCEEDS_ORIGINAL: Remedy(
        "The line reverses or takes up more than what is left of the act it follows.", "Ask for at most what is left.",
        "La ligne annule ou reprend plus que ce qui reste de l'acte précédent.", "Demander au plus ce qui reste.",
    ),
    _O.COMMITMENT_EXCEEDED: Remedy(
        "The commitment has less left than this line draws.",
        "Increase the commitment first, or draw less.",
        "Le reste de l'engagement est inférieur au montant demandé.",
        "Augmenter d'abord l'engagement, ou réduire le montant.",
    ),
    _O.SERVICE_INSUFFICIENT: Remedy(
        "Less service is certified, and not yet requested, than this line asks to pay.",
        "Certify the service first, or ask for less.",
        "Le service fait certifié et non facturé est inférieur au montant demandé.",
        "Certifier d'abord le service fait, ou réduire le montant.",
    ),
    _O.SERVICE_ALREADY_BILLED: Remedy(
        "The payment of this service is already requested.",
        "Have the payment request rejected first, then cancel the service.",
        "Le paiement de ce service fait est déjà demandé.",
        "Faire d'abord rejeter la demande de paiement, puis annuler le service fait.",
    ),
    _O.MOVE_FORBIDDEN: Remedy(
        "Credits may not move onto themselves, to another programme, fund or year, or from HT2 to T2.",
        "Move inside one programme; T2 may feed HT2, never the reverse; a decree moves across programmes.",
        "Ce mouvement de crédits est interdit : même ligne, autre programme, fonds ou année, ou HT2 vers T2.",
        "Mouvementer dans un seul programme ; T2 vers HT2 seulement ; entre programmes, il faut un décret.",
    ),
    _O.ALLOTMENT_EXCEEDED: Remedy(
        "The level above has less left to distribute.",
        "Allot less, or bring credits to the level above first.",
        "Le niveau supérieur n'a plus assez de crédits à répartir.",
        "Réduire la mise à disposition, ou abonder d'abord le niveau supérieur.",
    ),
    _O.BUDGET_BELOW_CONSUMPTION: Remedy(
        "The move would leave less credit than is already reserved and consumed.",
        "Move at most what is available.",
        "Le mouvement laisserait moins de crédits que ceux déjà réservés et consommés.",
        "Mouvementer au plus le disponible.",
    ),
    _O.AE_EXCEEDED: Remedy(
        "Not enough commitment appropriations (AE) are available at the named budget node.",
        "Bring AE to that node, or commit less; then send the act again.",
        "Les autorisations d'engagement disponibles sont insuffisantes sur le niveau indiqué.",
        "Abonder les AE de ce niveau ou réduire le montant, puis présenter l'acte de nouveau.",
    ),
    _O.CP_EXCEEDED: Remedy(
        "Not enough payment appropriations (CP) are available at the named budget node.",
        "Bring CP to that node, or ask for less; then send the act again.",
        "Les crédits de paiement disponibles sont insuffisants sur le niveau indiqué.",
        "Abonder les CP de ce niveau ou réduire le montant, puis présenter l'acte de nouveau.",
    ),
    _O.BALANCE_LIMIT: Remedy(
        "A total would exceed the largest figure that the books can represent.",
        "Check the amount; no State's budget is that large.",
        "Un total dépasserait le plus grand nombre que les livres peuvent porter.",
        "Vérifier le montant ; aucun budget d'État n'est aussi grand.",
    ),
    _O.ACT_REFUSED: Remedy(
        "Another line of the same act was refused, and an act is accepted whole or not at all.",
        "Correct the line that was refused, and send the whole act again.",
        "Une autre ligne du même acte est refusée ; un acte est accepté en entier ou pas du tout.",
        "Corriger la ligne refusée et présenter de nouveau l'acte entier.",
    ),
    _O.FORM_REFUSED: Remedy(
        "Another act of the same form or file was refused, and all were to be accepted or none.",
        "Correct the act that was refused, and send the whole again.",
        "Un autre acte du même formulaire ou fichier est refusé ; tous devaient être acceptés, ou aucun.",
        "Corriger l'acte refusé et présenter de nouveau l'ensemble.",
    ),
}  # fmt: skip
"""In order of precedence: what the line states comes first, then earlier acts, the budget, and other lines."""
