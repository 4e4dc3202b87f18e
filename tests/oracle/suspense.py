"""What stands on a suspense account, and what clears, justifies or identifies it (rules A56, A70)."""

from core.account_roles import Role
from core.catalog import ActKind
from core.outcome_codes import Outcome
from tests.oracle.lines import Line
from tests.oracle.model import LineRefused, OpenItem, World


def find_roles(world: World, item: OpenItem, period: int) -> list[Role]:
    """Return the accounts of the bank's unknown movements on which an item stands in a period, on their usual side."""
    accounts = {
        Role.SUSPENSE_RECEIPT: item.credit,
        Role.SUSPENSE_RETURN: item.credit,
        Role.SUSPENSE_DEBIT: item.debit,
    }
    return [
        role for role, account in accounts.items() if account and world.roles.get((period, role)) == account
    ]


def require_item(world: World, kind: ActKind, item: OpenItem, line: Line, cell: int) -> None:
    """Refuse an entry that stands elsewhere than the line says, and to justify one of which nothing is open."""
    if kind.name in ("suspense_identification", "transfer_identification"):
        if not find_roles(world, item, line.period):
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
