"""Advances: paid before service, and withheld from later debts of the same contract (GBCP art. 33; chart 4091000000; A36)."""

from tests.law_model.chain import find_debt, find_root
from tests.law_model.codes import ADVANCE_MISMATCH, ADVANCE_MISSING
from tests.law_model.kinds import ON_COMMITMENT
from tests.law_model.state import Act, Document, State

_NOT_RECOVERED = "ADVANCE_NOT_RECOVERED"
_WITHDRAWALS = frozenset({"commitment_decrease", "prior_withdrawal", "commitment_change_reversal"})
_PURCHASES = 3
"""The title whose contracts take an advance here: on assets the chart does not say which account pays it (ours)."""


def check_advance(act: Act, predecessor: Document, earlier: list[Document], state: State) -> list[str]:
    """Check an advance, what is withheld for it, and that it is recovered beside that."""
    if act.kind == "advance_request":
        return _check_request(act, predecessor, state)
    if act.kind in _WITHDRAWALS | {"penalty"}:
        return _check_withdrawal(act, predecessor, state)
    codes = _check_payment(act, predecessor, state) if act.kind in {"payment", "set_off"} else []
    return codes + _check_recovery(act, predecessor, earlier, state)


def _check_recovery(act: Act, predecessor: Document, earlier: list[Document], state: State) -> list[str]:
    """Check that a sum is withheld for an advance, and that the advance is recovered beside it."""
    if act.kind in {"set_off", "advance_withholding"} and find_root(predecessor).kind == "advance_request":
        return ["ADVANCE_DIVERSION"]
    if act.kind == "advance_withholding":
        return [] if act.next_line and _is_recovery(act, act.next_line) else [ADVANCE_MISSING]
    if act.kind != "advance_recovery":
        return []
    before = earlier[-1] if earlier else None
    is_pair = before is not None and before.kind == "advance_withholding"
    if before is None or not is_pair or (before.amount, before.day) != (act.amount, act.day):
        return [ADVANCE_MISMATCH]
    assert before.predecessor is not None
    return [] if _is_of_one_contract(before.predecessor, predecessor, state) else [ADVANCE_MISMATCH]


def _check_request(act: Act, commitment: Document, state: State) -> list[str]:
    """Check that an advance is on a purchase, and that all advances of the contract can be recovered."""
    assert commitment.key is not None
    items = state.reference.years[commitment.key.year].items
    codes = [] if items[commitment.item].title == _PURCHASES else ["ADVANCE_ITEM"]
    return [*codes, "COMMITMENT_EXCEEDED"] if act.amount > _find_security(commitment, state) else codes


def _check_payment(act: Act, debt: Document, state: State) -> list[str]:
    """Check that a payment leaves enough of the contract to recover its advances."""
    request = find_root(debt)
    if request.kind not in ON_COMMITMENT or request.predecessor is None:
        return []
    commitment = request.predecessor.now
    advances = _list_advances(commitment, state)
    if not advances or request.number < advances[0].number:
        return []
    return [_NOT_RECOVERED] if act.amount > _find_security(commitment, state) else []


def _check_withdrawal(act: Act, predecessor: Document, state: State) -> list[str]:
    """Check that what is withdrawn, or penalised, of a contract leaves enough of it to recover its advances."""
    commitment = predecessor
    if act.kind == "commitment_change_reversal":
        if predecessor.kind != "commitment_increase" or predecessor.predecessor is None:
            return []
        commitment = predecessor.predecessor
    if not _list_advances(commitment, state):
        return []
    return [_NOT_RECOVERED] if act.amount > _find_security(commitment, state) else []


def _list_advances(commitment: Document, state: State) -> list[Document]:
    return [
        document
        for document in state.documents
        if document.kind == "advance_request"
        and document.predecessor
        and document.predecessor.now is commitment
    ]


def _find_security(commitment: Document, state: State) -> int:
    """Return what may still be paid or withdrawn of a contract so that its advances are recovered from the rest.

    What is unpaid of a request made before the first advance does not count (ours).
    """
    advances = _list_advances(commitment, state)
    rest = commitment.engaged - commitment.billed
    if not advances:
        return rest
    for document in state.documents:
        root = find_root(document)
        is_request = root.kind in ON_COMMITMENT and root.number > advances[0].number
        is_of_contract = root.predecessor is not None and root.predecessor.now is commitment
        if not is_of_contract:
            continue
        if document is root and is_request:
            rest += document.amount - document.rejected
        elif is_request and document.kind in {"payment", "set_off", "advance_withholding"}:
            rest -= document.amount
        elif document.kind == "advance_request":
            rest -= document.amount - document.rejected
        elif document.kind == "advance_recovery":
            rest += document.amount
    return rest


def _is_recovery(act: Act, after: Act) -> bool:
    return after.kind == "advance_recovery" and (after.amount, after.day) == (act.amount, act.day)


def _is_of_one_contract(debt: Document, transfer: Document, state: State) -> bool:
    """Return whether a transfer paid an advance of the contract, and to the supplier, that a debt is of."""
    advance, request = find_root(transfer), find_root(debt)
    if advance.kind != "advance_request" or request.predecessor is None or advance.predecessor is None:
        return False
    is_of_supplier = find_debt(debt).payee == advance.payee
    accountants = {_find_accountant(document, state) for document in (debt, transfer)}
    return is_of_supplier and len(accountants) == 1 and request.predecessor.now is advance.predecessor.now


def _find_accountant(document: Document, state: State) -> str:
    assert document.key is not None
    return state.reference.years[document.key.year].find_accountant(document.key.centre)
