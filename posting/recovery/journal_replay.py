"""Entries behind the last checkpoint, back into the book.

Several connections wrote them at once, so they lie in the journal a batch here and a batch there.  Their ids are dense:
each is put at its place as it comes, and nothing needs sorting.
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
from posting.book.registry import CodeKind, Registry
from posting.pgcopy import HEADER, TRAILER, decode, list_columns
from posting.store.journal_store import PostgresStore

WINDOW_ENTRIES = 1 << 22
"""Entries held at once, some 60 bytes each."""

_FAMILY = np.array([kind.family for kind in CATALOG])
_COLUMNS = ", ".join([*list_columns(Entries), "reference"])


class _Window(NamedTuple):
    """Entries in order of id, and what their keys are found by."""

    first_entry: int
    rows: StoredEntries
    key_fingerprints: Fingerprints
    is_present: NDArray[np.bool_]


async def replay_entries(
    store: PostgresStore, state: BookState, secret: fingerprints.Secret, span: tuple[int, int]
) -> None:
    """Take back the entries behind ``span[0]`` up to ``span[1]``, a stretch at a time, never splitting an act.

    Raises
    ------
    DatabaseUnfit
        An entry is missing from the journal.
    """
    known = await _read_sender_numbers(store, state.registry), secret
    done, last = span
    while done < last:
        stretch = _create_window(done + 1, min(WINDOW_ENTRIES, last - done))
        end = done + len(stretch.is_present)
        select = f"select {_COLUMNS} from entry where entry_id > {done} and entry_id <= {end}"
        await store.stream_rows(select, partial(_place_rows, stretch, known))
        _check_complete(stretch)
        row_count = _count_whole_acts(stretch.key_fingerprints, end == last)
        await asyncio.to_thread(_apply_entries, state, stretch, row_count)
        done += row_count


def _create_window(first: int, count: int) -> _Window:
    rows, key_fingerprints = allocate_zeros(StoredEntries, count), allocate_zeros(Fingerprints, count)
    rows.entry[:] = np.arange(first, first + count)
    return _Window(first, rows, key_fingerprints, np.zeros(count, bool))


def _place_rows(
    stretch: _Window, known: tuple[NDArray[np.int64], fingerprints.Secret], copied_rows: bytes
) -> None:
    """Put the entries of some COPY rows where they belong."""
    senders, secret = known
    rows, texts = decode(Entries, b"".join([HEADER, copied_rows, TRAILER]), 1)
    prefix = fingerprints.build_prefixes(senders[rows.submission], _FAMILY[rows.kind], rows.exercise)
    key_fingerprints = fingerprints.fingerprint_texts(texts.spans, Bytes(texts.text.data), prefix, secret)
    at = rows.entry_id - stretch.first_entry
    stored = rows._replace(content=rows.content.view(np.uint64))
    for name, column in zip(StoredEntries._fields[1:], stretch.rows[1:], strict=True):
        column[at] = getattr(stored, name)
    for column, values in zip(stretch.key_fingerprints, key_fingerprints, strict=True):
        column[at] = values
    stretch.is_present[at] = True


def _check_complete(stretch: _Window) -> None:
    if not stretch.is_present.all():
        missing = stretch.first_entry + int(np.argmin(stretch.is_present))
        raise DatabaseUnfit(
            f"entry {missing} is missing from the journal; crescendo verify tells what else is"
        )


def _count_whole_acts(key_fingerprints: Fingerprints, is_last: bool) -> int:
    """How many rows end with a whole act: the last one may go on behind this stretch."""
    if is_last:
        return len(key_fingerprints.high)
    differs = (key_fingerprints.high[1:] != key_fingerprints.high[:-1]) | (
        key_fingerprints.low[1:] != key_fingerprints.low[:-1]
    )
    return int(np.flatnonzero(differs)[-1]) + 1


def _apply_entries(state: BookState, stretch: _Window, row_count: int) -> None:
    rows = StoredEntries._make(column[:row_count] for column in stretch.rows)
    key_fingerprints = Fingerprints._make(column[:row_count] for column in stretch.key_fingerprints)
    state.ensure_capacity(row_count)
    kernel.replay_entries(seal(rows), seal(key_fingerprints), state.book)
    state.note_changed_pages(rows.predecessor)
    state.note_changed_payees(rows.payee[CHANGES_PAYEE[rows.kind]])


async def _read_sender_numbers(store: PostgresStore, registry: Registry) -> NDArray[np.int64]:
    """The sender's number of each submission; 0 where none was given yet, as none of its lines was taken up."""
    rows = await store.fetch("submission_senders")
    numbers = np.zeros(max((row["submission"] for row in rows), default=0) + 1, np.int64)
    for row in rows:
        numbers[row["submission"]] = registry.numbers[CodeKind.SENDER].get(row["sender"], 0)
    return numbers
