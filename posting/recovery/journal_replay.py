"""Replay of the entries after the last checkpoint into the book.

Several connections wrote them at the same time, so the batches are not stored in order.  Their ids are dense: each entry is
placed by its id as it arrives, without sorting.
"""

import asyncio
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.errors import DatabaseUnfit
from core.tables.columns import allocate_zeros, seal
from core.tables.journal import Bytes, Entries, Fingerprints, StoredEntries
from kernels import replay as kernel
from posting.book import fingerprints
from posting.book.book_state import CHANGES_PAYEE, BookState
from posting.book.code_numbers import CodeKind
from posting.book.registry import Registry
from posting.pgcopy import HEADER, TRAILER, decode, list_columns
from posting.store.journal_store import PostgresStore

WINDOW_ENTRIES = 1 << 22
"""Entries in memory at the same time, about 60 bytes each."""

_FAMILY = np.array([kind.family for kind in CATALOG])
_CARRIES = np.array([kind.carries for kind in CATALOG])
_COLUMNS = ", ".join([*list_columns(Entries), "reference"])


class _Window(NamedTuple):
    """Consecutive entries in order of id, and the fingerprints of their keys."""

    first_entry: int
    rows: StoredEntries
    key_fingerprints: Fingerprints
    is_present: NDArray[np.bool_]


async def replay_entries(
    store: PostgresStore, state: BookState, secret: fingerprints.Secret, *, after: int, last: int
) -> None:
    """Replay the entries after ``after`` up to ``last``, a window at a time, without splitting an act.

    Raises
    ------
    DatabaseUnfit
        An entry is missing from the journal.
    """
    senders, done = await _read_sender_numbers(store, state.registry), after
    while done < last:
        window = _create_window(done + 1, min(WINDOW_ENTRIES, last - done))
        end = done + len(window.is_present)
        select = f"select {_COLUMNS} from entry where entry_id > {done} and entry_id <= {end}"
        await store.stream_rows(select, partial(_place_rows, window, senders=senders, secret=secret))
        _check_complete(window)
        row_count = _count_whole_acts(window.key_fingerprints, end == last)
        await asyncio.to_thread(_apply_entries, state, window, row_count)
        done += row_count


def _create_window(first: int, count: int) -> _Window:
    rows, key_fingerprints = allocate_zeros(StoredEntries, count), allocate_zeros(Fingerprints, count)
    rows.entry[:] = np.arange(first, first + count)
    return _Window(first, rows, key_fingerprints, np.zeros(count, bool))


def _place_rows(
    window: _Window, copied_rows: bytes, *, senders: NDArray[np.int64], secret: fingerprints.Secret
) -> None:
    """Place the entries of some COPY rows by their ids."""
    rows, texts = decode(Entries, b"".join([HEADER, copied_rows, TRAILER]), 1)
    owners = np.where(_CARRIES[rows.kind], rows.source, senders[rows.submission])
    prefix = fingerprints.build_prefixes(owners, _FAMILY[rows.kind], rows.exercise)
    key_fingerprints = fingerprints.fingerprint_texts(
        texts.spans, Bytes(texts.text.data), prefix, secret=secret
    )
    at = rows.entry_id - window.first_entry
    stored = rows._replace(content=rows.content.view(np.uint64))
    for name, column in zip(StoredEntries._fields[1:], window.rows[1:], strict=True):
        column[at] = getattr(stored, name)
    for column, values in zip(window.key_fingerprints, key_fingerprints, strict=True):
        column[at] = values
    window.is_present[at] = True


def _check_complete(window: _Window) -> None:
    if not window.is_present.all():
        missing = window.first_entry + int(np.argmin(window.is_present))
        raise DatabaseUnfit(
            f"entry {missing} is missing from the journal; crescendo verify lists all that is missing"
        )


def _count_whole_acts(key_fingerprints: Fingerprints, is_last: bool) -> int:
    """Return the number of rows up to the end of the last complete act: the last act may continue after the window."""
    if is_last:
        return len(key_fingerprints.high)
    differs = (key_fingerprints.high[1:] != key_fingerprints.high[:-1]) | (
        key_fingerprints.low[1:] != key_fingerprints.low[:-1]
    )
    return int(np.flatnonzero(differs)[-1]) + 1


def _apply_entries(state: BookState, window: _Window, row_count: int) -> None:
    rows = StoredEntries._make(column[:row_count] for column in window.rows)
    key_fingerprints = Fingerprints._make(column[:row_count] for column in window.key_fingerprints)
    state.ensure_capacity(row_count)
    kernel.replay_entries(seal(rows), seal(key_fingerprints), state.book)
    state.note_changed_pages(rows.predecessor)
    state.note_changed_payees(rows.payee[CHANGES_PAYEE[rows.kind]])


async def _read_sender_numbers(store: PostgresStore, registry: Registry) -> NDArray[np.int64]:
    """Return the sender's number of each submission; 0 if the sender has no number yet, as no line of it was decided."""
    rows = await store.fetch("submission_senders")
    numbers = np.zeros(max((row["submission"] for row in rows), default=0) + 1, np.int64)
    for row in rows:
        numbers[row["submission"]] = registry.numbers[CodeKind.SENDER].get(row["sender"], 0)
    return numbers
