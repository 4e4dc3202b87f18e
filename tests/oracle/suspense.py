"""What stands on a suspense account, and what clears, justifies or identifies it (rules A56, A70)."""

from core.account_roles import Role
from core.catalog import ActKind
from core.outcome_codes import Outcome
from tests.oracle.lines import Line
from tests.oracle.model import LineRefused, OpenItem, World


def require_item(world: World, kind: ActKind, item: OpenItem, line: Line, cell: int) -> None:
    """Refuse an entry that stands elsewhere than the line says, and to justify one of which nothing is open."""
    if kind.name == "suspense_identification":
        account = world.roles.get((line.period, Role.SUSPENSE_RECEIPT))
        if not account or item.credit != account:
            raise LineRefused(Outcome.NOT_ON_SUSPENSE)
        return
    sides = {
        "clearing_debit": (item.credit,),
        "clearing_credit": (item.debit,),
        "opening_reduction_debit": (item.credit,),
        "opening_reduction_credit": (item.debit,),
        "justification": (item.debit, item.credit),
        "opening_item_debit": (item.debit, item.credit),
        "opening_item_credit": (item.debit, item.credit),
    }
    if line.account not in sides[kind.name]:
        raise LineRefused(Outcome.NOT_ON_SUSPENSE)
    if kind.name == "justification":
        if not item.open:
            raise LineRefused(Outcome.SUSPENSE_EXCEEDED)
        return
    own, other = world.cells[cell], world.cells[item.cell]
    opens_item = kind.name in ("opening_item_debit", "opening_item_credit")
    if (own.accountant, own.year) != (other.accountant, other.year + opens_item):
        raise LineRefused(Outcome.NOT_ON_SUSPENSE)
