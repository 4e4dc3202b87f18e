"""Where a file is cut: at marks of its own, moved to the next act, so that every reading cuts it alike."""

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from core.act_fields import ACT_LINES_MAX, Field
from ingest.resolution.line_batch import LineBatch
from ingest.validation.decoded_cache import LineSource

BATCH_LINES = 131_072
"""Lines between two marks."""

UNLIMITED_LINES = 2**31
"""More lines than lie between two marks: they are not shared out."""


def cut_segments(source: LineSource, start: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(first line, lines) between the marks of a file, from ``start`` on; each begins with an act."""
    grid = start // BATCH_LINES * BATCH_LINES
    kept: pa.RecordBatch | None = None
    first = start
    for raw in source.read_batches(grid, BATCH_LINES):
        if kept is None:
            kept = raw.slice(start - grid)
            continue
        over = _count_continued_lines(raw)
        whole = kept if over == 0 else concat_unified([kept, raw.slice(0, over)])
        yield first, whole
        first, kept = first + whole.num_rows, raw.slice(over)
    if kept is not None and kept.num_rows:
        yield first, kept


def cut_shares(raw: pa.RecordBatch, lines_limit: Callable[[], int]) -> Iterator[pa.RecordBatch]:
    """The lines between two marks in shares of as many as are asked for each time; each begins with an act."""
    at = 0
    while at < raw.num_rows:
        end = at + lines_limit()
        if end < raw.num_rows:
            end += _count_continued_lines(raw.slice(end))
        yield raw.slice(at, end - at)
        at = end


def _count_continued_lines(raw: pa.RecordBatch) -> int:
    """Lines at the head of ``raw`` that continue the act before it; an act over long is cut, and so refused."""
    line, faults = LineBatch(raw.slice(0, ACT_LINES_MAX + 1)).read_number(Field.LINE)
    starts = np.flatnonzero((line == 1) | ((line == -1) & (faults == 0)))
    return int(starts[0]) if len(starts) else len(line)


def cut_segments_from(source: LineSource, grid: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Segments from the mark of ``grid`` on: where an act lies over the mark, its lines there come with the one before."""
    if grid == 0:
        yield from cut_segments(source, 0)
        return
    head = next(iter(source.read_batches(grid, BATCH_LINES)))
    yield from cut_segments(source, grid + _count_continued_lines(head))


def concat_unified(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """All lines of ``batches`` as one; at least one batch."""
    if len(batches) == 1:
        return batches[0]
    return pa.Table.from_batches(batches).unify_dictionaries().combine_chunks().to_batches()[0]
