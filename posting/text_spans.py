"""Columns of texts: byte spans for kernels, Arrow arrays for everything else."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.tables.columns import allocate_zeros, concat_tables, seal, seal_array
from core.tables.journal import Bytes, Spans
from kernels import text_compaction
from posting.pgcopy import TextCells


def take_rows(cells: TextCells, rows: NDArray[np.integer] | slice) -> TextCells:
    """Return the given rows; the bytes are shared, not copied."""
    return TextCells(Spans(cells.spans.start[rows], cells.spans.end[rows]), cells.text)


def compact(cells: TextCells) -> TextCells:
    """Copy the texts into a buffer of their own, one after the other."""
    spans = seal(Spans(*map(np.ascontiguousarray, cells.spans)))
    size = int((spans.end - spans.start).sum(dtype=np.int64))
    compact_spans, buffer = allocate_zeros(Spans, len(spans.start)), np.empty(size, np.uint8)
    text_compaction.gather_texts(spans, Bytes(seal_array(cells.text.data)), compact_spans, buffer)
    return TextCells(seal(compact_spans), seal(Bytes(buffer)))


def concat(parts: Sequence[TextCells]) -> TextCells:
    """Concatenate ``parts``: at least one, each already compact."""
    offsets = np.cumsum([0, *(len(part.text.data) for part in parts)]).astype(np.int32)
    spans = [
        Spans(part.spans.start + offset, part.spans.end + offset)
        for part, offset in zip(parts, offsets, strict=False)
    ]
    return TextCells(seal(concat_tables(spans)), seal(concat_tables([part.text for part in parts])))


def append_empty(cells: TextCells) -> TextCells:
    """Append one empty row: the row that ``find_positions`` points at for a value that is absent."""
    zero = np.zeros(1, np.int32)
    return TextCells(Spans(*(np.concatenate([bound, zero]) for bound in cells.spans)), cells.text)


def find_positions(sorted_values: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the position of each of ``values`` in ``sorted_values``; the length where a value is absent."""
    positions = np.searchsorted(sorted_values, values)
    is_present = np.append(sorted_values, -1)[positions] == values
    return np.where(is_present, positions, len(sorted_values))


def as_arrow(cells: TextCells) -> pa.Array:
    """Return the texts as an Arrow string array."""
    copy = compact(cells)
    offsets = np.append(copy.spans.start, np.int32(len(copy.text.data))).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(copy.text.data)]
    return pa.Array.from_buffers(pa.string(), len(copy.spans.start), buffers)


def is_in(texts: pa.Array, values: Sequence[str]) -> NDArray[np.bool_]:
    """Return whether each text is one of ``values``."""
    options = pc.SetLookupOptions(value_set=pa.array(values, pa.string()))
    return pc.call_function("is_in", [texts], options).to_numpy(zero_copy_only=False)


def truncate(texts: pa.Array, characters_max: int) -> pa.Array:
    """Return the first characters of each text."""
    return pc.call_function("utf8_slice_codeunits", [texts], pc.SliceOptions(0, characters_max))


EMPTY = TextCells(seal(allocate_zeros(Spans, 0)), seal(allocate_zeros(Bytes, 0)))
"""A column without rows."""
