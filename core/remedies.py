"""The texts of refusals: for each code the finding and the remedy, in English and in French.

In addition, the row of the refusal gives the field, its value, the budget node and the missing cents.
"""

from collections.abc import Mapping
from typing import NamedTuple

from core.outcome_codes import Outcome


class Remedy(NamedTuple):
    """The finding and the remedy, in two languages."""

    finding: str
    action: str
    finding_fr: str
    action_fr: str


_O = Outcome

REMEDIES: Mapping[Outcome, Remedy] = {
    _O.REFERENCE_INVALID: Remedy(
        "The reference is missing, longer than 35 bytes, or contains control characters.",
        "Give every act a reference of 1 to 35 printable characters.",
        "La référence est absente, dépasse 35 octets ou contient des caractères de contrôle.",
        "Donner à chaque acte une référence de 1 à 35 caractères imprimables.",
    ),
    _O.KIND_UNKNOWN: Remedy(
        "The kind of act is unknown.",
        "Use one of the kinds of the catalog, as spelled there.",
        "Ce type d'acte est inconnu.",
        "Employer un type du catalogue, tel qu'il y est écrit.",
    ),
    _O.EXERCISE_UNKNOWN: Remedy(
        "The exercise is missing, not a year, or not in the calendar.",
        "Name an exercise of the calendar.",
        "L'exercice est absent, illisible ou hors du calendrier.",
        "Indiquer un exercice ouvert au calendrier.",
    ),
    _O.LINE_INVALID: Remedy(
        "The line neither starts an act nor follows the line above it.",
        "Put the lines of an act next to each other, numbered 1, 2, 3 ..., with the same family, exercise and reference.",
        "La ligne n'ouvre pas un acte et ne suit pas la ligne précédente.",
        "Placer les lignes d'un acte à la suite, numérotées 1, 2, 3 ..., avec mêmes famille, exercice et référence.",
    ),
    _O.ACT_TOO_LONG: Remedy(
        "The act has more than 1,000 lines.",
        "Split it into several acts, each with its own reference.",
        "L'acte dépasse 1 000 lignes.",
        "Le scinder en plusieurs actes, chacun avec sa référence.",
    ),
    _O.REFERENCE_CONFLICT: Remedy(
        "This reference was already used for an act with different content; that act is unchanged.",
        "Use a new reference for another act; to correct the first, send an act that changes or reverses it.",
        "Cette référence désigne déjà un acte dont le contenu diffère ; cet acte reste inchangé.",
        "Prendre une autre référence pour un autre acte ; pour corriger, envoyer l'acte rectificatif.",
    ),
    _O.FIELD_MISSING: Remedy(
        "A field that this kind of act needs is empty.", "Fill in the named field.",
        "Une zone obligatoire pour ce type d'acte est vide.", "Renseigner la zone indiquée.",
    ),
    _O.FIELD_INVALID: Remedy(
        "A field cannot be read: wrong format, too long, or control characters.",
        "Correct the named field: days as 2018-12-31, whole numbers in digits, texts within their length.",
        "Une zone est illisible : format erroné, trop longue ou caractères de contrôle.",
        "Corriger la zone indiquée : dates 2018-12-31, entiers en chiffres, textes à la bonne longueur.",
    ),
    _O.AMOUNT_INVALID: Remedy(
        "The amount is not a number with at most two decimals.",
        "Write euros with a point and at most two decimals, as in 1234.50.",
        "Le montant n'est pas un nombre à deux décimales au plus.",
        "Écrire les euros avec un point et deux décimales au plus, comme 1234.50.",
    ),
    _O.AMOUNT_NOT_POSITIVE: Remedy(
        "The amount is zero or negative.",
        "Send a positive amount; to take money back, send an act that reverses the first one.",
        "Le montant est nul ou négatif.",
        "Envoyer un montant positif ; pour annuler un acte, envoyer l'acte inverse.",
    ),
    _O.AMOUNT_OVER_LIMIT: Remedy(
        "The amount is over a thousand billion euros.",
        "Check the decimals; if the amount is right, split the act.",
        "Le montant dépasse mille milliards d'euros.",
        "Vérifier les décimales ; si le montant est exact, scinder l'acte.",
    ),
    _O.SEPA_LIMIT_EXCEEDED: Remedy(
        "The amount is over 999,999,999.99 euros, the most that a SEPA credit transfer carries.",
        "Ask for a large-value payment, or split the amount.",
        "Le montant dépasse 999 999 999,99 euros, maximum d'un virement SEPA.",
        "Demander un virement de gros montant, ou scinder le montant.",
    ),
    _O.DATE_OUTSIDE_EXERCISE: Remedy(
        "The posting date lies outside the exercise and its complementary period.",
        "Correct the date or the exercise.",
        "La date comptable est hors de l'exercice et de sa période complémentaire.",
        "Corriger la date ou l'exercice.",
    ),
    _O.PERIOD_CLOSED: Remedy(
        "The month of the posting date is closed.",
        "Post in an open month, or ask the accountant to reopen that month.",
        "Le mois de la date comptable est clos.",
        "Comptabiliser sur un mois ouvert, ou demander sa réouverture au comptable.",
    ),
    _O.FUND_CENTRE_UNKNOWN: Remedy(
        "The nomenclature of the budget year contains no such fund centre.",
        "Use a programme, BOP or UO of that year, as in 0177-D013-DD13.",
        "Le centre financier est absent de la nomenclature de l'année.",
        "Employer un programme, BOP ou UO de l'année, comme 0177-D013-DD13.",
    ),
    _O.FUND_CENTRE_LEVEL: Remedy(
        "This kind of act is not allowed at this level of the budget.",
        "Name a UO to spend credits, a programme to open them, a BOP or UO to allot them, two fund centres of the same"
        " level to move them, or an operation to earmark them.",
        "Ce type d'acte ne peut pas porter sur ce niveau du budget.",
        "Indiquer une UO pour dépenser des crédits, un programme pour les ouvrir, un BOP ou une UO pour les mettre à"
        " disposition, deux centres du même niveau pour les mouvementer, une opération pour les affecter.",
    ),
    _O.FUNCTIONAL_AREA_UNKNOWN: Remedy(
        "The nomenclature of the budget year contains no such functional area.",
        "Use an action or sub-action of that year.",
        "Le domaine fonctionnel est absent de la nomenclature de l'année.",
        "Employer une action ou sous-action de l'année.",
    ),
    _O.COMMITMENT_ITEM_UNKNOWN: Remedy(
        "The nomenclature of the budget year contains no such commitment item.",
        "For spending, use a category such as 31 or 63; for acts on the budget, use T2 or HT2.",
        "Le compte budgétaire est absent de la nomenclature de l'année.",
        "Employer une catégorie (31, 63 ...) pour dépenser, T2 ou HT2 pour les actes budgétaires.",
    ),
    _O.FUND_UNKNOWN: Remedy(
        "The nomenclature of the budget year contains no such fund.",
        "Leave the fund empty for ordinary credits, or use a fund of that year.",
        "Le fonds est absent de la nomenclature de l'année.",
        "Laisser le fonds vide pour les crédits ordinaires, ou employer un fonds de l'année.",
    ),
    _O.OPERATION_UNKNOWN: Remedy(
        "The nomenclature of the budget year contains no such investment operation.",
        "Use an operation of that year, or leave the field empty.",
        "L'opération d'investissement est absente de la nomenclature de l'année.",
        "Employer une opération de l'année, ou laisser la zone vide.",
    ),
    _O.NOMENCLATURE_MISMATCH: Remedy(
        "A valid code belongs to another programme or UO than the fund centre, or the item does not suit the act.",
        "Use an area, activity and fund of the fund centre's programme, an operation of its UO, and a suitable item.",
        "Un code relève d'un autre programme ou UO que le centre financier, ou le compte ne convient pas à l'acte.",
        "Prendre domaine, activité et fonds du programme du centre, opération de son UO, et un compte qui convient.",
    ),
    _O.ACCOUNT_UNKNOWN: Remedy(
        "The chart of accounts of the year contains no such account.",
        "Use an account of the chart, in ten digits, or leave the field empty.",
        "Le compte est absent du plan comptable de l'année.",
        "Employer un compte du plan, à dix chiffres, ou laisser la zone vide.",
    ),
    _O.ACCOUNT_MISMATCH: Remedy(
        "The commitment item does not admit this account.",
        "Use an account that the item admits, or leave the field empty for the usual one.",
        "Le compte budgétaire n'admet pas ce compte général.",
        "Employer un compte admis, ou laisser la zone vide pour le compte usuel.",
    ),
    _O.IBAN_INVALID: Remedy(
        "The IBAN's country, length or check digits are wrong.",
        "Copy the IBAN again from the payee's bank details.",
        "Le pays, la longueur ou la clé de l'IBAN sont erronés.",
        "Reprendre l'IBAN sur le relevé d'identité bancaire du tiers.",
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
    _O.PREDECESSOR_MISSING: Remedy(
        "The act that this line follows was never accepted, or has no line with that number.",
        "Send that act first, or find out why it was refused; then send this line again.",
        "L'acte précédent n'a pas été accepté, ou n'a pas de ligne de ce numéro.",
        "Envoyer d'abord cet acte ou traiter son rejet, puis présenter celui-ci de nouveau.",
    ),
    _O.PREDECESSOR_STAGE: Remedy(
        "The predecessor is not at the stage that this kind of act requires, or no amount is left at that stage.",
        "Name the payment's last act as predecessor: its request, transfer, bank debit, return or re-opened debt.",
        "L'acte précédent n'est pas à l'étape que ce type d'acte exige, ou aucun montant n'y reste.",
        "Indiquer le dernier acte du paiement comme acte précédent : demande, virement, débit, rejet, dette rouverte.",
    ),
    _O.ASSIGNMENT_DIFFERS: Remedy(
        "The account assignment differs from that of the act that this line follows.",
        "Leave the account assignment empty: the line then takes that of the act that it follows.",
        "L'imputation diffère de celle de l'acte précédent.",
        "Laisser l'imputation vide : la ligne reprend alors celle de l'acte précédent.",
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
        "The payment term of this request, or of the request that it is a part of, is suspended: it cannot be paid now.",
        "Resume the term once the missing documents have arrived; then pay.",
        "Le délai de paiement de cette demande, ou de celle dont elle est une part, est suspendu : elle ne peut être payée.",
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
        "The line reverses or uses more than what is left of the act that it follows.", "Ask for at most what is left.",
        "La ligne annule ou utilise plus que ce qui reste de l'acte précédent.", "Demander au plus ce qui reste.",
    ),
    _O.COMMITMENT_EXCEEDED: Remedy(
        "What is left of the commitment is less than the amount of this line.",
        "Increase the commitment first, or reduce the amount.",
        "Le reste de l'engagement est inférieur au montant demandé.",
        "Augmenter d'abord l'engagement, ou réduire le montant.",
    ),
    _O.SERVICE_INSUFFICIENT: Remedy(
        "The service that is certified and not yet requested is less than the amount of this line.",
        "Certify the service first, or reduce the amount.",
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
        "Credits may not be moved to where they come from, to another programme, fund or year, or from HT2 to T2.",
        "Move credits inside one programme, never from HT2 to T2; a move between programmes requires a decree.",
        "Mouvement interdit : vers le même endroit, un autre programme, fonds ou année budgétaire, ou de HT2 vers T2.",
        "Mouvementer les crédits dans un programme, jamais de HT2 vers T2 ; entre programmes, il faut un décret.",
    ),
    _O.ALLOTMENT_EXCEEDED: Remedy(
        "The level that gives the credits has less left to distribute than the amount of this line.",
        "Reduce the amount, or bring credits to that level first.",
        "Le niveau qui donne les crédits n'en a plus assez à répartir.",
        "Réduire le montant, ou abonder d'abord ce niveau.",
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
        "Another act of the same form or file was refused, and the sender asked to accept all acts or none.",
        "Correct the act that was refused, and send the whole form or file again.",
        "Un autre acte du même formulaire ou fichier est refusé ; l'émetteur a demandé de les accepter tous ou aucun.",
        "Corriger l'acte refusé et présenter de nouveau le formulaire ou fichier entier.",
    ),
}  # fmt: skip
