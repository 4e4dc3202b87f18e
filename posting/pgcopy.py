"""Tables encoded as PostgreSQL's binary COPY and decoded from it, without a Python object per row.

Only rows with texts need a kernel, so only they import the kernels: a report that reads numbers starts without them.

Source: PostgreSQL manual, COPY, "Binary Format".
"""

from collections.abc import Mapping
from functools import cache
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.errors import SchemaMismatch
from core.tables.columns import allocate_zeros, read_column_kinds, seal
from core.tables.journal import Bytes, Spans
from core.tables.text_cells import TextCells

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
_BIG_ENDIAN: Mapping[str, str] = {"int8": ">i8", "int4": ">i4", "int2": ">i2", "date": ">i4"}
_POSTGRES_EPOCH_DAY = 10957
"""2000-01-01, PostgreSQL's day 0, in days since 1970-01-01."""

Table = TypeVar("Table", bound=NamedTuple)


@cache
def build_row_layout(table: type) -> np.dtype:
    """Return the layout of the fixed part of a COPY row of ``table``; its text columns follow."""
    fields = [("fields", ">i2")]
    for name, kind in read_column_kinds(table).items():
        fields += [(f"{name}_length", ">i4"), (name, _BIG_ENDIAN[kind.postgres])]
    return np.dtype(fields)


@cache
def list_columns(table: type) -> tuple[str, ...]:
    """Return the names of the fixed columns, in order."""
    return tuple(read_column_kinds(table))


class Encoder:
    """Encodes rows of one table; keeps its row buffer, with the lengths filled in, from batch to batch."""

    def __init__(self, table: type, texts: int = 0) -> None:
        self._table, self._texts = table, texts
        self._frame = np.zeros(0, build_row_layout(table))

    def encode(self, rows: NamedTuple, texts: tuple[TextCells, ...] = ()) -> NDArray[np.uint8]:
        """Return the COPY bytes of ``rows``, without header and trailer."""
        count = len(rows[0])
        fixed = self._fill_frame(rows, count)
        if not texts or count == 0:
            return fixed.view(np.uint8).copy()
        cells = _interleave(texts)
        size = (
            fixed.nbytes
            + int((cells.spans.end - cells.spans.start).sum(dtype=np.int64))
            + 4 * count * len(texts)
        )
        from kernels import copy_rows

        out = np.empty(size, np.uint8)
        view = fixed.view(np.uint8)
        view.flags.writeable = False
        copy_rows.append_texts(view, fixed.itemsize, cells.spans, cells.text, out)
        return out

    def _fill_frame(self, rows: NamedTuple, count: int) -> np.ndarray:
        if count > len(self._frame):
            self._frame = self._build_frame(count)
        fixed = self._frame[:count]
        for name, column in zip(list_columns(self._table), rows, strict=True):
            fixed[name] = (
                column - _POSTGRES_EPOCH_DAY
                if read_column_kinds(self._table)[name].postgres == "date"
                else column
            )
        return fixed

    def _build_frame(self, count: int) -> np.ndarray:
        frame = np.zeros(count, self._frame.dtype)
        frame["fields"] = len(list_columns(self._table)) + self._texts
        for name in list_columns(self._table):
            frame[f"{name}_length"] = frame.dtype[name].itemsize
        return frame


def _interleave(texts: tuple[TextCells, ...]) -> TextCells:
    """Interleave text columns: the texts of each row next to each other, over one byte array."""
    if len(texts) == 1:
        return TextCells(seal(Spans(*map(np.ascontiguousarray, texts[0].spans))), texts[0].text)
    count, starts = len(texts[0].spans.start), np.cumsum([0, *(len(cells.text.data) for cells in texts)])
    spans = allocate_zeros(Spans, count * len(texts))
    for place, cells in enumerate(texts):
        spans.start[place :: len(texts)] = cells.spans.start + starts[place]
        spans.end[place :: len(texts)] = cells.spans.end + starts[place]
    return TextCells(seal(spans), seal(Bytes(np.concatenate([cells.text.data for cells in texts]))))


class CopyRows(NamedTuple, Generic[Table]):
    """The rows of a COPY stream, and their texts: those of a row next to each other."""

    rows: Table
    texts: TextCells


def decode(table: type[Table], stream: bytes, texts: int = 0) -> CopyRows[Table]:
    """Decode a whole COPY stream with ``texts`` text columns.

    Raises
    ------
    SchemaMismatch
        The stream does not consist of COPY rows of this table.
    """
    data, shape = np.frombuffer(stream, np.uint8), build_row_layout(table)
    is_stream = data[: len(HEADER)].tobytes() == HEADER and data[-len(TRAILER) :].tobytes() == TRAILER
    body = data[len(HEADER) : -len(TRAILER)]
    if not is_stream or (texts == 0 and len(body) % shape.itemsize):
        raise SchemaMismatch(f"the rows of {table.__name__} are not a binary COPY stream")
    if texts == 0:
        empty = TextCells(seal(allocate_zeros(Spans, 0)), Bytes(body))
        return CopyRows(_build_table(table, body.view(shape)), empty)
    return _decode_with_texts(table, body, texts)


def _decode_with_texts(table: type[Table], body: NDArray[np.uint8], texts: int) -> CopyRows[Table]:
    from kernels import copy_rows

    shape = build_row_layout(table)
    rows_max = len(body) // (shape.itemsize + 4 * texts)
    fixed, spans, count = (
        np.empty(rows_max * shape.itemsize, np.uint8),
        allocate_zeros(Spans, rows_max * texts),
        np.zeros(1, np.int64),
    )
    copy_rows.split_texts(body, shape.itemsize, fixed, spans, count)
    rows, text_count = fixed[: int(count[0]) * shape.itemsize].view(shape), int(count[0]) * texts
    text_spans = seal(Spans(spans.start[:text_count], spans.end[:text_count]))
    return CopyRows(_build_table(table, rows), TextCells(text_spans, Bytes(body)))


def decode_rows(table: type[Table], stream: NDArray[np.uint8]) -> Table:
    """Decode rows that an ``Encoder`` without texts encoded."""
    return _build_table(table, stream.view(build_row_layout(table)))


def _build_table(table: type[Table], rows: np.ndarray) -> Table:
    return table._make(
        _to_native(rows[name], kind.postgres, kind.dtype) for name, kind in read_column_kinds(table).items()
    )


def _to_native(column: np.ndarray, postgres: str, dtype: np.dtype) -> np.ndarray:
    return (column + _POSTGRES_EPOCH_DAY if postgres == "date" else column).astype(dtype)
