"""Expenses: what a request says of its expense, wherever the debt has gone since (rules A05, A29)."""

from core.catalog import CATALOG, ActKind
from core.kind_rules import Pairing
from tests.oracle.model import State


def find_request(state: State, entry: int) -> int:
    """Return the request of a debt, of a part of it, of its carry, or of what settled it."""
    while CATALOG[state.items[entry].kind].inherits:
        entry = state.items[entry].parent
    return entry


def note_change(state: State, entry: int, kind: ActKind, step: int = 1) -> None:
    """Note on its request that an expense goes to another imputation or is asked back; ``step`` -1 takes it back."""
    if kind.pairs is not Pairing.ORIGIN and not kind.repays:
        return
    request = find_request(state, entry)
    item = state.items[request]
    changes = {"repayments": item.repayments + step} if kind.repays else {"is_moved": True}
    state.items[request] = item._replace(**changes)


def list_debts(state: State, entry: int) -> list[int]:
    """List a debt and the debts that it is a part or a carry of; what a guarantee releases is a debt of its own."""
    debts = [entry]
    while CATALOG[state.items[debts[-1]].kind].is_part:
        debts.append(state.items[debts[-1]].parent)
    return debts


def ask_back(state: State, entry: int, amount: int) -> None:
    """Note that ``amount`` is asked back of a debt, and so of the debts that it is a part of."""
    for debt in list_debts(state, entry):
        state.items[debt] = state.items[debt]._replace(asked=state.items[debt].asked + amount)
