"""Advances: asked for on a commitment, paid, and withheld from later debts of the same commitment (rule A36)."""

from core.catalog import CATALOG, ActKind, Family, Remainder, Stage
from core.outcome_codes import Outcome
from core.tables.expense_marks import IS_ADVANCE, SECURES
from tests.oracle import expenses, merges
from tests.oracle.commitments import Link
from tests.oracle.lines import Line
from tests.oracle.model import Cell, LineRefused, OpenItem, State, World


def require_purchase(world: World, state: State, kind: ActKind, *, line: Line, commitment: int) -> None:
    """Refuse an advance on what is no purchase, and one above what is left of its commitment."""
    if kind.name != "advance_request":
        return
    item = state.items[commitment]
    if not world.cells.get(item.cell, Cell(0)).operating:
        raise LineRefused(Outcome.ADVANCE_ITEM)
    limit = min(item.open, _compute_security(state, commitment))
    if line.amount > limit:
        raise LineRefused(Outcome.COMMITMENT_EXCEEDED, missing=line.amount - limit)


def require_security(state: State, kind: ActKind, followed: Link, amount: int) -> None:
    """Refuse to pay, withdraw or penalise what secures an advance, if too little would be left to recover the advances.

    The remainders of the commitment are those after the line, and the journal does not have it yet.
    """
    if kind.settles > 0 and kind.after is Stage.PAYABLE:
        if find_mark(state, followed.entry) != SECURES:
            return
        commitment = _find_commitment(state, state.items[expenses.find_request(state, followed.entry)])
        missing = amount - _compute_security(state, commitment)
    elif followed.base.family is Family.COMMITMENT_CHANGE and followed.root:
        is_raise = (followed.base.feeds is Remainder.OPEN) == (followed.sign > 0)
        if is_raise or not _list_requests(state, followed.root, is_advance=True):
            return
        missing = -_compute_security(state, followed.root)
    elif kind.name == "penalty" and _list_requests(state, followed.root, is_advance=True):
        missing = -_compute_security(state, followed.root)
    else:
        return
    if missing > 0:
        raise LineRefused(Outcome.ADVANCE_NOT_RECOVERED, missing=missing)


def find_mark(state: State, entry: int) -> int:
    """Return whether a debt is an advance, or was requested on a commitment that had one already."""
    request = expenses.find_request(state, entry)
    kind = CATALOG[state.items[request].kind]
    if kind.name == "advance_request":
        return IS_ADVANCE
    if not (kind.reaches is Stage.PAYABLE and kind.follows is Family.COMMITMENT):
        return 0
    advances = _list_requests(state, _find_commitment(state, state.items[request]), is_advance=True)
    return SECURES if any(advance < request for advance in advances) else 0


def sum_advanced(state: State, commitment: int) -> int:
    """Return the advances of a commitment that are not recovered, less what is unpaid of the requests that secure them."""
    advances = _list_requests(state, commitment, is_advance=True)
    if not advances:
        return 0
    requests = _list_requests(state, commitment, is_advance=False)
    securing = {request for request in requests if request > min(advances)}
    others = {*requests, *_list_penalties(state, commitment)} - securing
    cents = sum(_read_requested(state, advance) for advance in advances)
    cents -= sum(_read_requested(state, request) for request in securing)
    for row in state.journal.values():
        kind = CATALOG[row.kind]
        if kind.after is not Stage.PAYABLE:
            continue
        request = expenses.find_request(state, row.predecessor)
        if kind.settles > 0 and request in securing:
            cents += row.amount
        if kind.name == "advance_withholding" and request in others:
            cents -= row.amount
    return cents


def _compute_security(state: State, commitment: int) -> int:
    item = state.items[commitment]
    return item.open + item.unbilled - sum_advanced(state, commitment)


def _read_requested(state: State, request: int) -> int:
    return state.requested[request] - state.rejected.get(request, 0)


def _list_requests(state: State, commitment: int, *, is_advance: bool) -> list[int]:
    """List the advances of a commitment and of those that it carries on, or the other requests."""
    return [
        entry
        for entry, item in state.items.items()
        if CATALOG[item.kind].follows is Family.COMMITMENT
        and CATALOG[item.kind].reaches is Stage.PAYABLE
        and (CATALOG[item.kind].name == "advance_request") is is_advance
        and _find_commitment(state, item) == commitment
    ]


def _list_penalties(state: State, commitment: int) -> list[int]:
    return [
        entry
        for entry, item in state.items.items()
        if CATALOG[item.kind].name == "penalty" and _find_commitment(state, item) == commitment
    ]


def require_own_advance(world: World, state: State, *, debt: int, transfer: int) -> None:
    """Refuse a recovery from the debt of another commitment, supplier or accountant, and of what is no advance."""
    request, paid = (state.items[expenses.find_request(state, entry)] for entry in (debt, transfer))
    owed = state.items[debt]
    accountants = {world.cells.get(item.cell, Cell(0)).accountant for item in (owed, state.items[transfer])}
    commitments = {_find_commitment(state, item) for item in (request, paid)}
    persons = len({merges.find_person(state, item.payee) for item in (owed, paid)})
    is_advance = CATALOG[paid.kind].name == "advance_request"
    if not is_advance or persons > 1 or len(accountants) > 1 or len(commitments) > 1:
        raise LineRefused(Outcome.ADVANCE_MISMATCH)


def _find_commitment(state: State, request: OpenItem) -> int:
    """Return the commitment of a request where it is today; 0 if it has none."""
    entry = request.parent
    while entry and state.items[entry].carried_to:
        entry = state.items[entry].carried_to
    return entry
