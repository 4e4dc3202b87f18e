"""Loading of the book from the database, the same at a start and after a failure."""

import asyncio
import logging
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import SchemaMismatch
from core.nomenclature import CENTRES_A_YEAR, SHEETS
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from core.tables.book import LEDGER_ACCOUNTANTS, LEDGER_ACCOUNTS
from core.tables.columns import seal
from core.tables.journal import AccountBalances, NewCells, NewPayees, NodeBalances, Spans
from core.tables.title_balances import TitleBalances
from kernels import key_index as key_kernel
from posting.book import budget_nodes, fingerprints
from posting.book.book_state import BookState
from posting.book.cells import CellParts, pack
from posting.book.checkpoint import NO_CHECKPOINT, CheckpointExtent, CheckpointRow
from posting.book.empty_book import create_empty_book
from posting.book.registry import ReferenceData, Registry
from posting.book.title_rows import TitleKeys
from posting.hash_chain import ChainHead
from posting.pgcopy import TextCells, decode, list_columns
from posting.recovery import (
    checkpoint_restore,
    decree_loading,
    due_days,
    invoice_replay,
    journal_replay,
    rare_figures,
    special_loading,
)
from posting.recovery.rare_figures import check_years
from posting.store import directory_store, merge_store
from posting.store.journal_store import PostgresStore
from posting.store.layout import check_layout

LOG = logging.getLogger(__name__)


class LastCommit(NamedTuple):
    """The last batch of the journal with its hash, and the secret of the ledger's fingerprints."""

    head: ChainHead
    secret: fingerprints.Secret


class LoadedBook(NamedTuple):
    """The book as of the last commit."""

    state: BookState
    head: ChainHead
    secret: fingerprints.Secret
    last_checkpoint: CheckpointExtent
    """The extent of the last checkpoint."""
    needs_full_checkpoint: bool = False
    """Whether the checkpoints consist mostly of outdated pages, so that a full checkpoint should replace them."""


class _JournalEnd(NamedTuple):
    """The last batch and entry of the journal."""

    batch: int
    entry: int


class _Restored(NamedTuple):
    """A book with the contents of the checkpoints."""

    state: BookState
    extent: CheckpointExtent
    needs_full_checkpoint: bool


class _Replaced(NamedTuple):
    """An entry that changed a payee's bank details, and the digest of the former details."""

    entry: int
    digest: int


async def load_book(store: PostgresStore, reference: ReferenceData) -> LoadedBook:
    """Load the book: the checkpoints' pages, the cells and figures, then the entries after the last checkpoint.

    Raises
    ------
    ReferenceDataError
        The calendar no longer names a year of which rows are stored, or a code in use has changed its meaning.
    ClockSetBack
        A clock is before the last time that the ledger has stored.
    """
    head, secret = await read_last_commit(store)
    registry = Registry(reference, await store.load_numbers(reference))
    last_entry = int((await store.fetch("last_entry"))[0]["last"])
    state, extent, needs_full_checkpoint = await _restore_checkpoints(
        store, registry, _JournalEnd(head.batch, last_entry)
    )
    periods = await store.load_period_states()
    state.book.periods[:], state.last_period_decision = periods.states, periods.last_decision
    async with store.borrow_connection() as connection:
        state.follow_directory(await directory_store.load_effective_directory(connection))
    await _load_cells(store, state)
    await _load_figures(store, state)
    await rare_figures.load_last_documents(store, state)
    changes = await _load_payees(store, state, secret=secret, extent=extent)
    async with store.borrow_connection() as connection:
        merge_store.apply_merges(state.book.payees, await merge_store.load_merges(connection))
        registry.merges_in_use = await merge_store.select_merges_in_use(connection, reference.merges)
    await journal_replay.replay_entries(store, state, secret, after=extent.entries, last=last_entry)
    await invoice_replay.replay_invoices(store, state, secret, after=extent.entries)
    await due_days.load_due_days(store, state)
    for entry, old_digest in changes:
        state.book.items["open"][entry] = old_digest
    return LoadedBook(state, head, secret, extent, needs_full_checkpoint)


