"""Restoring of checkpoints: assembled from their pieces, and used only if they are complete and unchanged."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import SchemaMismatch
from posting.book.book_state import ITEMS_A_PAGE, KEYS_A_PAGE, BookState
from posting.book.checkpoint import (
    BLOCK_HEADER,
    CHECKPOINT_HEADER,
    CODEC,
    FORMAT_VERSION,
    PAGE_BYTES,
    PIECE_BYTES,
    PIECE_ROW,
    CheckpointRow,
    bound_packed_bytes,
    view_pages,
)

_THREADS = 2
"""Neither decompression nor a copy needs the interpreter: two cores work, where one would wait for memory most of the time."""

OUTDATED_MIN = 8
"""Fewer checkpoints than this are read as fast as one."""


class CheckpointBlock(NamedTuple):
    """Pages of one array in their stored form."""

    part: int
    pages: NDArray[np.uint32]
    content: memoryview


class CheckpointPieces:
    """The content of a checkpoint, assembled from its COPY rows in any order."""

    def __init__(self, row: CheckpointRow) -> None:
        """Allocate the pieces; ``row`` has passed ``check_chain``, which bounds their number."""
        self.row = row
        self._content = np.empty((row.pieces, PIECE_BYTES), np.uint8)
        self._is_present = np.zeros(row.pieces, bool)
        self._is_valid = True
        self._digest, self._hashed_pieces = hashlib.sha256(), 0
        """Of the first pieces, which are hashed while others come."""

    def add_rows(self, rows: bytes) -> None:
        """Add a chunk of whole COPY rows."""
        if len(rows) % PIECE_ROW.itemsize:
            self._is_valid = False
            return
        pieces = np.frombuffer(rows, PIECE_ROW)
        at = pieces["piece"].astype(np.int64)
        is_expected = (pieces["payload_length"] == PIECE_BYTES) & (at >= 0) & (at < self.row.pieces)
        if not is_expected.all() or self._is_present[at].any() or len(np.unique(at)) < len(at):
            self._is_valid = False
            return
        first, end = int(at[0]) if len(at) else 0, int(at[-1]) + 1 if len(at) else 0
        is_run = np.array_equal(at, np.arange(first, end))
        self._content[slice(first, end) if is_run else at] = pieces["payload"]
        self._is_present[at] = True
        if is_run and first == self._hashed_pieces:
            self._hash_to(end)

    def _hash_to(self, end: int) -> None:
        self._digest.update(self._content[self._hashed_pieces : end].data)
        self._hashed_pieces = end

    def read_content(self) -> NDArray[np.uint8]:
        """Return the bytes of all pieces in order, after checking that they are those that were stored.

        Raises
        ------
        SchemaMismatch
            They are not.
        """
        row = self.row
        if not row.pieces or not self._is_valid or not self._is_present.all():
            raise _build_error(row, f"the {row.pieces} pieces of the checkpoint are not complete")
        self._hash_to(row.pieces)
        if self._digest.digest() != row.digest:
            raise _build_error(row, "the pieces of the checkpoint do not match its digest")
        content = self._content.reshape(-1)
        version, *header = np.frombuffer(content, CHECKPOINT_HEADER, 1)[0].tolist()
        if version != FORMAT_VERSION:
            raise _build_error(row, "another version of Crescendo stored the checkpoint")
        if tuple(header) != row[:6]:
            raise _build_error(row, "the row of the checkpoint was changed")
        return content


def restore_pages(state: BookState, pieces: CheckpointPieces) -> None:
    """Copy the pages of one checkpoint into the book.

    Raises
    ------
    SchemaMismatch
        The pieces are incomplete or were changed; ``state`` is then unchanged.
    """
    blocks = read_blocks(pieces)
    with ThreadPoolExecutor(_THREADS) as threads:
        for _ in threads.map(lambda block: _restore_block(state, block), blocks):
            pass  # an error of a thread is raised here


def _restore_block(state: BookState, block: CheckpointBlock) -> None:
    """Copy the pages of one block; no two blocks of a checkpoint have a page in common."""
    count = len(block.pages)
    content = np.frombuffer(CODEC.decompress(block.content, count * PAGE_BYTES), np.uint8)
    first = int(block.pages[0]) if count else 0
    is_run = np.array_equal(block.pages, np.arange(first, first + count))
    target = view_pages(state, block.part)
    target[slice(first, first + count) if is_run else block.pages] = content.reshape(count, PAGE_BYTES)


def read_blocks(pieces: CheckpointPieces) -> list[CheckpointBlock]:
    """Return the blocks of one checkpoint, after checking all of it.

    Raises
    ------
    SchemaMismatch
        As ``restore_pages``.
    """
    content, blocks, at = memoryview(pieces.read_content().data), [], CHECKPOINT_HEADER.itemsize
    while at + BLOCK_HEADER.itemsize <= len(content):
        part, count, size = np.frombuffer(content, BLOCK_HEADER, 1, at)[0].tolist()
        if not part:
            return blocks
        first, at = at + BLOCK_HEADER.itemsize, at + BLOCK_HEADER.itemsize + 4 * count + size
        if at <= len(content):
            blocks.append(
                CheckpointBlock(part, np.frombuffer(content, "<u4", count, first), content[at - size : at])
            )
    raise _build_error(pieces.row, "the end of the checkpoint is missing")


def check_chain(rows: Sequence[CheckpointRow], batch: int, entries: int) -> None:
    """Check that ``rows``, in order of batch, build on each other and do not exceed the journal.

    ``batch`` and ``entries`` are the journal's last batch and entry.

    Raises
    ------
    SchemaMismatch
        A checkpoint is missing, or covers more than the journal.
    """
    previous = 0
    for row in rows:
        if row.previous != previous:
            raise _build_error(
                row,
                f"the checkpoint of batch {row.previous}, on which this one builds, is not the one before it",
            )
        is_possible = 0 <= min(row.extent[2:]) <= max(row.extent[2:]) <= row.entries
        is_possible = is_possible and 0 <= row.pieces <= _bound_pieces(row)
        if not is_possible or row.batch > batch or row.entries > entries:
            raise _build_error(
                row, f"the checkpoint contains more than the journal, which ends with entry {entries}"
            )
        previous = row.batch


def are_outdated(rows: Sequence[CheckpointRow]) -> bool:
    """Return whether the checkpoints are more than twice as large as one full checkpoint would be, estimated by the first.

    Each contains pages that earlier ones contain too, so a start would read ever more for the same book.
    """
    if len(rows) < OUTDATED_MIN or not rows[0].entries:
        return False
    return sum(row.pieces for row in rows) * rows[0].entries > 2 * rows[0].pieces * rows[-1].entries


def _build_error(row: CheckpointRow, reason: str) -> SchemaMismatch:
    return SchemaMismatch(f"the checkpoint of batch {row.batch} cannot be used: {reason}")


def _bound_pieces(row: CheckpointRow) -> int:
    """Return the most pieces that a checkpoint can have: those of all pages."""
    pages = (
        row.entries // ITEMS_A_PAGE + 2,
        row.keys // KEYS_A_PAGE + 2,
        row.payees // KEYS_A_PAGE + 2,
        row.invoices // KEYS_A_PAGE + 2,
    )
    bytes_max = sum(map(bound_packed_bytes, pages)) + CHECKPOINT_HEADER.itemsize + BLOCK_HEADER.itemsize
    return -(-bytes_max // PIECE_BYTES)
