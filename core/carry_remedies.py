"""The texts of refusals of what is carried or opened in the next year, and of withdrawals there."""

from collections.abc import Mapping

from core.carry_over_remedies import CARRY_OVER_REMEDIES
from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

CARRY_REMEDIES: Mapping[Outcome, Remedy] = {
    **CARRY_OVER_REMEDIES,
    _O.CARRY_YEAR: Remedy(
        "What is carried over goes from a year that is over, its complementary period too, into the year just after it, and a"
        " guarantee into any later year; the date of this line, or the year of its assignment, is another.",
        "Wait until the last day on which the year before pays, and state an assignment of the next year.",
        "La bascule se fait d'une année close, période complémentaire comprise, vers l'année qui la suit, et celle d'une"
        " retenue de garantie vers toute année ultérieure ; la date de la ligne ou l'année d'imputation en est une autre.",
        "Attendre le dernier jour de paiement de l'année précédente, et indiquer une imputation de l'année suivante.",
    ),
    _O.CARRY_AMOUNT_DIFFERS: Remedy(
        "What is open is carried over whole, once; this amount is not all that is open of the act that it follows.",
        "Read again what is open of that act, and carry all of it.",
        "Ce qui reste ouvert est basculé en entier, une fois ; ce montant n'est pas tout ce qui reste de l'acte précédent.",
        "Relire ce qui reste ouvert de cet acte, et basculer le tout.",
    ),
    _O.CARRY_MISSING: Remedy(
        "The commitment of this service was not carried over, so nothing in the next year can take up the service.",
        "Carry the commitment first (commitment_carry), with an amount of 0 if nothing of it is open.",
        "L'engagement de ce service fait n'est pas basculé : rien dans l'année suivante ne peut reprendre le service fait.",
        "Basculer d'abord l'engagement (commitment_carry), d'un montant de 0 si rien n'en reste ouvert.",
    ),
    _O.COMMITMENT_CARRIED: Remedy(
        "The commitment was carried over: it goes on in the next year, and no act follows it in its own any more.",
        "Name the commitment by its reference and the next exercise, in which it goes on under the same reference.",
        "L'engagement est basculé : il continue dans l'année suivante, et plus aucun acte ne le suit dans la sienne.",
        "Indiquer l'engagement par sa référence et l'exercice suivant, où il continue sous la même référence.",
    ),
    _O.OPENING_ACCOUNT: Remedy(
        "An opening balance is posted on an account of the balance sheet (classes 1 to 5), or the year's technical account.",
        "Leave classes 6 to 8 out of the opening; name the technical account in the year's opening.csv.",
        "Une balance d'entrée se passe sur un compte de bilan (classes 1 à 5) ou sur le compte technique de l'année.",
        "Laisser les classes 6 à 8 hors de la balance d'entrée ; citer le compte technique dans opening.csv de l'année.",
    ),
    _O.RESULT_ACCOUNT: Remedy(
        "A result is determined on classes 6 and 7 and accounts of result.csv, and allotted to that of settlement_act.csv.",
        "Leave other accounts out of the act; name those two in the year's result.csv and settlement_act.csv.",
        "Le résultat se détermine sur les classes 6 et 7 et result.csv, et s'affecte au compte de settlement_act.csv.",
        "Laisser les autres comptes hors de l'acte ; citer ces comptes dans result.csv et settlement_act.csv de l'année.",
    ),
    _O.COMMITMENT_NOT_PRIOR: Remedy(
        "The prior_withdrawal is dated before the end of the budget year of its commitment.",
        "Lower the commitment by commitment_decrease, on a day of its budget year.",
        "Le prior_withdrawal est daté d'avant la fin de l'année budgétaire de son engagement.",
        "Réduire l'engagement par commitment_decrease, à une date de son année budgétaire.",
    ),
}

PRIOR_REQUESTS_FIRST = Remedy(
    "Unpaid requests of the year before come first for the credits of the named budget node, and leave less than this amount.",
    "Bring credits to that node, or take less; or reject those requests that will not be paid, by their entry.",
    "Les demandes impayées de l'année précédente passent avant sur les crédits de ce niveau ; il reste moins que ce montant.",
    "Abonder ce niveau ou réduire le montant ; ou rejeter, par leur écriture, celles des demandes qui ne seront pas payées.",
)
"""Beside the others, as it stands among the refusals of credits (rule A30)."""
