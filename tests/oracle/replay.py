"""What stored entries left behind, without judging them anew."""

from collections.abc import Iterable
from typing import NamedTuple

from core.catalog import CATALOG, Family
from tests.oracle.commitments import Followed, draw
from tests.oracle.model import Fingerprint, Item, Known, State

_FOLLOWABLE = {Family.COMMITMENT, Family.SERVICE, Family.PAYMENT_REQUEST}


class Entry(NamedTuple):
    """One row of the journal, as the book takes it back."""

    entry: int
    predecessor: int
    amount: int
    cell: int
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
        left = each.amount if CATALOG[each.kind].family in _FOLLOWABLE else 0
        state.items[each.entry] = Item(each.kind, each.cell, left, 0, followed.root, each.debit, each.credit)


def _followed(state: State, each: Entry) -> Followed:
    kind = CATALOG[each.kind]
    if kind.mirrors:
        undone = state.items[each.predecessor]
        return Followed(each.predecessor, CATALOG[undone.kind], undone.parent, -1, each.cell)
    return Followed(each.predecessor, kind, each.predecessor, 1, each.cell)
