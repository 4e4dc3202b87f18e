"""The effects of stored entries, without checking them again."""

from collections.abc import Iterable
from typing import NamedTuple

from core.catalog import CATALOG, Family, PayeeChange, Remainder
from tests.oracle import assets, invoices, receipt_days
from tests.oracle.commitments import Link, build_mirror_link, build_reversal_link, draw_remainders
from tests.oracle.model import AcceptedAct, Claim, Fingerprint, JournalRow, OpenItem, State
from tests.oracle.postings import add_item


class StoredEntry(NamedTuple):
    """One row of the journal, as the replay reads it."""

    entry: int
    predecessor: int
    amount: int
    cell: int
    source: int
    day: int
    payee: int
    kind: int
    debit: int
    credit: int
    content: int
    key: Fingerprint
    invoice: Fingerprint = None
    invoice_part: int = 0
    invoice_day: int = 0


def replay_entries(entries: Iterable[StoredEntry], state: State) -> None:
    """Restore items, remainders and keys of ``entries``, whole acts in order, in ``state``."""
    for entry in entries:
        act = state.keys.get(entry.key, AcceptedAct(entry.entry, 0, entry.content))
        state.keys[entry.key] = act._replace(lines=act.lines + 1)
        link = _build_link(state, entry)
        draw_remainders(state, link, CATALOG[entry.kind], entry.amount)
        if CATALOG[entry.kind].follows is Family.ASSET:
            assets.change_asset(state, CATALOG[entry.kind], entry.amount, asset=entry.predecessor)
        posted = OpenItem(entry.kind, entry.cell, entry.amount, 0, 0, entry.debit, entry.credit)
        bare = posted._replace(payee=entry.payee, day=entry.day)
        bare = receipt_days.add_days(state, entry.entry, bare, entry.source)
        add_item(state, entry.entry, link, bare)
        invoices.note_amount(state, entry.entry, entry.amount)
        state.journal[entry.entry] = JournalRow(
            entry.kind, entry.predecessor, entry.amount, entry.day, entry.cell, 0, 0, (0, 0), ""
        )
        _apply_block(state, entry)


def replay_claims(entries: Iterable[StoredEntry], state: State) -> None:
    """Restore the claims of the invoices that ``entries`` state."""
    for entry in entries:
        if entry.invoice:
            claims = state.invoices.get(entry.invoice, ())
            claim = Claim(entry.entry, entry.invoice_part, entry.invoice_day)
            state.invoices[entry.invoice] = (*claims, claim)


def _apply_block(state: State, entry: StoredEntry) -> None:
    """Block or release the payee; its registration is stored separately."""
    change = CATALOG[entry.kind].change
    if change in (PayeeChange.BLOCK, PayeeChange.RELEASE):
        (code,) = [code for code, payee in state.payees.items() if payee.number == entry.payee]
        state.payees[code] = state.payees[code]._replace(is_blocked=change is PayeeChange.BLOCK)


def _build_link(state: State, entry: StoredEntry) -> Link:
    kind = CATALOG[entry.kind]
    if kind.undoes:
        return build_reversal_link(state, entry.predecessor)
    if kind.mirrors:
        return build_mirror_link(state, entry.predecessor)
    root = 0 if kind.draws is Remainder.VISA else entry.predecessor
    return Link(entry.predecessor, kind, root, 1, entry.cell)
