"""Checkpoints: the book's large arrays by page, so that a start reads pages rather than the whole journal.

Only the pages changed since the last checkpoint are written, compressed and split into pieces that each fill a page of
PostgreSQL.  A checkpoint only saves time: the journal contains the same facts, and an incomplete checkpoint is not used.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from posting.book.book_state import ITEMS_A_PAGE, KEYS_A_PAGE, BookState
from posting.book.reserved_memory import copy_to_own_memory

PAGE_BYTES = 7680
"""A whole number of records of every array."""

PIECE_BYTES = 8064
"""What fits in one page of PostgreSQL besides the headers of the page and the row."""

BLOCK_PAGES = 128
"""Pages compressed together; small enough to stay in the processor's cache."""

_ARRAYS: Mapping[int, tuple[str, int]] = {
    1: ("items", ITEMS_A_PAGE),
    2: ("keys", KEYS_A_PAGE),
    3: ("payees", KEYS_A_PAGE),
    4: ("invoices", KEYS_A_PAGE),
}
CODEC = pa.Codec("lz4")
_CODEC_BYTES_MAX = BLOCK_PAGES * PAGE_BYTES + BLOCK_PAGES * PAGE_BYTES // 255 + 16
"""The largest compressed size of a block, by LZ4's own bound."""

_PIECES_PER_CHUNK = 64
PIECE_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("batch_length", ">i4"),
        ("batch", ">i8"),
        ("piece_length", ">i4"),
        ("piece", ">i4"),
        ("payload_length", ">i4"),
        ("payload", (np.uint8, PIECE_BYTES)),
    ]
)
BLOCK_HEADER = np.dtype([("part", "<u4"), ("pages", "<u4"), ("bytes", "<u4")])
"""The header of a block, before its page numbers and compressed bytes; part 0 ends the checkpoint."""

CHECKPOINT_HEADER = np.dtype(
    [(name, "<i8") for name in ("meaning", "batch", "entries", "keys", "payees", "invoices", "previous")]
)
"""The header of a checkpoint: it makes the digest cover the checkpoint's row as well."""

FORMAT_VERSION = -10
"""The version of the records in the pages; another one is not used.  Version -9 did not note in ``OpenItems.advanced`` of a
receipt that is identified on suspense the day of the credit, on which it counts."""


class CheckpointExtent(NamedTuple):
    """How far a checkpoint covers the journal."""

    batch: int
    entries: int
    keys: int
    payees: int
    invoices: int


NO_CHECKPOINT = CheckpointExtent(0, 0, 0, 0, 0)
"""The extent of a book without checkpoints."""


class CheckpointRow(NamedTuple):
    """A checkpoint's row: its extent, the checkpoint it builds on, and the number and digest of its pieces."""

    batch: int
    entries: int
    keys: int
    payees: int
    invoices: int
    previous: int
    """Batch of the previous checkpoint; 0 for the first."""
    pieces: int
    digest: bytes
    """SHA-256 of all pieces in order."""

    @property
    def extent(self) -> CheckpointExtent:
        """Its extent."""
        return CheckpointExtent(*self[:5])


@dataclass(slots=True)
class CheckpointSnapshot:
    """The changed pages just after a batch, ready to be copied."""

    extent: CheckpointExtent
    previous: int
    """Batch of the previous checkpoint; 0 for the first."""
    blocks: list[memoryview]
    """Compressed blocks of pages, in order."""
    _pieces: int = 0
    _digest: Any = field(default_factory=hashlib.sha256)

    def encode_rows(self) -> Iterator[NDArray[np.uint8]]:
        """Yield COPY rows, without header and trailer, a chunk at a time; the last piece is filled up with zeros."""
        self._pieces, self._digest = 0, hashlib.sha256()
        waiting, size = bytearray(), _PIECES_PER_CHUNK * PIECE_BYTES
        head = np.array([(FORMAT_VERSION, *self.extent, self.previous)], CHECKPOINT_HEADER).tobytes()
        for block in [head, *self.blocks, bytes(BLOCK_HEADER.itemsize)]:
            waiting += block
            while len(waiting) >= size:
                yield self._encode_next(waiting[:size])
                del waiting[:size]
        if waiting:
            yield self._encode_next(waiting + bytes(-len(waiting) % PIECE_BYTES))

    def _encode_next(self, content: bytearray) -> NDArray[np.uint8]:
        rows = _encode_rows(self.extent.batch, self._pieces, content)
        self._digest.update(content)
        self._pieces += len(content) // PIECE_BYTES
        return rows

    def build_row(self) -> CheckpointRow:
        """Return its row; call it after ``encode_rows`` is exhausted."""
        return CheckpointRow(*self.extent, self.previous, self._pieces, self._digest.digest())


