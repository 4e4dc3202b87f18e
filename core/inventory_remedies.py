"""What to do about an entry of the inventory that was refused (rule A65)."""

from collections.abc import Mapping

from core.outcome_codes import Outcome
from core.remedy import Remedy

_O = Outcome

INVENTORY_REMEDIES: Mapping[Outcome, Remedy] = {
    _O.INVENTORY_DAY: Remedy(
        "An entry of the inventory is of 31 December of its exercise and budget year, its reversal of 2 January after it.",
        "State 31 December, and an account assignment of that year; correct an entry in its own exercise.",
        "Une écriture d'inventaire est datée du 31 décembre de son exercice, sa contre-passation du 2 janvier suivant.",
        "Indiquer le 31 décembre et une imputation de cette année ; annuler une écriture dans son propre exercice.",
    ),
    _O.INVENTORY_ACCOUNT: Remedy(
        "The year's inventory.csv has no counterpart for this kind and account, or the provision stands on another account.",
        "State an account that inventory.csv lists for the kind; release a provision on the account for its own.",
        "Ce type et ce compte n'ont pas de contrepartie dans inventory.csv de l'année, ou la provision est sur un autre.",
        "Indiquer un compte que inventory.csv prévoit pour ce type ; reprendre une provision sur le compte qui lui répond.",
    ),
}
