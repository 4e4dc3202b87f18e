"""Columns of texts: as spans of bytes for kernels, as Arrow arrays for everything else."""

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
    """The chosen rows; their bytes stay where they are."""
    return TextCells(Spans(cells.spans.start[rows], cells.spans.end[rows]), cells.text)


def compact(cells: TextCells) -> TextCells:
    """The same texts over bytes of their own, one behind the other."""
    spans = seal(Spans(*map(np.ascontiguousarray, cells.spans)))
    size = int((spans.end - spans.start).sum(dtype=np.int64))
    own, out = allocate_zeros(Spans, len(spans.start)), np.empty(size, np.uint8)
    text_compaction.gather_texts(spans, Bytes(seal_array(cells.text.data)), own, out)
    return TextCells(seal(own), seal(Bytes(out)))


def concat(parts: Sequence[TextCells]) -> TextCells:
    """The rows of all ``parts``, in order; at least one part, each gathered."""
    starts = np.cumsum([0, *(len(part.text.data) for part in parts)]).astype(np.int32)
    moved = [
        Spans(part.spans.start + at, part.spans.end + at) for part, at in zip(parts, starts, strict=False)
    ]
    return TextCells(seal(concat_tables(moved)), seal(concat_tables([part.text for part in parts])))


def append_empty(cells: TextCells) -> TextCells:
    """The same rows and, behind them, an empty one."""
    nothing = np.zeros(1, np.int32)
    return TextCells(Spans(*(np.concatenate([bound, nothing]) for bound in cells.spans)), cells.text)


def find_positions(sorted_values: NDArray[np.int64], values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of ``wanted`` stands among the ascending ``known``; behind them all where it does not."""
    at = np.searchsorted(sorted_values, values)
    found = np.append(sorted_values, -1)[at] == values
    return np.where(found, at, len(sorted_values))


def as_arrow(cells: TextCells) -> pa.Array:
    """As an Arrow column."""
    own = compact(cells)
    offsets = np.append(own.spans.start, np.int32(len(own.text.data))).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(own.text.data)]
    return pa.Array.from_buffers(pa.string(), len(own.spans.start), buffers)


def is_in(texts: pa.Array, values: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each text is one of ``values``."""
    known = pc.SetLookupOptions(value_set=pa.array(values, pa.string()))
    return pc.call_function("is_in", [texts], known).to_numpy(zero_copy_only=False)


def truncate(texts: pa.Array, letters_max: int) -> pa.Array:
    """The first letters of each text."""
    return pc.call_function("utf8_slice_codeunits", [texts], pc.SliceOptions(0, letters_max))


EMPTY = TextCells(seal(allocate_zeros(Spans, 0)), seal(allocate_zeros(Bytes, 0)))
"""A column without rows."""
