"""The book from the database: start-up and recovery are the same."""

import asyncio
import logging
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.calendar import PERIODS_PER_YEAR, YEAR_FIRST
from core.errors import DatabaseUnfit, SchemaMismatch
from core.tables.book import LEDGER_ACCOUNTS
from core.tables.columns import seal
from core.tables.journal import AccountBalances, NewCells, NewPayees, NodeBalances, Spans
from kernels import key_index as key_kernel
from posting.book import fingerprints
from posting.book.book_state import BookState, create_empty_book
from posting.book.cells import CellParts, pack
from posting.book.checkpoint import NO_CHECKPOINT, CheckpointExtent, CheckpointRow
from posting.book.registry import CENTRES_A_YEAR, SHEETS, ReferenceData, Registry, build_missing_year_error
from posting.engine import ChainHead
from posting.pgcopy import TextCells, decode, list_columns
from posting.recovery import checkpoint_restore, journal_replay
from posting.store.journal_store import PostgresStore
from posting.store.migrate import LAYOUT

LOG = logging.getLogger(__name__)


class LoadedBook(NamedTuple):
    """A book as last committed."""

    state: BookState
    head: ChainHead
    secret: fingerprints.Secret
    last_checkpoint: CheckpointExtent
    """The last checkpoint."""
    needs_full_checkpoint: bool = False
    """Whether most of what the checkpoints hold is outdated: a whole one is then to take their place."""


async def load_book(store: PostgresStore, reference: ReferenceData) -> LoadedBook:
    """Load the book: cells and figures, the last checkpoint's pages, then the journal behind it.

    Raises
    ------
    ReferenceDataError
        The calendar no longer names a year of which something is stored, or a code in use means something else.
    """
    (row,) = await store.fetch("engine_row")
    if row["layout"] != LAYOUT:
        raise DatabaseUnfit(f"the journal's rows are of layout {row['layout']}, this version writes {LAYOUT}")
    registry = Registry(reference, await store.load_numbers(reference))
    secret = _parse_secret(row["secret"])
    head = ChainHead(row["version"], await _read_chain_hash(store, row["version"]))
    entries = int((await store.fetch("last_entry"))[0]["last"])
    state, mark, is_worn = await _restore_checkpoints(store, registry, (head.batch, entries))
    await _load_cells(store, state)
    await _load_figures(store, state)
    changes = await _load_payees(store, state, secret, mark)
    await journal_replay.replay_entries(store, state, secret, (mark.entries, entries))
    for entry, old_digest in changes:
        state.book.items["open"][entry] = old_digest
    return LoadedBook(state, head, secret, mark, is_worn)


def _parse_secret(stored: bytes) -> fingerprints.Secret:
    return int.from_bytes(stored[:8], "little"), int.from_bytes(stored[8:], "little")


async def _read_chain_hash(store: PostgresStore, batch: int) -> bytes:
    return (await store.fetch("last_chain", batch))[0]["chain"] if batch else bytes(32)


async def _load_cells(store: PostgresStore, state: BookState) -> None:
    stream = await store.read_copy(f"select {', '.join(list_columns(NewCells))} from cell order by cell")
    rows, _ = decode(NewCells, stream)
    _check_years(state.registry, rows.budget_year, "account assignments")
    centre = np.where(rows.operation > 0, rows.operation, rows.centre)
    parts = (
        np.asarray(column, np.int64) for column in (centre, rows.area, rows.item, rows.fund, rows.budget_year)
    )
    state.add_cells(pack(CellParts(*parts)), len(state.cell_words))


