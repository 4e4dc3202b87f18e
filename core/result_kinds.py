"""The kinds that allot the result of a year by its settlement act; they have two lines, one a side (rule A62).

Whoever looks for a kind reads ``core.catalog.CATALOG``, which contains these rows.
"""

from core.account_roles import Role
from core.act_kind import ActKind
from core.families import Family
from core.kind_rules import YearRule

RESULT_ALLOCATION_KINDS: tuple[ActKind, ...] = (
    ActKind("result_allocation_debit", "affectation du résultat, débit", Family.ALLOCATION, debit=Role.BY_HAND,
            year_rule=YearRule.IN_YEAR),
    ActKind("result_allocation_credit", "affectation du résultat, crédit", Family.ALLOCATION, credit=Role.BY_HAND,
            year_rule=YearRule.IN_YEAR),
)  # fmt: skip
"""Their order is that of their numbers: append only."""
