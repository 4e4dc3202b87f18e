"""The cuts of files: into segments at marks of their own, moved to the next act, and into pieces that share batches.

No cut changes a decision: that depends on the order of files and acts alone.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from core.act_fields import ACT_LINES_MAX, Field
from ingest.resolution.line_batch import LineBatch
from ingest.validation.decoded_cache import LineSource

BATCH_LINES = 131_072
"""Lines between two marks."""

UNLIMITED_LINES = 2**31
"""More lines than a segment has: it is not shared out."""


def allow_all_lines() -> int:
    """Return a number of lines that no segment has."""
    return UNLIMITED_LINES


class BatchLimits(NamedTuple):
    """The size of batches."""

    pieces: int = 64
    """A batch has at most so many pieces: open files are not in the queue, where they would be counted."""
    lines: int = BATCH_LINES * 3 // 4
    """A batch of several pieces is closed at so many lines."""
    lines_retried: int = BATCH_LINES
    """The acts that a pass presents again come in pieces of at most so many lines, or of one act."""
    choose_lines_max: Callable[[], int] = allow_all_lines
    """Returns how many lines the next batch of first passes may have: the scheduler shares a file out while forms come."""

    def are_reached(self, piece_rows: Sequence[int], lines_max: int = UNLIMITED_LINES) -> bool:
        """Return whether pieces with so many rows fill a batch, which may have ``lines_max`` lines."""
        return len(piece_rows) >= self.pieces or sum(piece_rows) >= min(self.lines, lines_max)


class Segment(NamedTuple):
    """The lines between two marks of a file, and the position of the first, from 0."""

    first_line: int
    raw: pa.RecordBatch


def cut_segments(source: LineSource, start: int) -> Iterator[Segment]:
    """Yield the segments of a file from line ``start`` on; each begins with an act."""
    mark = start // BATCH_LINES * BATCH_LINES
    pending: pa.RecordBatch | None = None
    first_line = start
    for raw in source.read_batches(mark, BATCH_LINES):
        if pending is None:
            pending = raw.slice(start - mark)
            continue
        continued = _count_continued_lines(raw)
        segment = pending if continued == 0 else concat_batches([pending, raw.slice(0, continued)])
        yield Segment(first_line, segment)
        first_line, pending = first_line + segment.num_rows, raw.slice(continued)
    if pending is not None and pending.num_rows:
        yield Segment(first_line, pending)


def cut_shares(raw: pa.RecordBatch, lines_limit: Callable[[], int]) -> Iterator[pa.RecordBatch]:
    """Yield the lines of a segment in shares, each of at most the lines allowed at that time; each begins with an act."""
    start = 0
    while start < raw.num_rows:
        end = start + lines_limit()
        if end < raw.num_rows:
            end += _count_continued_lines(raw.slice(end), raw.num_rows)
        yield raw.slice(start, end - start)
        start = end


def _count_continued_lines(raw: pa.RecordBatch, lines_max: int = ACT_LINES_MAX + 1) -> int:
    """Count the first lines of ``raw`` that continue the act before it.

    After ``lines_max`` lines an act is cut: at a mark of its file it is too long by then, and so refused.
    """
    first = 0
    while first < min(raw.num_rows, lines_max):
        line, faults = LineBatch(raw.slice(first, ACT_LINES_MAX + 1)).read_number(Field.LINE)
        starts = np.flatnonzero((line == 1) | ((line == -1) & (faults == 0)))
        if len(starts):
            return first + int(starts[0])
        first += len(line)
    return first


def cut_segments_from(source: LineSource, mark: int) -> Iterator[Segment]:
    """Yield the segments from a mark on; the lines of an act that spans the mark belong to the segment before."""
    if mark == 0:
        yield from cut_segments(source, 0)
        return
    first_batch = next(iter(source.read_batches(mark, BATCH_LINES)))
    yield from cut_segments(source, mark + _count_continued_lines(first_batch))


def concat_batches(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Return all lines of ``batches``, at least one, as one batch with unified dictionaries."""
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches).unify_dictionaries().combine_chunks().to_batches()[0]
