"""The book's large arrays by page, so that start-up reads pages rather than the whole journal.

Only pages changed since the last checkpoint are written, compressed and cut into pieces that each fill a page of
PostgreSQL.  A checkpoint is a convenience: the journal rebuilds it.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import SchemaMismatch
from posting.book import ITEMS_A_PAGE, KEYS_A_PAGE, State
from posting.rows import HEADER, TRAILER

PAGE_BYTES = 7680
"""A whole number of records of every array."""

PIECE_BYTES = 8064
"""What fits in one page of PostgreSQL beside the headers of the page and the row."""

BLOCK_PAGES = 128
"""Pages compressed together: small enough to stay in the processor's cache."""

_PARTS: Mapping[int, tuple[str, int]] = {
    1: ("items", ITEMS_A_PAGE),
    2: ("keys", KEYS_A_PAGE),
    3: ("payees", KEYS_A_PAGE),
}
_CODEC = pa.Codec("lz4")
_PIECES_AT_ONCE = 64
_PIECE_ROW = np.dtype(
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
_BLOCK = np.dtype([("part", "<u4"), ("pages", "<u4"), ("bytes", "<u4")])
"""What stands before the numbers of a block's pages and their compressed bytes; part 0 ends the checkpoint."""


class Mark(NamedTuple):
    """What a checkpoint covers."""

    batch: int
    entries: int
    keys: int
    payees: int


class Snapshot(NamedTuple):
    """Pages as they stood just after a batch, ready to be copied."""

    mark: Mark
    blocks: list[bytes]
    """Pages packed together, one block behind the other."""

    def rows(self) -> Iterator[NDArray[np.uint8]]:
        """COPY rows, without header and trailer, some at a time; the last is filled up with zeros."""
        waiting, piece, size = bytearray(), 0, _PIECES_AT_ONCE * PIECE_BYTES
        for block in [*self.blocks, bytes(_BLOCK.itemsize)]:
            waiting += block
            while len(waiting) >= size:
                yield _rows(self.mark.batch, piece, waiting[:size])
                del waiting[:size]
                piece += _PIECES_AT_ONCE
        if waiting:
            yield _rows(self.mark.batch, piece, waiting + bytes(-len(waiting) % PIECE_BYTES))


class Block(NamedTuple):
    """Pages of one array, as they are stored."""

    part: int
    pages: NDArray[np.uint32]
    content: memoryview


def take(state: State, batch: int, last: Mark) -> Snapshot:
    """Keep every page that changed since ``last``."""
    mark = Mark(batch, state.entries, state.keys, state.payees)
    changed = np.flatnonzero(state.changed_pages)
    pages = {
        1: np.union1d(changed, _pages_between(last.entries + 1, mark.entries + 1, ITEMS_A_PAGE)),
        2: _pages_between(last.keys, mark.keys, KEYS_A_PAGE),
        3: _pages_between(last.payees, mark.payees, KEYS_A_PAGE),
    }
    state.changed_pages[:] = False
    blocks = [
        _block(state, part, numbers[at : at + BLOCK_PAGES].astype("<u4"))
        for part, numbers in pages.items()
        for at in range(0, len(numbers), BLOCK_PAGES)
    ]
    return Snapshot(mark, blocks)


def _pages_between(first: int, end: int, rows_a_page: int) -> NDArray[np.int64]:
    """Pages of the rows from ``first`` up to, not including, ``end``."""
    return np.arange(first // rows_a_page, -(-end // rows_a_page)) if end > first else np.zeros(0, np.int64)


def _paged(state: State, part: int) -> NDArray[np.uint8]:
    """An array's bytes, a page a row."""
    name, rows_a_page = _PARTS[part]
    table = getattr(state.book, name)
    whole = len(table) // rows_a_page
    return table[: whole * rows_a_page].view(np.uint8).reshape(whole, PAGE_BYTES)


def _block(state: State, part: int, pages: NDArray[np.uint32]) -> bytes:
    first, source = int(pages[0]), _paged(state, part)
    is_run = int(pages[-1]) - first + 1 == len(pages)
    chosen = source[first : first + len(pages)] if is_run else source[pages]
    packed = _CODEC.compress(chosen.reshape(-1), asbytes=True)
    head = np.array([(part, len(pages), len(packed))], _BLOCK)
    return b"".join([head.tobytes(), pages.tobytes(), packed])


def _rows(batch: int, first: int, content: bytearray) -> NDArray[np.uint8]:
    rows = np.empty(len(content) // PIECE_BYTES, _PIECE_ROW)
    rows["fields"], rows["batch"], rows["piece"] = 3, batch, np.arange(first, first + len(rows))
    rows["batch_length"], rows["piece_length"], rows["payload_length"] = 8, 4, PIECE_BYTES
    rows["payload"] = np.frombuffer(content, np.uint8).reshape(-1, PIECE_BYTES)
    return rows.view(np.uint8)


def restore(state: State, stream: bytes) -> None:
    """Put the pages of one checkpoint's COPY stream back in their places.

    Raises
    ------
    SchemaMismatch
        The pieces are not those of a whole checkpoint.
    """
    for block in blocks(stream):
        size = len(block.pages) * PAGE_BYTES
        content = np.frombuffer(_CODEC.decompress(block.content, size), np.uint8)
        _paged(state, block.part)[block.pages] = content.reshape(len(block.pages), PAGE_BYTES)


def blocks(stream: bytes) -> Iterator[Block]:
    """The blocks of one checkpoint's COPY stream."""
    stored, at = memoryview(_content(stream).data), 0
    while part := int(np.frombuffer(stored, _BLOCK, 1, at)[0]["part"]):
        _, count, size = np.frombuffer(stored, _BLOCK, 1, at)[0].tolist()
        at += _BLOCK.itemsize
        pages = np.frombuffer(stored, "<u4", count, at)
        at += pages.nbytes
        yield Block(part, pages, stored[at : at + size])
        at += size


def _content(stream: bytes) -> NDArray[np.uint8]:
    rows = np.frombuffer(stream[len(HEADER) : -len(TRAILER)], _PIECE_ROW)
    order = np.argsort(rows["piece"], kind="stable")
    if not len(rows) or (rows["piece"][order] != np.arange(len(rows))).any():
        raise SchemaMismatch("a checkpoint misses pieces; delete it, and the journal is read instead")
    return rows["payload"][order].reshape(-1)