async def _load_figures(store: PostgresStore, state: BookState) -> None:
    """The last row of each node and account counts; the server leaves out those before, which only become more."""
    names = ", ".join(list_columns(NodeBalances))
    last = "(select node, max(batch) as batch from node_balance group by node) last using (node, batch)"
    rows, _ = decode(NodeBalances, await store.read_copy(f"select {names} from node_balance join {last}"))
    nodes_a_year = CENTRES_A_YEAR * SHEETS
    _check_years(state.registry, rows.node // nodes_a_year + YEAR_FIRST, "figures of budget nodes")
    at = rows.node - state.registry.first_node
    for place, figure in enumerate(rows[2:]):
        state.book.figures[at, place] = figure
    names = ", ".join(list_columns(AccountBalances))
    last = """(select account, period, max(batch) as batch from account_balance group by account, period) last
              using (account, period, batch)"""
    sums, _ = decode(
        AccountBalances, await store.read_copy(f"select {names} from account_balance join {last}")
    )
    _check_years(state.registry, sums.period // PERIODS_PER_YEAR + YEAR_FIRST, "sums of accounts")
    row = sums.period.astype(np.int64) * LEDGER_ACCOUNTS + sums.account
    state.book.ledger["debit"][row], state.book.ledger["credit"][row] = sums.debit, sums.credit


def _check_years(registry: Registry, years: NDArray[np.integer], what: str) -> None:
    """Be sure that there is a place for what is stored: a year that is gone would have its rows land in another's."""
    missing = set(np.unique(years).tolist()) - registry.reference.calendar.exercises.keys()
    if missing:
        raise build_missing_year_error(min(missing), what)


async def _restore_checkpoints(
    store: PostgresStore, registry: Registry, journal: tuple[int, int]
) -> tuple[BookState, CheckpointExtent, bool]:
    """A book with what the checkpoints hold, and whether they are worn; ``journal`` is its last batch and entry.

    They build upon each other, so if one is not right none is used, and all are deleted: the next is the first of
    others, with every page in it.
    """
    try:
        return await _read_checkpoints(store, create_empty_book(registry, journal[1]), journal)
    except SchemaMismatch as error:
        LOG.warning("%s; all checkpoints are deleted, and the whole journal is read instead", error)
        await store.fetch("delete_checkpoints")
        return create_empty_book(registry, journal[1]), NO_CHECKPOINT, False


async def _read_checkpoints(
    store: PostgresStore, state: BookState, journal: tuple[int, int]
) -> tuple[BookState, CheckpointExtent, bool]:
    rows = [CheckpointRow(*row) for row in await store.fetch("checkpoints")]
    checkpoint_restore.check_chain(rows, *journal)
    mark = rows[-1].extent if rows else NO_CHECKPOINT
    state.ensure_capacity_to_restore(mark.entries, mark.keys, mark.payees)
    for row in rows:
        select = f"select batch, piece, payload from checkpoint_page where batch = {row.batch}"
        pieces = checkpoint_restore.CheckpointPieces(row)
        await store.stream_rows(select, pieces.add_rows)
        await asyncio.to_thread(checkpoint_restore.restore_pages, state, pieces)
    counters = state.book.counters
    counters["entries"], counters["keys"], counters["payees"] = mark.entries, mark.keys, mark.payees
    key_kernel.index_keys(state.book.slots, _seal_view(state.book.keys), 0, mark.keys)
    key_kernel.index_keys(state.book.payee_slots, _seal_view(state.book.payees), 0, mark.payees)
    return state, mark, checkpoint_restore.are_outdated(rows)


def _seal_view(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


async def _load_payees(
    store: PostgresStore, state: BookState, secret: fingerprints.Secret, mark: CheckpointExtent
) -> list[tuple[int, int]]:
    """Payees registered since the checkpoint, and where those are paid now whose details changed since.

    Returns the entries of these changes, each with the digest that it replaced.
    """
    select = "select payee, entry_id, code, name, iban, bic from payee where entry_id > {} order by entry_id"
    rows, texts = decode(NewPayees, await store.read_copy(select.format(mark.entries)), 4)
    if not len(rows.payee):
        return []
    code, bank = (_select_column(texts, place, 4) for place in (0, 2))
    code_fingerprints, digests = (
        fingerprints.fingerprint_payees(code, texts.text, secret),
        fingerprints.digest_ibans(bank, texts.text),
    )
    last = max(mark.payees, int(rows.payee.max()))
    state.ensure_capacity(last - mark.payees)
    table, is_new = state.book.payees, _find_registrations(rows.payee, mark.payees)
    at = rows.payee[is_new] - 1
    table["high"][at], table["low"][at], table["value"][at] = (
        code_fingerprints.high[is_new],
        code_fingerprints.low[is_new],
        at + 1,
    )
    table["content"][at] = digests[is_new]
    key_kernel.index_keys(state.book.payee_slots, _seal_view(table), mark.payees, last)
    state.book.counters["payees"] = last
    state.note_changed_payees(rows.payee[~is_new])
    return _apply_changes(table, rows, (~is_new, digests))


def _find_registrations(payees: NDArray[np.int32], payee_count: int) -> NDArray[np.bool_]:
    """Which rows register a payee: they are numbered in their order."""
    highest_before = np.maximum.accumulate(np.concatenate([[payee_count], payees]))[:-1]
    return payees > highest_before


def _apply_changes(
    table: np.ndarray, rows: NewPayees, changes: tuple[NDArray[np.bool_], NDArray[np.uint64]]
) -> list[tuple[int, int]]:
    """Replace the details of payees, one change after the other; each entry with what it replaced."""
    replaced, (is_change, digests) = [], changes
    for at in np.flatnonzero(is_change).tolist():
        row = int(rows.payee[at]) - 1
        replaced.append((int(rows.entry_id[at]), int(table["content"][row].view(np.int64))))
        table["content"][row] = digests[at]
    return replaced


def _select_column(texts: TextCells, position: int, column_count: int) -> Spans:
    return seal(Spans(*(np.ascontiguousarray(column[position::column_count]) for column in texts.spans)))
