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
from core.tables.columns import blank, seal
from core.tables.journal import Bytes, Entries, Fingerprints, Replayed
from kernels import replay as kernel
from posting.book import fingerprints
from posting.book.book_state import CHANGES, State
from posting.book.registry import Coded, Registry
from posting.pgcopy import HEADER, TRAILER, columns, decode
from posting.store.journal_store import PostgresStore

STRETCH_ENTRIES = 1 << 22
"""Entries held at once, some 60 bytes each."""

_FAMILY = np.array([kind.family for kind in CATALOG])
_COLUMNS = ", ".join([*columns(Entries), "reference"])


class _Stretch(NamedTuple):
    """Entries in order of id, and what their keys are found by."""

    first: int
    rows: Replayed
    found: Fingerprints
    is_there: NDArray[np.bool_]


async def replay(
    store: PostgresStore, state: State, secret: fingerprints.Secret, span: tuple[int, int]
) -> None:
    """Take back the entries behind ``span[0]`` up to ``span[1]``, a stretch at a time, never splitting an act.

    Raises
    ------
    DatabaseUnfit
        An entry is missing from the journal.
    """
    known = await _senders(store, state.registry), secret
    done, last = span
    while done < last:
        stretch = _nothing(done + 1, min(STRETCH_ENTRIES, last - done))
        end = done + len(stretch.is_there)
        select = f"select {_COLUMNS} from entry where entry_id > {done} and entry_id <= {end}"
        await store.copied(select, partial(_place, stretch, known))
        _check_whole(stretch)
        whole = _whole_acts(stretch.found, end == last)
        await asyncio.to_thread(_take_back, state, stretch, whole)
        done += whole


def _nothing(first: int, count: int) -> _Stretch:
    rows, found = blank(Replayed, count), blank(Fingerprints, count)
    rows.entry[:] = np.arange(first, first + count)
    return _Stretch(first, rows, found, np.zeros(count, bool))


def _place(stretch: _Stretch, known: tuple[NDArray[np.int64], fingerprints.Secret], part: bytes) -> None:
    """Put the entries of some COPY rows where they belong."""
    senders, secret = known
    rows, texts = decode(Entries, b"".join([HEADER, part, TRAILER]), 1)
    prefix = fingerprints.prefixes(senders[rows.submission], _FAMILY[rows.kind], rows.exercise)
    found = fingerprints.fingerprints(texts.spans, Bytes(texts.text.data), prefix, secret)
    at = rows.entry_id - stretch.first
    stored = rows._replace(content=rows.content.view(np.uint64))
    for name, column in zip(Replayed._fields[1:], stretch.rows[1:], strict=True):
        column[at] = getattr(stored, name)
    for column, of_keys in zip(stretch.found, found, strict=True):
        column[at] = of_keys
    stretch.is_there[at] = True


def _check_whole(stretch: _Stretch) -> None:
    if not stretch.is_there.all():
        missing = stretch.first + int(np.argmin(stretch.is_there))
        raise DatabaseUnfit(
            f"entry {missing} is missing from the journal; crescendo verify tells what else is"
        )


def _whole_acts(found: Fingerprints, is_last: bool) -> int:
    """How many rows end with a whole act: the last one may go on behind this stretch."""
    if is_last:
        return len(found.high)
    differs = (found.high[1:] != found.high[:-1]) | (found.low[1:] != found.low[:-1])
    return int(np.flatnonzero(differs)[-1]) + 1


def _take_back(state: State, stretch: _Stretch, whole: int) -> None:
    rows = Replayed._make(column[:whole] for column in stretch.rows)
    found = Fingerprints._make(column[:whole] for column in stretch.found)
    state.make_room(whole)
    kernel.replay(seal(rows), seal(found), state.book)
    state.note_pages(rows.predecessor)
    state.note_payees(rows.payee[CHANGES[rows.kind]])


async def _senders(store: PostgresStore, registry: Registry) -> NDArray[np.int64]:
    """The sender's number of each submission; 0 where none was given yet, as none of its lines was taken up."""
    rows = await store.fetch("submission_senders")
    numbers = np.zeros(max((row["submission"] for row in rows), default=0) + 1, np.int64)
    for row in rows:
        numbers[row["submission"]] = registry.numbers[Coded.SENDER].get(row["sender"], 0)
    return numbers
