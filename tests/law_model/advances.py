"""Advances: paid before service, and withheld from later debts of the same contract (GBCP art. 33; chart 4091000000; A36)."""

from tests.law_model.chain import find_debt, find_root
from tests.law_model.codes import ADVANCE_MISMATCH, ADVANCE_MISSING
from tests.law_model.state import Act, Document, State

_PURCHASES = 3
"""The title whose contracts take an advance here: on assets the chart does not say which account pays it (ours)."""


def check_advance(act: Act, predecessor: Document, earlier: list[Document], state: State) -> list[str]:
    """Check an advance, what is withheld for it, and that it is recovered beside that."""
    if act.kind == "advance_request":
        return _check_request(predecessor, state)
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


def _check_request(commitment: Document, state: State) -> list[str]:
    assert commitment.key is not None
    items = state.reference.years[commitment.key.year].items
    return [] if items[commitment.item].title == _PURCHASES else ["ADVANCE_ITEM"]


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
