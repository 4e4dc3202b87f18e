"""The texts of refusals of what is carried into the next year."""

from core.remedy import Remedy

CARRY_YEAR = Remedy(
    "What is carried over goes from a year that is over, its complementary period too, into the year just after it; the"
    " date of this line, or the year of its assignment, is another.",
    "Wait until the last day on which the year before pays, and state an assignment of the next year.",
    "La bascule se fait d'une année close, période complémentaire comprise, vers l'année qui la suit ; la date de la ligne"
    " ou l'année de son imputation en est une autre.",
    "Attendre le dernier jour de paiement de l'année précédente, et indiquer une imputation de l'année suivante.",
)
CARRY_AMOUNT_DIFFERS = Remedy(
    "What is open is carried over whole, once; this amount is not all that is open of the act that it follows.",
    "Read again what is open of that act, and carry all of it.",
    "Ce qui reste ouvert est basculé en entier, une fois ; ce montant n'est pas tout ce qui reste de l'acte précédent.",
    "Relire ce qui reste ouvert de cet acte, et basculer le tout.",
)