async def read_last_commit(store: PostgresStore) -> LastCommit:
    """Read the last commit, once the clocks and the layout are checked.

    Raises
    ------
    ClockSetBack
        A clock is before the last time that the ledger has stored.
    """
    async with store.borrow_connection() as connection:
        await store.clock.read(connection)
    store.clock.check()
    (row,) = await store.fetch("engine_row")
    check_layout(row["layout"])
    batch = row["version"]
    chain_hash = (await store.fetch("last_chain", batch))[0]["chain"] if batch else bytes(32)
    return LastCommit(ChainHead(batch, chain_hash), _parse_secret(row["secret"]))


def _parse_secret(stored: bytes) -> fingerprints.Secret:
    return int.from_bytes(stored[:8], "little"), int.from_bytes(stored[8:], "little")


async def _load_cells(store: PostgresStore, state: BookState) -> None:
    stream = await store.read_copy(f"select {', '.join(list_columns(NewCells))} from cell order by cell")
    rows, _ = decode(NewCells, stream)
    check_years(state.registry, rows.budget_year, "account assignments")
    centre = np.where(rows.operation > 0, rows.operation, rows.centre)
    parts = (
        np.asarray(column, np.int64) for column in (centre, rows.area, rows.item, rows.fund, rows.budget_year)
    )
    state.add_cells(pack(CellParts(*parts)), len(state.cell_words))


