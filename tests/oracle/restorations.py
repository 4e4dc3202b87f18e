"""Restorations: what repays an expense, and until when its collection restores credits.

Source: order of 2013 on restorations (LEGIARTI000027771795), as docs/rules.md states it (rule A29).
"""

from core.catalog import CATALOG, Role
from core.outcome_codes import Outcome
from tests.oracle import expenses, invoices, receipt_days
from tests.oracle.lines import Line
from tests.oracle.model import NONE, Cell, LineRefused, OpenItem, State, World


def require_repayment(world: World, state: State, line: Line, entry: int) -> None:
    """Refuse a receivable of another fund centre or title than its expense, of an advance, and beyond what was taken up."""
    own, amount = line.cell, line.amount
    expense = state.items[entry]
    receivable, charged = world.cells[own], world.cells[expense.cell]
    is_elsewhere = world.nodes[receivable.centre_node].place != world.nodes[charged.centre_node].place
    if receivable.programme != charged.programme:
        is_elsewhere = not world.follows(receivable, charged)
    if is_elsewhere:
        raise LineRefused(Outcome.ASSIGNMENT_DIFFERS)
    request = state.items[expenses.find_request(state, entry)]
    is_advance = CATALOG[request.kind].debit is Role.ADVANCE
    is_expense = not is_advance and not request.is_moved
    if receivable.repaid_title != charged.repaid_title or not is_expense:
        raise LineRefused(Outcome.REPAYMENT_MISMATCH)
    repayable = min(invoices.sum_taken(state, debt) for debt in expenses.list_debts(state, entry))
    if amount > repayable:
        raise LineRefused(Outcome.REPAYMENT_EXCEEDS_PAYMENT, missing=amount - repayable)


def require_restoration(world: World, state: State, receipt: OpenItem, own: int) -> None:
    """Refuse to restore what repays no expense, on another assignment, or what was collected after the last day."""
    receivable = state.items[receipt.parent]
    if not receivable.parent:
        raise LineRefused(Outcome.RESTORATION_WITHOUT_EXPENSE)
    restored, nature = world.cells[own], world.cells[receipt.cell]
    charged = world.cells[state.items[receivable.parent].cell]
    is_same = _describe(world, restored) == _describe(world, charged)
    if restored.programme != charged.programme:
        parts = [_describe_for_follower(world, cell) for cell in (restored, charged)]
        is_same = parts[0] == parts[1] and world.follows(restored, charged)
    if restored.accountant != nature.accountant or not is_same:
        raise LineRefused(Outcome.ASSIGNMENT_DIFFERS)
    years = nature.restoration.years if nature.restoration else 0
    last_year = None if years is None else world.years.get(charged.year + years)
    if last_year is None or receipt_days.read_day(receipt) <= last_year.last_day:
        return
    until_closed = nature.restoration is not None and nature.restoration.until_closed
    is_of_year = receipt.day >= world.years[restored.year].first_day
    if not (until_closed and restored.operation_node != NONE and is_of_year):
        raise LineRefused(Outcome.RESTORATION_TOO_LATE)


def _describe(world: World, cell: Cell) -> tuple[object, ...]:
    """Return the parts of an assignment, without its year."""
    centre = world.nodes[cell.centre_node]
    operation = None if cell.operation_node == NONE else world.nodes[cell.operation_node].place
    return centre.place, centre.staff, cell.fund, operation, cell.area, cell.item


def _describe_for_follower(world: World, cell: Cell) -> tuple[object, ...]:
    """Return the parts of an assignment that another programme keeps."""
    node = world.nodes[cell.centre_node]
    return node.staff, node.family, cell.fund, cell.item, cell.operation_node == NONE
