"""What stored entries left behind, without judging them anew."""

from collections.abc import Iterable
from typing import NamedTuple

from core.catalog import CATALOG, PayeeChange
from tests.oracle.commitments import Link, draw_remainders
from tests.oracle.model import AcceptedAct, Fingerprint, OpenItem, State
from tests.oracle.postings import build_item


class StoredEntry(NamedTuple):
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


def replay_entries(entries: Iterable[StoredEntry], state: State) -> None:
    """Put items, remainders and keys of ``entries``, whole acts in order, into ``state``."""
    for each in entries:
        known = state.keys.get(each.key, AcceptedAct(each.entry, 0, each.content))
        state.keys[each.key] = known._replace(lines=known.lines + 1)
        followed = _build_link(state, each)
        draw_remainders(state, followed, CATALOG[each.kind], each.amount)
        bare = OpenItem(each.kind, each.cell, each.amount, 0, 0, each.debit, each.credit, payee=each.payee)
        state.items[each.entry] = build_item(state, followed, bare)
        _apply_block(state, each)


def _apply_block(state: State, each: StoredEntry) -> None:
    """Block or release the payee; what it is registered with is stored by itself."""
    change = CATALOG[each.kind].change
    if change in (PayeeChange.BLOCK, PayeeChange.RELEASE):
        (code,) = [code for code, payee in state.payees.items() if payee.number == each.payee]
        state.payees[code] = state.payees[code]._replace(is_blocked=change is PayeeChange.BLOCK)


def _build_link(state: State, each: StoredEntry) -> Link:
    kind = CATALOG[each.kind]
    if kind.mirrors:
        undone = state.items[each.predecessor]
        return Link(each.predecessor, CATALOG[undone.kind], undone.parent, -1, each.cell)
    return Link(each.predecessor, kind, each.predecessor, 1, each.cell)
