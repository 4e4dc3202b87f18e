"""Checkpoints back into the book: put together piece by piece, and used only when they are whole and unchanged."""

import hashlib
from collections.abc import Sequence
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

OUTDATED_MIN = 8
"""Fewer checkpoints are read as fast as one."""


class CheckpointBlock(NamedTuple):
    """Pages of one array, as they are stored."""

    part: int
    pages: NDArray[np.uint32]
    content: memoryview


class CheckpointPieces:
    """The content of a checkpoint, put together from its COPY rows in whatever order they come."""

    def __init__(self, row: CheckpointRow) -> None:
        """``row`` passed ``check_chain``, which bounds its pieces."""
        self.row = row
        self._content = np.empty((row.pieces, PIECE_BYTES), np.uint8)
        self._is_present = np.zeros(row.pieces, bool)
        self._is_valid = True

    def add_rows(self, rows: bytes) -> None:
        """Put some whole COPY rows where they belong."""
        if len(rows) % PIECE_ROW.itemsize:
            self._is_valid = False
            return
        pieces = np.frombuffer(rows, PIECE_ROW)
        at = pieces["piece"].astype(np.int64)
        is_expected = (pieces["payload_length"] == PIECE_BYTES) & (at >= 0) & (at < self.row.pieces)
        if not is_expected.all() or self._is_present[at].any() or len(np.unique(at)) < len(at):
            self._is_valid = False
            return
        self._content[at], self._is_present[at] = pieces["payload"], True

    def read_content(self) -> NDArray[np.uint8]:
        """The bytes of all pieces in order, once they are known to be those that were stored.

        Raises
        ------
        SchemaMismatch
            They are not.
        """
        row = self.row
        if not row.pieces or not self._is_valid or not self._is_present.all():
            raise _build_error(row, f"its {row.pieces} pieces are not all there")
        if hashlib.sha256(self._content.data).digest() != row.digest:
            raise _build_error(row, "its pieces are not those its digest was made of")
        content = self._content.reshape(-1)
        version, *header = np.frombuffer(content, CHECKPOINT_HEADER, 1)[0].tolist()
        if version != FORMAT_VERSION:
            raise _build_error(row, "another version of Crescendo stored it")
        if tuple(header) != row[:5]:
            raise _build_error(row, "its row is not the one that was stored")
        return content


def restore_pages(state: BookState, pieces: CheckpointPieces) -> None:
    """Put the pages of one checkpoint back in their places.

    Raises
    ------
    SchemaMismatch
        The pieces are not those that were stored, whole and unchanged; ``state`` is as it was.
    """
    for block in read_blocks(pieces):
        size = len(block.pages) * PAGE_BYTES
        content = np.frombuffer(CODEC.decompress(block.content, size), np.uint8)
        view_pages(state, block.part)[block.pages] = content.reshape(len(block.pages), PAGE_BYTES)


def read_blocks(pieces: CheckpointPieces) -> list[CheckpointBlock]:
    """The blocks of one checkpoint, all of it checked.

    Raises
    ------
    SchemaMismatch
        As ``restore``.
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
    raise _build_error(pieces.row, "it has no end")


def check_chain(rows: Sequence[CheckpointRow], batch: int, entries: int) -> None:
    """Be sure that ``rows``, by batch, build upon each other from the first on and end where the journal does or before.

    ``batch`` and ``entries`` are the journal's last.

    Raises
    ------
    SchemaMismatch
        One is missing, or knows of what the journal does not.
    """
    previous = 0
    for row in rows:
        if row.previous != previous:
            raise _build_error(row, f"that of batch {row.previous}, upon which it builds, is not before it")
        is_possible = 0 <= min(row.keys, row.payees) <= max(row.keys, row.payees) <= row.entries
        is_possible = is_possible and 0 <= row.pieces <= _bound_pieces(row)
        if not is_possible or row.batch > batch or row.entries > entries:
            raise _build_error(row, f"it knows of more than the journal, which ends with entry {entries}")
        previous = row.batch


def are_outdated(rows: Sequence[CheckpointRow]) -> bool:
    """Whether ``rows`` hold twice as much as one whole checkpoint in their place would, by what the first of them held.

    Each holds again what changed since the one before, so that a start would read ever more for the same book.
    """
    if len(rows) < OUTDATED_MIN or not rows[0].entries:
        return False
    return sum(row.pieces for row in rows) * rows[0].entries > 2 * rows[0].pieces * rows[-1].entries


def _build_error(row: CheckpointRow, reason: str) -> SchemaMismatch:
    return SchemaMismatch(f"the checkpoint of batch {row.batch} cannot be used: {reason}")


def _bound_pieces(row: CheckpointRow) -> int:
    """Pieces that a checkpoint cannot exceed, if every page there is had changed."""
    pages = (
        row.entries // ITEMS_A_PAGE + 2,
        row.keys // KEYS_A_PAGE + 2,
        row.payees // KEYS_A_PAGE + 2,
    )
    bytes_max = sum(map(bound_packed_bytes, pages)) + CHECKPOINT_HEADER.itemsize + BLOCK_HEADER.itemsize
    return -(-bytes_max // PIECE_BYTES)