def take_snapshot(state: BookState, batch: int, last: CheckpointExtent) -> CheckpointSnapshot:
    """Copy every page that changed since the checkpoint ``last``."""
    extent = CheckpointExtent(batch, state.entries, state.keys, state.payees, state.invoices)
    changed = np.flatnonzero(state.changed_pages)
    pages = {
        1: np.union1d(changed, _list_pages(last.entries + 1, extent.entries + 1, ITEMS_A_PAGE)),
        2: _list_pages(last.keys, extent.keys, KEYS_A_PAGE),
        3: np.union1d(
            np.array(sorted(state.changed_payee_pages), np.int64),
            _list_pages(last.payees, extent.payees, KEYS_A_PAGE),
        ),
        4: _list_pages(last.invoices, extent.invoices, KEYS_A_PAGE),
    }
    state.changed_pages[:] = False
    state.changed_payee_pages.clear()
    packed = (
        _encode_block(state, part, numbers[at : at + BLOCK_PAGES].astype("<u4"))
        for part, numbers in pages.items()
        for at in range(0, len(numbers), BLOCK_PAGES)
    )
    bytes_max = sum(bound_packed_bytes(len(numbers)) for numbers in pages.values())
    return CheckpointSnapshot(extent, last.batch, copy_to_own_memory(packed, bytes_max))


def bound_packed_bytes(pages: int) -> int:
    """Return the most bytes that the blocks of so many pages can take, if nothing can be compressed."""
    blocks = -(-pages // BLOCK_PAGES)
    block_bytes_max = _CODEC_BYTES_MAX + BLOCK_PAGES * np.dtype("<u4").itemsize + BLOCK_HEADER.itemsize
    return blocks * block_bytes_max


def _list_pages(first: int, end: int, rows_a_page: int) -> NDArray[np.int64]:
    """Return the pages of the rows from ``first`` up to, not including, ``end``."""
    return np.arange(first // rows_a_page, -(-end // rows_a_page)) if end > first else np.zeros(0, np.int64)


def view_pages(state: BookState, part: int) -> NDArray[np.uint8]:
    """Return an array's bytes as a table with a page per row."""
    name, rows_a_page = _ARRAYS[part]
    table = getattr(state.book, name)
    page_count = len(table) // rows_a_page
    return table[: page_count * rows_a_page].view(np.uint8).reshape(page_count, PAGE_BYTES)


def _encode_block(state: BookState, part: int, pages: NDArray[np.uint32]) -> bytes:
    first, source = int(pages[0]), view_pages(state, part)
    is_contiguous = int(pages[-1]) - first + 1 == len(pages)
    content = source[first : first + len(pages)] if is_contiguous else source[pages]
    packed = CODEC.compress(content.reshape(-1), asbytes=True)
    head = np.array([(part, len(pages), len(packed))], BLOCK_HEADER)
    return b"".join([head.tobytes(), pages.tobytes(), packed])


def _encode_rows(batch: int, first: int, content: bytearray) -> NDArray[np.uint8]:
    rows = np.empty(len(content) // PIECE_BYTES, PIECE_ROW)
    rows["fields"], rows["batch"], rows["piece"] = 3, batch, np.arange(first, first + len(rows))
    rows["batch_length"], rows["piece_length"], rows["payload_length"] = 8, 4, PIECE_BYTES
    rows["payload"] = np.frombuffer(content, np.uint8).reshape(-1, PIECE_BYTES)
    return rows.view(np.uint8)