async def _load_figures(store: PostgresStore, state: BookState) -> None:
    """Load the last row of each node and account; the server selects them, as the earlier rows only grow in number."""
    names = ", ".join(list_columns(NodeBalances))
    last = "(select node, max(batch) as batch from node_balance group by node) last using (node, batch)"
    rows, _ = decode(NodeBalances, await store.read_copy(f"select {names} from node_balance join {last}"))
    nodes_a_year = CENTRES_A_YEAR * SHEETS
    check_years(state.registry, rows.node // nodes_a_year + YEAR_FIRST, "figures of budget nodes")
    at = rows.node - state.registry.first_node
    for column, figure in enumerate(rows[2:]):
        state.book.figures[at, column] = figure
    await rare_figures.load_frozen(store, state)
    budget_nodes.add_up_earmarks(state.book)
    await _load_titles(store, state)
    await rare_figures.load_withdrawals(store, state)
    await decree_loading.load_decrees(store, state)
    await special_loading.load_special_accounts(store, state)
    names = ", ".join(list_columns(AccountBalances))
    place = "accountant, account, period"
    last = f"""(select {place}, max(batch) as batch from account_balance group by {place}) last using ({place}, batch)"""
    sums, _ = decode(
        AccountBalances, await store.read_copy(f"select {names} from account_balance join {last}")
    )
    check_years(state.registry, sums.period // PERIODS_PER_YEAR + YEAR_FIRST, "sums of accounts")
    folio = sums.period.astype(np.int64) * LEDGER_ACCOUNTANTS + sums.accountant
    row = folio * LEDGER_ACCOUNTS + sums.account
    state.book.ledger["debit"][row], state.book.ledger["credit"][row] = sums.debit, sums.credit


async def _load_titles(store: PostgresStore, state: BookState) -> None:
    """Load the last row of each title."""
    names, key = ", ".join(list_columns(TitleBalances)), "programme, budget_year, title"
    last = f"(select {key}, max(batch) as batch from title_balance group by {key}) last using ({key}, batch)"
    rows, _ = decode(TitleBalances, await store.read_copy(f"select {names} from title_balance join {last}"))
    check_years(state.registry, rows.budget_year, "figures of titles")
    keys = TitleKeys(*(column.astype(np.int64) for column in rows[1:4]))
    row = state.registry.title_rows.find_rows(keys)
    state.book.titles["opened"][row], state.book.titles["anticipated"][row] = rows.opened, rows.anticipated


async def _restore_checkpoints(store: PostgresStore, registry: Registry, journal: _JournalEnd) -> _Restored:
    """Return a book with the contents of the checkpoints, or an empty one.

    The checkpoints build on each other, so if one is invalid none is used, and all are deleted: the next checkpoint is
    then a full one.
    """
    try:
        return await _read_checkpoints(store, create_empty_book(registry, journal.entry), journal)
    except SchemaMismatch as error:
        LOG.warning("%s; all checkpoints are deleted, and the whole journal is read instead", error)
        await store.fetch("delete_checkpoints")
        return _Restored(
            create_empty_book(registry, journal.entry), NO_CHECKPOINT, needs_full_checkpoint=False
        )


async def _read_checkpoints(store: PostgresStore, state: BookState, journal: _JournalEnd) -> _Restored:
    rows = [CheckpointRow(*row) for row in await store.fetch("checkpoints")]
    checkpoint_restore.check_chain(rows, *journal)
    extent = rows[-1].extent if rows else NO_CHECKPOINT
    later = journal.entry - extent.entries  # each may have a key: otherwise the index is built twice
    state.ensure_capacity_to_restore(
        extent.entries, extent.keys + later, extent.payees, invoices=extent.invoices
    )
    for row in rows:
        select = f"select batch, piece, payload from checkpoint_page where batch = {row.batch}"
        pieces = checkpoint_restore.CheckpointPieces(row)
        await store.stream_rows(select, pieces.add_rows)
        await asyncio.to_thread(checkpoint_restore.restore_pages, state, pieces)
    counters = state.book.counters
    for name in ("entries", "keys", "payees", "invoices"):
        counters[name] = getattr(extent, name)
    key_kernel.index_keys(state.book.slots, _seal_view(state.book.keys), 0, extent.keys)
    key_kernel.index_keys(state.book.payee_slots, _seal_view(state.book.payees), 0, extent.payees)
    key_kernel.index_keys(state.book.invoice_slots, _seal_view(state.book.invoices), 0, extent.invoices)
    return _Restored(state, extent, checkpoint_restore.are_outdated(rows))


def _seal_view(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


async def _load_payees(
    store: PostgresStore, state: BookState, *, secret: fingerprints.Secret, extent: CheckpointExtent
) -> list[_Replaced]:
    """Load the payees registered since the checkpoint, and apply later changes of bank details.

    Return the entries of these changes, each with the digest that it replaced.
    """
    select = "select payee, entry_id, code, name, iban, bic from payee where entry_id > {} order by entry_id"
    rows, texts = decode(NewPayees, await store.read_copy(select.format(extent.entries)), 4)
    if not len(rows.payee):
        return []
    code, bank = (_select_column(texts, position, 4) for position in (0, 2))
    code_fingerprints, digests = (
        fingerprints.fingerprint_payees(code, texts.text, secret),
        fingerprints.digest_ibans(bank, texts.text),
    )
    last = max(extent.payees, int(rows.payee.max()))
    state.ensure_capacity(last - extent.payees)
    table, is_new = state.book.payees, _find_registrations(rows.payee, extent.payees)
    at = rows.payee[is_new] - 1
    table["high"][at], table["low"][at], table["value"][at] = (
        code_fingerprints.high[is_new],
        code_fingerprints.low[is_new],
        at + 1,
    )
    table["content"][at] = digests[is_new]
    key_kernel.index_keys(state.book.payee_slots, _seal_view(table), extent.payees, last)
    state.book.counters["payees"] = last
    state.note_changed_payees(rows.payee[~is_new])
    return _apply_changes(table, rows, is_change=~is_new, digests=digests)


def _find_registrations(payees: NDArray[np.int32], payee_count: int) -> NDArray[np.bool_]:
    """Return which rows register a payee: payees are numbered in the order of their registration."""
    highest_before = np.maximum.accumulate(np.concatenate([[payee_count], payees]))[:-1]
    return payees > highest_before


def _apply_changes(
    table: np.ndarray, rows: NewPayees, *, is_change: NDArray[np.bool_], digests: NDArray[np.uint64]
) -> list[_Replaced]:
    """Replace the digests of payees, one change after the other; return each entry with what it replaced."""
    replaced = []
    for at in np.flatnonzero(is_change).tolist():
        row = int(rows.payee[at]) - 1
        replaced.append(_Replaced(int(rows.entry_id[at]), int(table["content"][row].view(np.int64))))
        table["content"][row] = digests[at]
    return replaced


def _select_column(texts: TextCells, position: int, column_count: int) -> Spans:
    return seal(Spans(*(np.ascontiguousarray(column[position::column_count]) for column in texts.spans)))
