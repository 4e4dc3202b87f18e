"""Advances: asked for on a commitment, paid, and withheld from later debts of the same commitment (rule A36)."""

from core.catalog import CATALOG, ActKind
from core.outcome_codes import Outcome
from tests.oracle import expenses
from tests.oracle.lines import Line
from tests.oracle.model import Cell, LineRefused, OpenItem, State, World


def require_purchase(world: World, state: State, kind: ActKind, *, line: Line, commitment: int) -> None:
    """Refuse an advance on what is no purchase, and one above what is left of its commitment."""
    if kind.name != "advance_request":
        return
    item = state.items[commitment]
    if not world.cells.get(item.cell, Cell(0)).operating:
        raise LineRefused(Outcome.ADVANCE_ITEM)
    if line.amount > item.open:
        raise LineRefused(Outcome.COMMITMENT_EXCEEDED, missing=line.amount - item.open)


def require_own_advance(world: World, state: State, *, debt: int, transfer: int) -> None:
    """Refuse a recovery from the debt of another commitment, supplier or accountant, and of what is no advance."""
    request, paid = (state.items[expenses.find_request(state, entry)] for entry in (debt, transfer))
    owed = state.items[debt]
    accountants = {world.cells.get(item.cell, Cell(0)).accountant for item in (owed, state.items[transfer])}
    commitments = {_find_commitment(state, item) for item in (request, paid)}
    is_advance = CATALOG[paid.kind].name == "advance_request"
    if not is_advance or owed.payee != paid.payee or len(accountants) > 1 or len(commitments) > 1:
        raise LineRefused(Outcome.ADVANCE_MISMATCH)


def _find_commitment(state: State, request: OpenItem) -> int:
    """Return the commitment of a request where it is today; 0 if it has none."""
    entry = request.parent
    while entry and state.items[entry].carried_to:
        entry = state.items[entry].carried_to
    return entry
