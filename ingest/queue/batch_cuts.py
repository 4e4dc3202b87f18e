"""The cuts of a file into segments: at marks of its own, moved to the next act, so that every reading cuts alike."""

from collections.abc import Callable, Iterator
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
        segment = pending if continued == 0 else concat_unified([pending, raw.slice(0, continued)])
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
            end += _count_continued_lines(raw.slice(end))
        yield raw.slice(start, end - start)
        start = end


def _count_continued_lines(raw: pa.RecordBatch) -> int:
    """Count the first lines of ``raw`` that continue the act before it; an act that is too long is cut, and so refused."""
    line, faults = LineBatch(raw.slice(0, ACT_LINES_MAX + 1)).read_number(Field.LINE)
    starts = np.flatnonzero((line == 1) | ((line == -1) & (faults == 0)))
    return int(starts[0]) if len(starts) else len(line)


def cut_segments_from(source: LineSource, mark: int) -> Iterator[Segment]:
    """Yield the segments from a mark on; the lines of an act that spans the mark belong to the segment before."""
    if mark == 0:
        yield from cut_segments(source, 0)
        return
    first_batch = next(iter(source.read_batches(mark, BATCH_LINES)))
    yield from cut_segments(source, mark + _count_continued_lines(first_batch))


def concat_unified(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Return all lines of ``batches``, at least one, as one batch with unified dictionaries."""
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches).unify_dictionaries().combine_chunks().to_batches()[0]
