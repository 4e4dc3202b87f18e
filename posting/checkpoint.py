"""The book's large arrays by page, so that start-up reads pages rather than the whole journal.

Only pages changed since the last checkpoint are written.  A checkpoint is a convenience: the journal rebuilds it.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from posting.book import ITEMS_A_PAGE, KEYS_A_PAGE, State
from posting.rows import HEADER, TRAILER

PAGE_BYTES = 7680
"""One page of PostgreSQL holds one of ours, beside its row header."""

_PARTS: Mapping[int, tuple[str, int]] = {
    1: ("items", ITEMS_A_PAGE),
    2: ("keys", KEYS_A_PAGE),
    3: ("payees", KEYS_A_PAGE),
}
_PAGE = np.dtype((np.void, PAGE_BYTES))
_PAGE_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("batch_length", ">i4"),
        ("batch", ">i8"),
        ("part_length", ">i4"),
        ("part", ">i2"),
        ("page_length", ">i4"),
        ("page", ">i4"),
        ("payload_length", ">i4"),
        ("payload", _PAGE),
    ]
)


class Mark(NamedTuple):
    """What a checkpoint covers."""

    batch: int
    entries: int
    keys: int
    payees: int


class Snapshot(NamedTuple):
    """Pages as they stood just after a batch, ready to be copied."""

    mark: Mark
    stream: NDArray[np.uint8]


def take(state: State, batch: int, last: Mark) -> Snapshot:
    """Copy every page that changed since ``last``."""
    mark = Mark(batch, state.entries, state.keys, state.payees)
    changed = np.flatnonzero(state.changed_pages)
    pages = {
        1: np.union1d(changed, _pages_between(last.entries + 1, mark.entries + 1, ITEMS_A_PAGE)),
        2: _pages_between(last.keys, mark.keys, KEYS_A_PAGE),
        3: _pages_between(last.payees, mark.payees, KEYS_A_PAGE),
    }
    state.changed_pages[:] = False
    rows, at = np.zeros(sum(map(len, pages.values())), _PAGE_ROW), 0
    for part, numbers in pages.items():
        _fill(rows[at : at + len(numbers)], state, (batch, part), numbers)
        at += len(numbers)
    return Snapshot(mark, rows.view(np.uint8))


def _pages_between(first: int, end: int, rows_a_page: int) -> NDArray[np.int64]:
    """Pages of the rows from ``first`` up to, not including, ``end``."""
    return np.arange(first // rows_a_page, -(-end // rows_a_page)) if end > first else np.zeros(0, np.int64)


def _fill(rows: np.ndarray, state: State, what: tuple[int, int], pages: NDArray[np.int64]) -> None:
    (batch, part), (name, rows_a_page) = what, _PARTS[what[1]]
    rows["fields"], rows["batch"], rows["part"], rows["page"] = 4, batch, part, pages
    rows["batch_length"], rows["part_length"], rows["page_length"], rows["payload_length"] = (
        8,
        2,
        4,
        PAGE_BYTES,
    )
    table = getattr(state.book, name)
    whole = len(table) // rows_a_page
    source = table[: whole * rows_a_page].view(np.uint8).reshape(whole, PAGE_BYTES)
    target = rows.view(np.uint8).reshape(len(rows), _PAGE_ROW.itemsize)[:, -PAGE_BYTES:]
    for row, page in enumerate(
        pages.tolist()
    ):  # a plain copy each: gathering them at once is three times slower
        target[row] = source[page]


def restore(state: State, stream: bytes) -> None:
    """Put the pages of one checkpoint's COPY stream back in their places."""
    rows = np.frombuffer(stream[len(HEADER) : -len(TRAILER)], _PAGE_ROW)
    for part, (name, rows_a_page) in _PARTS.items():
        table = getattr(state.book, name)
        mine = rows[rows["part"] == part]
        whole = len(table) // rows_a_page
        table[: whole * rows_a_page].view(_PAGE)[mine["page"]] = mine["payload"]
