"""The texts of refusals for what a line states: its key, its fields, and the codes and third parties that it names."""

from collections.abc import Mapping

from core.carry_over_remedies import CARRY_OVER_REMEDIES
from core.carry_remedies import CARRY_REMEDIES
from core.decree_remedies import DECREE_MISMATCH
from core.fund_remedies import FUND_REMEDIES
from core.outcome_codes import Outcome
from core.payee_remedies import PAYEE_REMEDIES
from core.receipt_remedies import RECEIPT_REMEDIES
from core.remedy import Remedy
from core.special_remedies import SPECIAL_PAY_FORBIDDEN
from core.suspense_remedies import SUSPENSE_REMEDIES

_O = Outcome

LINE_REMEDIES: Mapping[Outcome, Remedy] = {
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
        "This reference is that of an act with different content, which is accepted or held; this line changes nothing of it.",
        "Use a new reference for another act. To correct one that is accepted, send an act that changes or reverses it; one"
        " that was held and then refused, send again.",
        "Cette référence désigne un acte dont le contenu diffère, accepté ou en attente ; cette ligne n'y change rien.",
        "Prendre une autre référence pour un autre acte. Pour corriger un acte accepté, envoyer l'acte rectificatif ; un acte"
        " en attente puis refusé se renvoie.",
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
        "Write euros with at most two decimals after a point or a comma, and no separator of thousands: 1234.50.",
        "Le montant n'est pas un nombre à deux décimales au plus.",
        "Écrire les euros avec deux décimales au plus après un point ou une virgule, sans séparateur de milliers.",
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
        "The posting date lies outside the exercise and its complementary period, before the act, or in another year.",
        "Correct the date, the posting date or the exercise: an act is posted on its day, or later in the same year.",
        "La date comptable est hors de l'exercice et de sa période complémentaire, avant l'acte ou dans une autre année.",
        "Corriger la date, la date comptable ou l'exercice : un acte est comptabilisé à sa date, ou plus tard dans l'année.",
    ),
    _O.PRESCRIBED: Remedy(
        "The debt has lapsed: the years of the lapse have passed since the year in which the right arose (law 68-1250).",
        "Do not pay it. If the lapse was interrupted or suspended, or relief was decided, state it in prescription_stop; if"
        " the right arose in another year, state that in right_year.",
        "La créance est prescrite : le délai, compté de la fin de l'année où les droits sont nés, est écoulé (loi 68-1250).",
        "Ne pas la payer. Si la prescription a été interrompue ou suspendue, ou en cas de décision de relèvement, l'indiquer"
        " dans prescription_stop ; si les droits sont nés une autre année, indiquer celle-ci dans right_year.",
    ),
    _O.PERIOD_CLOSED: Remedy(
        "The month of the posting date is closed.",
        "Post in an open month, or ask the accountant to reopen that month.",
        "Le mois de la date comptable est clos.",
        "Comptabiliser sur un mois ouvert, ou demander sa réouverture au comptable.",
    ),
    _O.PERIOD_LOCKED: Remedy(
        "The month of the posting date is locked: it takes no entry any more.",
        "Post in an open month; a locked month cannot be reopened.",
        "Le mois de la date comptable est verrouillé : il ne reçoit plus aucune écriture.",
        "Comptabiliser sur un mois ouvert ; un mois verrouillé ne peut être rouvert.",
    ),
    _O.FUND_CENTRE_UNKNOWN: Remedy(
        "The nomenclature of the budget year contains no such fund centre.",
        "Use a programme, BOP or UO of that year, as in 0177-D013-DD13.",
        "Le centre financier est absent de la nomenclature de l'année.",
        "Employer un programme, BOP ou UO de l'année, comme 0177-D013-DD13.",
    ),
    _O.FUND_CENTRE_LEVEL: Remedy(
        "This kind of act is not allowed at this level of the budget.",
        "Name a UO to spend credits, a programme to open or cancel them, a BOP or UO to allot or return them, two fund"
        " centres of the same level to move them (two programmes by decree alone), an operation to earmark them or to lower an"
        " earmark, any other fund centre to freeze them.",
        "Ce type d'acte ne peut pas porter sur ce niveau du budget.",
        "Indiquer une UO pour dépenser des crédits, un programme pour les ouvrir ou les annuler, un BOP ou une UO pour les"
        " mettre à disposition ou les remonter, deux centres du même niveau pour les mouvementer (deux programmes, par"
        " décret seulement), une opération pour les affecter ou les retirer, tout autre centre pour les geler.",
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
    _O.TITLE_TWO_COMMITMENT: Remedy(
        "Expenses of title 2 (staff) are not committed: the same act takes their AE and their CP.",
        "Send payroll, or a direct payment request, on this commitment item.",
        "Les dépenses de titre 2 (personnel) ne s'engagent pas : un même acte en consomme les AE et les CP.",
        "Envoyer une paie, ou une demande de paiement directe, sur ce compte budgétaire.",
    ),
    _O.ACCOUNT_UNKNOWN: Remedy(
        "The chart of accounts of the year contains no such account.",
        "Use an account of the chart, in ten digits, or leave the field empty.",
        "Le compte est absent du plan comptable de l'année.",
        "Employer un compte du plan, à dix chiffres, ou laisser la zone vide.",
    ),
    _O.ACCOUNT_MISMATCH: Remedy(
        "The commitment item does not admit this account, or the act charges none, as a commitment does, or it is a service on"
        " an account of tax relief; or a clearing, a justification or an asset states an account that its file does not name.",
        "Use an account that the item, suspense.csv or assets.csv admits, or leave the field empty for the usual one.",
        "Le compte budgétaire n'admet pas ce compte général, ou l'acte n'impute aucune charge, comme un engagement, ou c'est"
        " un service fait sur un compte de dégrèvement ; ou l'apurement ou l'immobilisation vise un compte hors du fichier.",
        "Employer un compte que le compte budgétaire, suspense.csv ou assets.csv admet, ou laisser vide pour le compte usuel.",
    ),
    _O.ACCOUNT_RESTRICTED: Remedy(
        "Nothing is posted by hand on this account: acts of other kinds keep it, or the year's restricted.csv names it.",
        "Send the act that posts there, such as a service or a payment request, or post on another account.",
        "Ce compte ne se mouvemente pas à la main : d'autres actes le tiennent, ou restricted.csv de l'année le cite.",
        "Envoyer l'acte qui le mouvemente, comme un service fait ou une demande de paiement, ou prendre un autre compte.",
    ),
    _O.OPENING_ACCOUNT: CARRY_REMEDIES[_O.OPENING_ACCOUNT],
    _O.RESULT_ACCOUNT: CARRY_REMEDIES[_O.RESULT_ACCOUNT],
    _O.DECREE_MISMATCH: DECREE_MISMATCH,
    _O.FUND_RECEIPT_MISSING: FUND_REMEDIES[_O.FUND_RECEIPT_MISSING],
    _O.SPECIAL_PAY_FORBIDDEN: SPECIAL_PAY_FORBIDDEN,
    _O.CARRY_OVER_UNORDERED: CARRY_OVER_REMEDIES[_O.CARRY_OVER_UNORDERED],
    _O.RECEIPT_NOT_BY_HAND: RECEIPT_REMEDIES[_O.RECEIPT_NOT_BY_HAND],
    _O.IBAN_INVALID: Remedy(
        "The IBAN's country, length or check digits are wrong.",
        "Copy the IBAN again from the payee's bank details.",
        "Le pays, la longueur ou la clé de l'IBAN sont erronés.",
        "Reprendre l'IBAN sur le relevé d'identité bancaire du tiers.",
    ),
    _O.EVIDENCE_MISSING: Remedy(
        "The change of bank details does not state the document with which the payee asked for it.",
        "State the SHA-256 of that document in evidence_hash, and keep the document.",
        "Le changement de coordonnées bancaires n'indique pas la pièce par laquelle le tiers l'a demandé.",
        "Indiquer le SHA-256 de cette pièce dans evidence_hash, et conserver la pièce.",
    ),
    _O.EVIDENCE_INVALID: Remedy(
        "The hash of the evidence is no SHA-256: it must have 64 hexadecimal digits.",
        "Compute the SHA-256 of the document again, for instance with sha256sum.",
        "L'empreinte de la pièce n'est pas un SHA-256 : il faut 64 chiffres hexadécimaux.",
        "Recalculer le SHA-256 de la pièce, par exemple avec sha256sum.",
    ),
    _O.CALL_BACK_MISSING: Remedy(
        "The change of bank details does not state how the payee was called back.",
        "Call the payee at a number that you knew before, and state in call_back who was reached, at which number and when.",
        "Le changement de coordonnées bancaires n'indique pas comment le tiers a été rappelé.",
        "Rappeler le tiers à un numéro déjà connu, et indiquer dans call_back qui a répondu, à quel numéro et quand.",
    ),
    _O.JUSTIFICATION_MISSING: SUSPENSE_REMEDIES[_O.JUSTIFICATION_MISSING],
    _O.TWO_PERSONS_MISSING: Remedy(
        "The change of bank details or the entry by hand names nobody; two persons must enter and validate it, whatever"
        " agreement its sender has.",
        "State both persons, in entered_by and in validated_by.",
        "Le changement de coordonnées bancaires ou l'écriture manuelle ne nomme personne ; il faut deux personnes, quelle que"
        " soit la convention de l'émetteur.",
        "Indiquer les deux personnes, dans entered_by et validated_by.",
    ),
    _O.THIRD_PARTY_MERGED: PAYEE_REMEDIES[_O.THIRD_PARTY_MERGED],
    _O.PERSON_MISSING: Remedy(
        "The line names only one of the two persons who entered and who validated it, or names a delegation and no person.",
        "State both persons, in entered_by and in validated_by; or, if the sender has an agreement, neither person nor"
        " delegation.",
        "La ligne ne nomme qu'une des deux personnes qui l'ont saisie et validée, ou une délégation sans personne.",
        "Indiquer les deux personnes, dans entered_by et validated_by ; ou, si l'émetteur a une convention, ni personne ni"
        " délégation.",
    ),
    _O.PERSON_UNKNOWN: Remedy(
        "The directory has no person with this code.",
        "Correct the code, or have the person added to the directory; then send the line again.",
        "L'annuaire n'a pas de personne de ce code.",
        "Corriger le code, ou faire inscrire la personne à l'annuaire, puis présenter la ligne de nouveau.",
    ),
    _O.SAME_PERSON: Remedy(
        "One person entered and validated the line; two persons must do so.",
        "Have another person validate it, and state that person in validated_by.",
        "La même personne a saisi et validé la ligne ; il en faut deux.",
        "Faire valider la ligne par une autre personne, et l'indiquer dans validated_by.",
    ),
    _O.DELEGATION_UNKNOWN: Remedy(
        "The directory has no delegation with this number.",
        "Correct the number, have the delegation added to the directory, or leave delegation empty if the person who validated"
        " has such a role without it.",
        "L'annuaire n'a pas de délégation de ce numéro.",
        "Corriger le numéro, faire inscrire la délégation à l'annuaire, ou laisser delegation vide si la personne qui a validé"
        " a elle-même le rôle.",
    ),
    _O.AGREEMENT_MISSING: Remedy(
        "The line names no person, and on its posting date its sender has no agreement that allows this.",
        "State who entered and who validated the line, or have an agreement added that the sender's system separates entry"
        " from validation.",
        "La ligne ne nomme personne, et son émetteur n'a pas, à la date comptable, de convention qui l'en dispense.",
        "Indiquer qui a saisi et qui a validé la ligne, ou faire inscrire une convention selon laquelle le système de"
        " l'émetteur sépare saisie et validation.",
    ),
    _O.AGREEMENT_EXCEEDED: Remedy(
        "The line names no person, and the agreement of its sender does not cover this kind of act, or this amount.",
        "State who entered and who validated the line, or have an agreement added that covers the kind and the amount of the"
        " act.",
        "La ligne ne nomme personne, et la convention de son émetteur ne couvre pas ce type d'acte, ou pas ce montant.",
        "Indiquer qui a saisi et qui a validé la ligne, ou faire inscrire une convention qui couvre le type et le montant de"
        " l'acte.",
    ),
    _O.INTEREST_NOT_DUE: Remedy(
        "No late interest is due for what the claim follows: no payment of it was debited late, its contract bears none, or it"
        " is not in the journal yet.",
        "Claim nothing; or, where a judgment or an agreement gives more than the rule, state it in reason.",
        "Aucun intérêt moratoire n'est dû : aucun paiement n'a été débité en retard, le contrat n'en porte pas, ou l'acte"
        " précédent n'est pas encore comptabilisé.",
        "Ne rien demander ; si un jugement ou un accord donne plus que la règle, l'indiquer dans reason.",
    ),
    _O.INTEREST_EXCEEDS_RULE: Remedy(
        "The claim of late interest, with the earlier claims for the same payment, is more than the rule gives.",
        "Leave it to crescendo pay interest, which claims what the rule gives; or state in reason why it is more.",
        "La demande d'intérêts moratoires, avec les précédentes pour le même paiement, dépasse ce que donne la règle.",
        "La laisser à crescendo pay interest, qui demande ce que donne la règle ; ou indiquer le motif dans reason.",
    ),
    **{code: PAYEE_REMEDIES[code] for code in (_O.PAYEE_UNKNOWN, _O.PAYEE_ALREADY_REGISTERED, _O.BANK_DETAILS_DIFFER)},
}  # fmt: skip
"""In order of precedence."""
