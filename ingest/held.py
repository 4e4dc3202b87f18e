"""The lines of acts that wait: kept in memory while they are few, read again from the spool when not."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ingest.cutting import BATCH_LINES, joined, segments_from
from ingest.inspection import Source
from posting.batch import Piece

KEPT_LINES_MAX = 50_000
"""Lines kept for one submission; beyond, its file is read again for every pass."""

Lines = tuple[pa.RecordBatch, NDArray[np.int32]]


def positions(acts: list[tuple[int, int]]) -> NDArray[np.int32]:
    """Every line of ``acts`` (first line, lines), in order."""
    return np.concatenate([np.arange(line, line + lines, dtype=np.int32) for line, lines in sorted(acts)])


def lines_again(source: Source, wanted: NDArray[np.int32]) -> Iterator[Lines]:
    """The ``wanted`` lines, read from the file."""
    for first, raw in segments_from(source, int(wanted[0]) // BATCH_LINES * BATCH_LINES):
        inside = wanted[(wanted >= first) & (wanted < first + raw.num_rows)]
        if len(inside):
            yield raw.take(pa.array(inside - first)), inside
        if first + raw.num_rows > wanted[-1]:
            return


class KeptLines:
    """What is kept of each submission."""

    def __init__(self) -> None:
        self._parts: dict[int, list[Lines] | None] = {}

    def keep(self, piece: Piece) -> None:
        """Keep the lines of ``piece`` that were held."""
        parts = self._parts.setdefault(piece.submission.number, [])
        held = _held_in(piece)
        if not held or parts is None:
            return
        wanted = positions(held)
        parts.append((piece.raw.take(pa.array(np.searchsorted(piece.lines, wanted))), wanted))
        if sum(len(lines) for _, lines in parts) > KEPT_LINES_MAX:
            self._parts[piece.submission.number] = None

    def lines(self, submission: int, wanted: NDArray[np.int32]) -> Lines | None:
        """The ``wanted`` lines, if all of them are kept."""
        parts = self._parts.get(submission)
        if not parts:
            return None
        lines = np.concatenate([lines for _, lines in parts])
        order = np.argsort(lines, kind="stable")
        at = np.searchsorted(lines[order], wanted)
        if (at >= len(lines)).any() or (lines[order][at] != wanted).any():
            return None
        return joined([raw for raw, _ in parts]).take(pa.array(order[at])), wanted

    def forget(self, submission: int) -> None:
        """The submission is done."""
        self._parts.pop(submission, None)


def _held_in(piece: Piece) -> list[tuple[int, int]]:
    """The acts of ``piece`` that wait now: for this pass or, where it was the last piece of one, for the next."""
    if not len(piece.lines):
        return []
    acts = [*piece.submission.held, *piece.submission.waiting]
    return [act for act in acts if piece.lines[0] <= act[0] <= piece.lines[-1]]
