"""The kinds by which credits leave a year that is over: carried into the next by an order, or annulled (LOLF art. 15).

The sender ``closing`` alone sends them.  Whoever looks for a kind reads ``core.catalog.CATALOG``, which contains these rows.
"""

from core.act_kind import ActKind
from core.families import Family
from core.kind_rules import BudgetAction, Measure, YearRule

_F, _B, _M, _Y = Family, BudgetAction, Measure, YearRule
UNUSED_CREDIT_KINDS: tuple[ActKind, ...] = (
    ActKind("carryover_out_ae", "report d'AE, minoration", _F.BUDGET, budget=_B.CARRY_OUT, measure=_M.AE,
            year_rule=_Y.AFTER_YEAR),
    ActKind("carryover_out_cp", "report de CP, minoration", _F.BUDGET, budget=_B.CARRY_OUT, measure=_M.CP,
            year_rule=_Y.AFTER_YEAR),
    ActKind("carryover_in_ae", "report d'AE, majoration", _F.BUDGET, budget=_B.CARRY_IN, measure=_M.AE, year_rule=_Y.IN_YEAR),
    ActKind("carryover_in_cp", "report de CP, majoration", _F.BUDGET, budget=_B.CARRY_IN, measure=_M.CP, year_rule=_Y.IN_YEAR),
    ActKind("unused_cancellation_ae", "annulation d'AE sans emploi", _F.BUDGET, budget=_B.CANCEL_UNUSED, measure=_M.AE,
            year_rule=_Y.AFTER_YEAR),
    ActKind("unused_cancellation_cp", "annulation de CP sans emploi", _F.BUDGET, budget=_B.CANCEL_UNUSED, measure=_M.CP,
            year_rule=_Y.AFTER_YEAR),
    ActKind("unused_unfreeze_ae", "dégel d'AE sans emploi", _F.BUDGET, budget=_B.UNFREEZE, measure=_M.AE,
            year_rule=_Y.AFTER_YEAR),
    ActKind("unused_unfreeze_cp", "dégel de CP sans emploi", _F.BUDGET, budget=_B.UNFREEZE, measure=_M.CP,
            year_rule=_Y.AFTER_YEAR),
    ActKind("unused_earmark_release", "libération d'affectation non engagée", _F.BUDGET, budget=_B.UNEARMARK, measure=_M.AE,
            year_rule=_Y.AFTER_YEAR),
)  # fmt: skip
"""Their order is that of their numbers: append only."""
