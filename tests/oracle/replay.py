"""What stored entries left behind, without judging them anew."""

from collections.abc import Iterable
from typing import NamedTuple

from core.catalog import CATALOG, Change
from tests.oracle.commitments import Followed, draw
from tests.oracle.model import Fingerprint, Item, Known, State
from tests.oracle.postings import standing


class Entry(NamedTuple):
    """One row of the journal, as the book takes it back."""

    entry: int
    predecessor: int
    amount: int
    cell: int
    payee: int
    kind: int
    debit: int
    credit: int
    content: int
    key: Fingerprint


def replay(entries: Iterable[Entry], state: State) -> None:
    """Put items, remainders and keys of ``entries``, whole acts in order, into ``state``."""
    for each in entries:
        known = state.keys.get(each.key, Known(each.entry, 0, each.content))
        state.keys[each.key] = known._replace(lines=known.lines + 1)
        followed = _followed(state, each)
        draw(state, followed, CATALOG[each.kind], each.amount)
        bare = Item(each.kind, each.cell, each.amount, 0, 0, each.debit, each.credit, payee=each.payee)
        state.items[each.entry] = standing(state, followed, bare)
        _block(state, each)


def _block(state: State, each: Entry) -> None:
    """Block or release the payee; what it is registered with is stored by itself."""
    change = CATALOG[each.kind].change
    if change in (Change.BLOCK, Change.RELEASE):
        (code,) = [code for code, payee in state.payees.items() if payee.number == each.payee]
        state.payees[code] = state.payees[code]._replace(is_blocked=change is Change.BLOCK)


def _followed(state: State, each: Entry) -> Followed:
    kind = CATALOG[each.kind]
    if kind.mirrors:
        undone = state.items[each.predecessor]
        return Followed(each.predecessor, CATALOG[undone.kind], undone.parent, -1, each.cell)
    return Followed(each.predecessor, kind, each.predecessor, 1, each.cell)
