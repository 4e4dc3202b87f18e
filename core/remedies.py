"""The texts of refusals: for each code the finding and the remedy, in English and in French.

The row of the refusal has the field, its value, the budget node and the missing cents.
"""

from collections.abc import Mapping

from core.advance_remedies import ADVANCE_EXCEEDED, ADVANCE_NOT_RECOVERED, ADVANCE_REMEDIES
from core.asset_remedies import ASSET_REMEDIES
from core.carry_remedies import CARRY_REMEDIES, PRIOR_REQUESTS_FIRST
from core.decree_remedies import DECREE_REMEDIES, MOVE_FORBIDDEN
from core.fund_remedies import FUND_REMEDIES
from core.inventory_remedies import INVENTORY_REMEDIES
from core.invoice_remedies import INVOICE_ALREADY_REQUESTED
from core.line_remedies import LINE_REMEDIES
from core.outcome_codes import Outcome
from core.reassignment_remedies import REASSIGNMENT_REMEDIES
from core.receipt_remedies import RECEIPT_REMEDIES
from core.remedy import Remedy
from core.retention_remedies import RETENTION_REMEDIES
from core.reversal_remedies import JOURNAL_UNBALANCED, REVERSAL_REMEDIES, TRANSFER_UNPAIRED
from core.service_remedies import SERVICE_REMEDIES
from core.settlement_remedies import SETTLEMENT_REMEDIES
from core.special_remedies import SPECIAL_REMEDIES
from core.suspense_remedies import PRODUCT_REMEDIES, SUSPENSE_REMEDIES
from core.visa_remedies import VISA_REMEDIES

