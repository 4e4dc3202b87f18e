"""The kinds of the inventory at the end of a year, rows of ``core.catalog.CATALOG`` (rule A65).

Each states a charge, a product or an asset, and stands against the account of the balance sheet that the year's
``inventory.csv`` gives for it.  What is accrued is reversed on 2 January; a provision stays until it is released.
"""

from collections.abc import Mapping
from typing import Any

from core.account_roles import Role
from core.act_kind import ActKind
from core.debt_stages import Remainder, Stage
from core.families import Family
from core.kind_rules import YearRule
from core.outcome_codes import Outcome

_F, _O, _R, _S, _Y = Family, Outcome, Remainder, Stage, YearRule

_ACCRUAL_DEFAULTS: Mapping[str, Any] = {
    "debit": Role.INVENTORY,
    "reaches": _S.ACCRUED,
    "year_rule": _Y.IN_YEAR,
}
_PREPAYMENT_DEFAULTS: Mapping[str, Any] = {
    "credit": Role.INVENTORY,
    "reaches": _S.ACCRUED,
    "year_rule": _Y.IN_YEAR,
}

INVENTORY_KINDS: tuple[ActKind, ...] = (
    ActKind("accrual", "charge à payer (manuelle)", _F.INVENTORY, credit=Role.COUNTERPART, **_ACCRUAL_DEFAULTS),
    ActKind("imprest_accrual", "charge à payer, avance de régie à reconstituer", _F.INVENTORY, credit=Role.COUNTERPART,
            **_ACCRUAL_DEFAULTS),
    ActKind("prepaid_expense", "charge constatée d'avance", _F.INVENTORY, debit=Role.COUNTERPART, **_PREPAYMENT_DEFAULTS),
    ActKind("unsettled_advance", "avance sur dispositif d'intervention non régularisée", _F.INVENTORY,
            debit=Role.COUNTERPART, **_PREPAYMENT_DEFAULTS),
    ActKind("accrued_income", "produit à recevoir", _F.INVENTORY, debit=Role.COUNTERPART, **_PREPAYMENT_DEFAULTS),
    ActKind("deferred_income", "produit constaté d'avance", _F.INVENTORY, credit=Role.COUNTERPART, **_ACCRUAL_DEFAULTS),
    ActKind("provision", "dotation aux provisions", _F.INVENTORY, debit=Role.INVENTORY, credit=Role.COUNTERPART,
            reaches=_S.PROVIDED, year_rule=_Y.IN_YEAR),
    ActKind("provision_release", "reprise sur provision", _F.INVENTORY_CHANGE, _F.INVENTORY, draws=_R.OPEN,
            shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, debit=Role.PREDECESSOR, credit=Role.INVENTORY, after=_S.PROVIDED),
    ActKind("inventory_reversal", "contre-passation d'une écriture d'inventaire", _F.INVENTORY_CHANGE, _F.INVENTORY,
            mirrors=True, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, after=_S.ACCRUED),
    ActKind("inventory_correction", "annulation d'une écriture d'inventaire", _F.INVENTORY_CHANGE, _F.INVENTORY,
            mirrors=True, shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL),
)  # fmt: skip
"""In the order of their numbers: what states an account comes first, and stays together, as the kernels count on it."""

PROVISION_CORRECTION = ActKind(
    "provision_correction", "annulation d'une provision", _F.INVENTORY_CHANGE, _F.INVENTORY, mirrors=True,
    shortfall=_O.REVERSAL_EXCEEDS_ORIGINAL, after=_S.PROVIDED,
)  # fmt: skip
"""It was added later, so it does not stand with the others."""
