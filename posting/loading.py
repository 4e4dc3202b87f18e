"""The book from the database: start-up and recovery are the same."""

import asyncio
import logging
from typing import NamedTuple

import numpy as np

from core.book import LEDGER_ACCOUNTS
from core.columns import seal
from core.errors import DatabaseUnfit, SchemaMismatch
from core.tables import AccountBalances, NewCells, NewPayees, NodeBalances, Spans
from kernels import keys as key_kernel
from posting import keys, replaying, restoring
from posting.book import State, empty
from posting.cells import CellParts, pack
from posting.checkpoint import NOTHING, Mark, Stored
from posting.engine import Head
from posting.registry import Reference, Registry
from posting.rows import TextCells, columns, decode
from posting.store.migrating import LAYOUT
from posting.store.postgres import PostgresStore

LOG = logging.getLogger(__name__)


class Loaded(NamedTuple):
    """A book as last committed."""

    state: State
    head: Head
    secret: keys.Secret
    mark: Mark
    """The last checkpoint."""


async def load(store: PostgresStore, reference: Reference) -> Loaded:
    """Load the book: cells and figures, the last checkpoint's pages, then the journal behind it."""
    (row,) = await store.fetch("engine_row")
    if row["layout"] != LAYOUT:
        raise DatabaseUnfit(f"the journal's rows are of layout {row['layout']}, this version writes {LAYOUT}")
    registry = Registry(reference, await store.numbers(reference))
    secret = _secret(row["secret"])
    head = Head(row["version"], await _chain(store, row["version"]))
    entries = int((await store.fetch("last_entry"))[0]["last"])
    state, mark = await _restored(store, registry, (head.batch, entries))
    await _load_cells(store, state)
    await _load_figures(store, state)
    await _load_payees(store, state, secret, mark)
    await replaying.replay(store, state, secret, (mark.entries, entries))
    return Loaded(state, head, secret, mark)


def _secret(stored: bytes) -> keys.Secret:
    return int.from_bytes(stored[:8], "little"), int.from_bytes(stored[8:], "little")


async def _chain(store: PostgresStore, batch: int) -> bytes:
    return (await store.fetch("last_chain", batch))[0]["chain"] if batch else bytes(32)


async def _load_cells(store: PostgresStore, state: State) -> None:
    stream = await store.copy_out(f"select {', '.join(columns(NewCells))} from cell order by cell")
    rows, _ = decode(NewCells, stream)
    centre = np.where(rows.operation > 0, rows.operation, rows.centre)
    parts = (
        np.asarray(each, np.int64) for each in (centre, rows.area, rows.item, rows.fund, rows.budget_year)
    )
    state.add_cells(pack(CellParts(*parts)))


async def _load_figures(store: PostgresStore, state: State) -> None:
    """The last row of each node and account counts; rows come in the order of their batches."""
    names = ", ".join(columns(NodeBalances))
    rows, _ = decode(NodeBalances, await store.copy_out(f"select {names} from node_balance order by batch"))
    at = rows.node - state.registry.first_node
    for place, figure in enumerate(rows[2:]):
        state.book.figures[at, place] = figure
    names = ", ".join(columns(AccountBalances))
    sums, _ = decode(
        AccountBalances, await store.copy_out(f"select {names} from account_balance order by batch")
    )
    row = sums.period.astype(np.int64) * LEDGER_ACCOUNTS + sums.account
    state.book.ledger["debit"][row], state.book.ledger["credit"][row] = sums.debit, sums.credit


async def _restored(store: PostgresStore, registry: Registry, journal: tuple[int, int]) -> tuple[State, Mark]:
    """A book with what the checkpoints hold; ``journal`` is its last batch and entry.

    They build upon each other, so if one is not right none is used, and all are deleted: the next is the first of
    others, with every page in it.
    """
    try:
        return await _from_checkpoints(store, empty(registry, journal[1]), journal)
    except SchemaMismatch as broken:
        LOG.warning("%s; all checkpoints are deleted, and the whole journal is read instead", broken)
        await store.fetch("delete_checkpoints")
        return empty(registry, journal[1]), NOTHING


async def _from_checkpoints(
    store: PostgresStore, state: State, journal: tuple[int, int]
) -> tuple[State, Mark]:
    rows = [Stored(*row) for row in await store.fetch("checkpoints")]
    restoring.check_chain(rows, *journal)
    mark = rows[-1].mark if rows else NOTHING
    state.make_room_to_restore(mark.entries, mark.keys, mark.payees)
    for row in rows:
        select = f"select batch, piece, payload from checkpoint_page where batch = {row.batch}"
        pieces = restoring.Pieces(row)
        await store.copied(select, pieces.place)
        await asyncio.to_thread(restoring.restore, state, pieces)
    counters = state.book.counters
    counters["entries"], counters["keys"], counters["payees"] = mark.entries, mark.keys, mark.payees
    key_kernel.index(state.book.slots, _sealed(state.book.keys), 0, mark.keys)
    key_kernel.index(state.book.payee_slots, _sealed(state.book.payees), 0, mark.payees)
    return state, mark


def _sealed(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


async def _load_payees(store: PostgresStore, state: State, secret: keys.Secret, mark: Mark) -> None:
    """Payees registered since the checkpoint."""
    select = "select payee, entry_id, code, name, iban, bic from payee where payee > {} order by payee"
    rows, texts = decode(NewPayees, await store.copy_out(select.format(mark.payees)), 4)
    if not len(rows.payee):
        return
    code, bank = (_column(texts, place, 4) for place in (0, 2))
    found = keys.payee_fingerprints(code, texts.text, secret)
    state.make_room(len(rows.payee))
    table, first = state.book.payees, mark.payees
    part = table[first : first + len(rows.payee)]
    part["high"], part["low"], part["value"] = found.high, found.low, rows.payee
    part["content"] = keys.bank_digests(bank, texts.text)
    key_kernel.index(state.book.payee_slots, _sealed(table), first, first + len(part))
    state.book.counters["payees"] = first + len(part)


def _column(texts: TextCells, place: int, of: int) -> Spans:
    return seal(Spans(*(np.ascontiguousarray(column[place::of]) for column in texts.spans)))