_O = Outcome
REMEDIES: Mapping[Outcome, Remedy] = {
    **LINE_REMEDIES,
    _O.INVOICE_ALREADY_REQUESTED: INVOICE_ALREADY_REQUESTED,
    _O.PREDECESSOR_MISSING: Remedy(
        "The act that this line follows was never accepted in its exercise, or has no line with that number.",
        "Send that act first, or find out why it was refused; then send this line again. An act of the year before is not"
        " sent again: the closing carries it. The bank's acts are named by their entry number, as in @31.",
        "L'acte précédent n'a pas été accepté dans son exercice, ou n'a pas de ligne de ce numéro.",
        "Envoyer d'abord cet acte ou traiter son rejet, puis présenter celui-ci de nouveau. Un acte de l'année précédente"
        " n'est pas renvoyé : la clôture le bascule. Un acte de la banque est désigné par son numéro d'écriture (@31).",
    ),
    _O.DATE_BEFORE_PREDECESSOR: Remedy(
        "The line is dated before the act that it follows, or before the increase or the service whose amount it needs.",
        "Correct the date, or name another predecessor: an act has the day of the act that it follows and of the amounts that"
        " it takes, or a later one.",
        "La ligne est datée d'avant l'acte précédent, ou d'avant l'engagement complémentaire ou le service fait dont elle"
        " prend le montant.",
        "Corriger la date ou l'acte précédent : un acte est daté du jour de l'acte qu'il suit et des montants qu'il prend, ou"
        " d'un jour ultérieur.",
    ),
    _O.PREDECESSOR_STAGE: Remedy(
        "The predecessor is not at the stage that this kind of act requires, or no amount is left at that stage.",
        "Name the last act of the payment (request, transfer, bank debit, return, re-opened debt), or a receivable still due;"
        " of a commitment with visa, the visa with an amount left.",
        "L'acte précédent n'est pas à l'étape que ce type d'acte exige, ou aucun montant n'y reste.",
        "Indiquer le dernier acte du paiement (demande, virement, débit, rejet, dette rouverte), ou un titre encore dû ; d'un"
        " engagement soumis au visa, le visa non épuisé.",
    ),
    _O.EXPENSE_REASSIGNED: REASSIGNMENT_REMEDIES[_O.EXPENSE_REASSIGNED],
    _O.COMMITMENT_CARRIED: CARRY_REMEDIES[_O.COMMITMENT_CARRIED],
    _O.REVERSAL_FORBIDDEN: REVERSAL_REMEDIES[_O.REVERSAL_FORBIDDEN],
    _O.ASSIGNMENT_DIFFERS: Remedy(
        "The account assignment differs from that of the act that this line follows.",
        "Leave the account assignment empty: the line then takes that of the act that it follows. Where the programme goes on"
        " in another one in a later year, state one that successions.csv of that year names.",
        "L'imputation diffère de celle de l'acte précédent.",
        "Laisser l'imputation vide : la ligne reprend alors celle de l'acte précédent. Si le programme est repris par un autre"
        " une année suivante, indiquer un de ceux que cite successions.csv de cette année.",
    ),
    _O.CARRY_YEAR: CARRY_REMEDIES[_O.CARRY_YEAR],
    _O.CARRY_MISSING: CARRY_REMEDIES[_O.CARRY_MISSING],
    _O.INTEREST_ASSIGNMENT: Remedy(
        "Late interest is charged to ordinary credits of an item of title 3, without fund and investment operation; the"
        " assignment that the line states, or that of its request if it states none, is another.",
        "State fund centre, functional area and an item of title 3, all of the request's programme and the year of the claim,"
        " and no fund.",
        "Les intérêts moratoires sont imputés sur les crédits ordinaires d'une catégorie du titre 3, hors fonds et hors"
        " tranche fonctionnelle ; l'imputation de la ligne, ou à défaut celle de sa demande, en est une autre.",
        "Indiquer centre financier, domaine fonctionnel et catégorie du titre 3, du programme de la demande et de l'année,"
        " sans fonds.",
    ),
    _O.REPAYMENT_MISMATCH: RECEIPT_REMEDIES[_O.REPAYMENT_MISMATCH],
    _O.REPAYMENT_EXCEEDS_PAYMENT: RECEIPT_REMEDIES[_O.REPAYMENT_EXCEEDS_PAYMENT],
    _O.RESTORATION_WITHOUT_EXPENSE: RECEIPT_REMEDIES[_O.RESTORATION_WITHOUT_EXPENSE],
    _O.RESTORATION_TOO_LATE: RECEIPT_REMEDIES[_O.RESTORATION_TOO_LATE],
    _O.FUND_RECEIPT_MISMATCH: FUND_REMEDIES[_O.FUND_RECEIPT_MISMATCH],
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
        "The payment of this request, or of the request that it is a part of, is suspended: it cannot be paid now.",
        "Resume it (term_resumption) once the missing documents have arrived; then pay.",
        "Le paiement de cette demande, ou de celle dont elle est une part, est suspendu : elle ne peut être payée.",
        "Lever la suspension une fois reçu ce qui manquait, puis payer.",
    ),
    _O.TERM_ALREADY_SUSPENDED: Remedy(
        "The payment of this request was already suspended, and may be suspended only once.",
        "Pay the request, or reject it if it cannot be paid.",
        "Le paiement de cette demande a déjà été suspendu, et ne peut l'être qu'une fois.",
        "La payer, ou la rejeter si elle ne peut l'être.",
    ),
    _O.TERM_NOT_SUSPENDED: Remedy(
        "This suspension has ended already.", "There is nothing to resume.",
        "Cette suspension a déjà pris fin.", "Il n'y a rien à lever.",
    ),
    _O.SETTLED_WITHOUT_TRANSFER: Remedy(
        "This is settled by an entry of the ledger, which is not built yet, and by no transfer: programme 0117 owes it to the"
        " account of the debt, or it is relief of a tax, or a tax that is not recovered.",
        "Leave the debt open until that entry is built, or reject the request if it is owed to somebody else.",
        "Cette somme est réglée par une écriture du grand livre, qui n'est pas encore gérée, et par aucun virement : le"
        " programme 0117 la doit au compte de la dette, ou c'est un dégrèvement ou une admission en non-valeur.",
        "Laisser la dette ouverte jusqu'à ce que cette écriture soit gérée, ou rejeter la demande si un tiers est créancier.",
    ),
    _O.PAYROLL_DIVERSION: SETTLEMENT_REMEDIES[_O.PAYROLL_DIVERSION],
    **{code: RECEIPT_REMEDIES[code] for code in (_O.RECEIVABLE_MISSING, _O.SET_OFF_MISMATCH, _O.RECEIVABLE_NOT_DUE)},
    **ADVANCE_REMEDIES,
    **RETENTION_REMEDIES,
    _O.REASSIGNMENT_FORBIDDEN: REASSIGNMENT_REMEDIES[_O.REASSIGNMENT_FORBIDDEN],
    _O.REASSIGNMENT_UNPAIRED: REASSIGNMENT_REMEDIES[_O.REASSIGNMENT_UNPAIRED],
    _O.NOT_ON_SUSPENSE: SUSPENSE_REMEDIES[_O.NOT_ON_SUSPENSE],
    _O.IDENTIFICATION_UNPAIRED: SUSPENSE_REMEDIES[_O.IDENTIFICATION_UNPAIRED],
    _O.IDENTIFICATION_MISMATCH: SUSPENSE_REMEDIES[_O.IDENTIFICATION_MISMATCH],
    **SERVICE_REMEDIES,
    _O.TRANSFER_AMOUNT_DIFFERS: SETTLEMENT_REMEDIES[_O.TRANSFER_AMOUNT_DIFFERS],
    _O.CARRY_AMOUNT_DIFFERS: CARRY_REMEDIES[_O.CARRY_AMOUNT_DIFFERS],
    _O.VISA_AMOUNT_DIFFERS: VISA_REMEDIES[_O.VISA_AMOUNT_DIFFERS],
    _O.ORIGINAL_FOLLOWED: REVERSAL_REMEDIES[_O.ORIGINAL_FOLLOWED],
    _O.REVERSAL_NOT_WHOLE: REVERSAL_REMEDIES[_O.REVERSAL_NOT_WHOLE],
    _O.REVERSAL_EXCEEDS_ORIGINAL: REVERSAL_REMEDIES[_O.REVERSAL_EXCEEDS_ORIGINAL],
    _O.ADVANCE_EXCEEDED: ADVANCE_EXCEEDED,
    _O.SUSPENSE_EXCEEDED: SUSPENSE_REMEDIES[_O.SUSPENSE_EXCEEDED],
    _O.VISA_EXCEEDED: VISA_REMEDIES[_O.VISA_EXCEEDED],
    **ASSET_REMEDIES,
    _O.RESTORATION_EXCEEDS_RECEIPT: RECEIPT_REMEDIES[_O.RESTORATION_EXCEEDS_RECEIPT],
    _O.FUND_RECEIPT_EXCEEDED: FUND_REMEDIES[_O.FUND_RECEIPT_EXCEEDED],
    _O.COMMITMENT_EXCEEDED: Remedy(
        "What is left of the commitment is less than the amount of this line.",
        "Increase the commitment first, or reduce the amount.", "Le reste de l'engagement est inférieur au montant demandé.",
        "Augmenter d'abord l'engagement, ou réduire le montant.",
    ),
    _O.SERVICE_INSUFFICIENT: SETTLEMENT_REMEDIES[_O.SERVICE_INSUFFICIENT],
    _O.SERVICE_ALREADY_BILLED: SETTLEMENT_REMEDIES[_O.SERVICE_ALREADY_BILLED],
    _O.ADVANCE_NOT_RECOVERED: ADVANCE_NOT_RECOVERED,
    **INVENTORY_REMEDIES,
    _O.VISA_MISSING: VISA_REMEDIES[_O.VISA_MISSING],
    _O.ENTRY_ROLE_MISSING: Remedy(
        "The person who entered the line has no role that may enter this kind of act.",
        "Have it entered by a person who has such a role, or have the role added to the directory.",
        "La personne qui a saisi la ligne n'a aucun rôle qui permette de saisir ce type d'acte.",
        "La faire saisir par une personne qui a ce rôle, ou faire inscrire le rôle à l'annuaire.",
    ),
    _O.ENTRY_DAY: Remedy(
        "The person who entered the line has a role for this kind of act, but not on the posting date.",
        "Check the posting date; have it entered by a person who has the role on that day, or have the role extended.",
        "La personne qui a saisi la ligne a un rôle pour ce type d'acte, mais pas à la date comptable.",
        "Vérifier la date comptable ; faire saisir la ligne par une personne qui a le rôle ce jour-là, ou faire prolonger le"
        " rôle.",
    ),
    _O.ENTRY_PLACE: Remedy(
        "The person who entered the line has a role for this kind of act on that day, but not for this fund centre or this"
        " accountant.",
        "Check the account assignment; have it entered by a person who has the role at that place, or have that place added.",
        "La personne qui a saisi la ligne a ce jour-là un rôle pour ce type d'acte, mais pas pour ce centre financier ou ce"
        " comptable.",
        "Vérifier l'imputation ; faire saisir la ligne par une personne qui a le rôle en ce lieu, ou y faire étendre le rôle.",
    ),
    _O.DELEGATION_NOT_HELD: Remedy(
        "The person who validated the line does not hold the delegation that it names.",
        "State the delegation that this person holds, or the person who holds this one.",
        "La personne qui a validé la ligne n'est pas titulaire de la délégation indiquée.",
        "Indiquer la délégation que cette personne détient, ou la personne qui détient celle-ci.",
    ),
    _O.VALIDATION_ROLE_MISSING: Remedy(
        "The person who validated the line has no role that may validate this kind of act; if the line names a delegation, the"
        " role of that delegation counts.",
        "Have it validated by a person who has such a role; or, if that person has it by another delegation, state its number"
        " in delegation.",
        "La personne qui a validé la ligne n'a aucun rôle qui permette de valider ce type d'acte ; si la ligne indique une"
        " délégation, c'est le rôle de cette délégation qui compte.",
        "Faire valider la ligne par une personne qui a ce rôle ; si elle l'a par une autre délégation, en indiquer le numéro"
        " dans delegation.",
    ),
    _O.VALIDATION_DAY: Remedy(
        "The role or the delegation by which the line was validated does not hold on the posting date.",
        "Check the posting date; have it validated by a person whose role or delegation holds on that day.",
        "Le rôle ou la délégation au titre duquel la ligne a été validée n'est pas valable à la date comptable.",
        "Vérifier la date comptable ; faire valider la ligne par une personne dont le rôle ou la délégation est valable ce"
        " jour-là.",
    ),
    _O.VALIDATION_PLACE: Remedy(
        "The role or the delegation by which the line was validated does not hold for this fund centre or this accountant.",
        "Check the account assignment; have it validated by a person whose role or delegation covers it.",
        "Le rôle ou la délégation au titre duquel la ligne a été validée ne couvre pas ce centre financier ou ce comptable.",
        "Vérifier l'imputation ; faire valider la ligne par une personne dont le rôle ou la délégation la couvre.",
    ),
    _O.VALIDATION_CEILING: Remedy(
        "The lines of the act amount to more than the ceiling of the role or the delegation by which they were validated.",
        "Have the act validated by a person with a higher ceiling; do not split it to pass below the ceiling.",
        "Le total des lignes de l'acte dépasse le plafond du rôle ou de la délégation au titre duquel elles ont été validées.",
        "Faire valider l'acte par une personne au plafond plus élevé ; ne pas le scinder pour passer sous le plafond.",
    ),
    _O.DELEGATION_OWNER: Remedy(
        "The person who gave the delegation may not validate this act: no role of that person covers its kind, day, place and"
        " amount, so nobody may validate it by this delegation.",
        "Have the act validated by a person who may do so, or have the role of the person who delegates corrected.",
        "La personne qui a donné la délégation n'a pas le pouvoir de valider cet acte : aucun de ses rôles n'en couvre le"
        " type, la date, le lieu et le montant ; nul ne peut donc le valider par cette délégation.",
        "Faire valider l'acte par une personne qui en a le pouvoir, ou faire corriger le rôle du délégant.",
    ),
    _O.BUDGET_YEAR_CLOSED: Remedy(
        "The day of the act is outside of the budget year whose credits it brings, uses, gives back or pays from.",
        "Use credits of the year of the act: AE of the year of the commitment, CP of the year in which it is paid. Lower a"
        " commitment of an earlier year by prior_withdrawal. Certify the"
        " service of a commitment in advance from 1 January of its year on, and state for late interest an account"
        " assignment of the year of its claim. A request that was not paid in its year is paid once it is"
        " carried over (request_carry).",
        "La date de l'acte est hors de l'année budgétaire dont il ouvre, consomme, restitue ou paie les crédits.",
        "Employer les crédits de l'année de l'acte : AE de l'année d'engagement, CP de l'année de paiement. Réduire un"
        " engagement d'un exercice antérieur par prior_withdrawal. Certifier le"
        " service d'un engagement anticipé à partir du 1er janvier ; imputer les intérêts moratoires sur"
        " l'année de leur demande. Ce qui n'a pas été payé dans son année l'est après sa bascule (request_carry).",
    ),
    _O.AFTER_LAST_DATE: Remedy(
        "The payment is ordered after the last day for orders of its budget year.",
        "Order it in the next year, on the credits of that year.",
        "Le paiement est ordonnancé après la date limite d'ordonnancement de l'année budgétaire.",
        "L'ordonnancer l'année suivante, sur les crédits de cette année.",
    ),
    _O.ANTICIPATION_LIMIT: Remedy(
        "Committed in advance: more than a quarter of what finance laws opened on the title, or staff, or investment.",
        "Commit what is left of the quarter, or wait for 1 January; openings count if they state a title (T3, T4, T6, T7).",
        "L'engagement par anticipation excède le quart ouvert par les lois de finances sur le titre, ou ce titre l'exclut.",
        "Engager ce qui reste du quart, ou attendre le 1er janvier ; une ouverture compte si elle indique un titre.",
    ),
    _O.VISA_PENDING: VISA_REMEDIES[_O.VISA_PENDING],
    _O.COMMITMENT_NOT_PRIOR: CARRY_REMEDIES[_O.COMMITMENT_NOT_PRIOR],
    _O.RECYCLING_MISMATCH: Remedy(
        "The recycling case holds for commitments on an investment operation alone, and this commitment is on none.",
        "Leave recycling_case out: the AE are then not available again. Or name a case that this commitment has.",
        "Ce cas de recyclage ne vaut que pour un engagement sur une opération d'investissement, ce que celui-ci n'est pas.",
        "Omettre recycling_case : les AE ne redeviennent pas disponibles. Ou indiquer un cas dont relève cet engagement.",
    ),
    _O.CARRY_OVER_MISMATCH: CARRY_REMEDIES[_O.CARRY_OVER_MISMATCH], _O.MOVE_FORBIDDEN: MOVE_FORBIDDEN,
    _O.BUDGET_BELOW_CONSUMPTION: Remedy(
        "The act would leave less credit than is reserved, consumed or frozen.", "Take away at most what is available.",
        "L'acte laisserait moins de crédits que ceux réservés, consommés ou gelés.", "Retirer au plus le disponible.",
    ),
    _O.PRIOR_REQUESTS_FIRST: PRIOR_REQUESTS_FIRST,
    _O.ALLOTMENT_EXCEEDED: Remedy(
        "The level that gives the credits has less left to distribute than the amount of this line.",
        "Reduce the amount, or bring credits to that level first.",
        "Le niveau qui donne les crédits n'en a plus assez à répartir.", "Réduire le montant, ou abonder d'abord ce niveau.",
    ),
    _O.UNFREEZE_EXCEEDED: Remedy(
        "The line unfreezes more than is frozen at its fund centre.", "Unfreeze at most what is frozen there.",
        "La ligne dégèle plus que ce qui est gelé sur son centre financier.", "Dégeler au plus ce qui y est gelé.",
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
    _O.JOURNAL_UNBALANCED: JOURNAL_UNBALANCED, _O.TRANSFER_UNPAIRED: TRANSFER_UNPAIRED, **PRODUCT_REMEDIES,
    _O.BALANCE_LIMIT: Remedy(
        "A total would exceed the largest figure of the books.", "Check the amount; no State's budget is that large.",
        "Un total dépasserait le plus grand nombre des livres.", "Vérifier le montant ; aucun budget n'est aussi grand.",
    ),
    **DECREE_REMEDIES, _O.CARRY_OVER_LIMIT: CARRY_REMEDIES[_O.CARRY_OVER_LIMIT], **SPECIAL_REMEDIES,
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
"""In order of precedence: what the line states comes first, then earlier acts, the budget, and other lines."""
