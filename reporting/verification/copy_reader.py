"""Reader of PostgreSQL's binary COPY, written from the definition of the format alone.

A tuple is the number of its columns (16 bits), then for each column its length (32 bits) and its bytes, all
big-endian.  Dates count days from 2000-01-01.  Source: PostgreSQL manual, COPY, "Binary Format".
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import SchemaMismatch
from core.tables.columns import ColumnKind, read_column_kinds
from core.tables.decree_balances import DecreeBalances
from core.tables.document_ranges import DocumentRanges
from core.tables.frozen_balances import FrozenBalances
from core.tables.journal import (
    AccountBalances,
    Duplicates,
    Entries,
    NewCells,
    NewPayees,
    NodeBalances,
    Refusals,
    RequestPages,
)
from core.tables.special_balances import SpecialBalances
from core.tables.title_balances import TitleBalances
from core.tables.withdrawn_balances import WithdrawnBalances

_HEADER_BYTES, _TRAILER_BYTES, _LENGTH_BYTES = 19, 2, 4
_BIG_ENDIAN: Mapping[str, str] = {"int8": ">i8", "int4": ">i4", "int2": ">i2", "date": ">i4"}
_DAYS_TO_2000 = 10957
_ONLY_HASHED = frozenset({"content"})
"""Columns that only the hash checks."""


class StoredTable(NamedTuple):
    """A table to read: its fixed columns, the text or binary columns after them, and how its rows are ordered and found."""

    name: str
    columns: type
    texts: tuple[str, ...]
    order: str
    key: str
    """The column that assigns a row to a batch: the batch itself, or the entry."""
    count_column: str = ""
    """The column of ``batch`` with the number of rows."""
    text_type: pa.DataType = pa.string()
    """The type of the columns after the fixed ones."""

    @property
    def column_names(self) -> list[str]:
        """The names of all columns, in the order of the table."""
        return [*read_column_kinds(self.columns), *self.texts]

    def build_schema(self) -> pa.Schema:
        """Return the Arrow schema, with a batch column in front if the table has none."""
        types = {name: _to_arrow_type(kind.postgres) for name, kind in self.compared_columns.items()}
        fields = [*types.items(), *((name, self.text_type) for name in self.texts)]
        return pa.schema(fields if "batch" in types else [("batch", pa.int64()), *fields])

    @property
    def compared_columns(self) -> dict[str, ColumnKind]:
        """The fixed columns that the checks need."""
        return {
            name: kind for name, kind in read_column_kinds(self.columns).items() if name not in _ONLY_HASHED
        }


ENTRY = StoredTable("entry", Entries, ("reference",), "entry_id", "entry_id", "entries")
PAGES = StoredTable(
    "request_detail", RequestPages, ("page",), "entry_id", "entry_id", "request_pages", pa.binary()
)
REFUSAL = StoredTable(
    "refusal", Refusals, ("reference", "found"), "batch, position, line", "batch", "refusals"
)
HASHED_TABLES = (
    ENTRY,
    REFUSAL,
    StoredTable("duplicate", Duplicates, (), "batch, position", "batch", "duplicates"),
    StoredTable("payee", NewPayees, ("code", "name", "iban", "bic"), "entry_id", "entry_id", "payees"),
    StoredTable("cell", NewCells, (), "batch, cell", "batch", "cells"),
    PAGES,
)
"""The tables whose rows a batch's hash covers, in this order."""

DOCUMENT_RANGES = StoredTable(
    "document_range",
    DocumentRanges,
    ("starts",),
    "batch, exercise, accountant, journal",
    "batch",
    text_type=pa.binary(),
)
BALANCES = (
    StoredTable("node_balance", NodeBalances, (), "batch, node", "batch"),
    StoredTable("frozen_balance", FrozenBalances, (), "batch, node", "batch"),
    StoredTable("title_balance", TitleBalances, (), "batch, budget_year, programme, title", "batch"),
    StoredTable("withdrawn_balance", WithdrawnBalances, (), "batch, node", "batch"),
    StoredTable("decree_balance", DecreeBalances, (), "batch, node, measure", "batch"),
    StoredTable("special_balance", SpecialBalances, (), "batch, budget_year, programme", "batch"),
    StoredTable("account_balance", AccountBalances, (), "batch, period, accountant, account", "batch"),
    DOCUMENT_RANGES,
)


class TableRows(NamedTuple):
    """The tuples of one table as they were read, and where each starts."""

    table: StoredTable
    body: memoryview
    starts: NDArray[np.int64]

    def read_keys(self) -> NDArray[np.int64]:
        """Return the key that assigns each row to a batch."""
        return self._read_column(self.table.key).astype(np.int64)

    def slice_bytes(self, first: int, end: int) -> memoryview:
        """Return the bytes of the rows ``first`` up to, not including, ``end``."""
        bounds = (
            [*self.starts[[first]].tolist(), *self.starts[end : end + 1].tolist()] if first < end else [0, 0]
        )
        return self.body[bounds[0] : bounds[1] if len(bounds) > 1 else len(self.body)]

    def to_arrow(self) -> pa.Table:
        """Return the columns that the checks need."""
        fixed = (
            _view_overlapping(self.body, _build_layout(self.table.columns))[self.starts]
            if len(self.starts)
            else None
        )
        columns: dict[str, pa.Array] = {}
        for name, kind in self.table.compared_columns.items():
            values = np.zeros(0, ">i8") if fixed is None else fixed[name]
            columns[name] = _to_array(values, kind.postgres)
        at = self.starts + _build_layout(self.table.columns).itemsize
        for name in self.table.texts:
            columns[name], at = _read_texts(self.body, at, self.table.text_type)
        return pa.table(columns)

    def _read_column(self, name: str) -> np.ndarray:
        if not len(self.starts):
            return np.zeros(0, np.int64)
        return _view_overlapping(self.body, _build_layout(self.table.columns))[name][self.starts]


def strip_envelope(stream: bytes) -> memoryview:
    """Return the tuples of a COPY stream, without its header and trailer."""
    return memoryview(stream)[_HEADER_BYTES : len(stream) - _TRAILER_BYTES]


def parse_rows(table: StoredTable, stream: bytes) -> TableRows:
    """Parse a whole COPY stream.

    Raises
    ------
    SchemaMismatch
        The stream does not consist of rows of that table.
    """
    body = strip_envelope(stream)
    fixed, texts = _build_layout(table.columns).itemsize, len(table.texts)
    if texts:
        starts, end = _find_row_starts(body, table)
    else:
        starts, end = np.arange(0, len(body), fixed), -(-len(body) // fixed) * fixed
    if end != len(body):
        raise SchemaMismatch(f"the rows of {table.name} do not have the columns of this version")
    return TableRows(table, body, np.asarray(starts, np.int64))


def _find_row_starts(body: memoryview, table: StoredTable) -> tuple[NDArray[np.int64], int]:
    """Return where each row starts, and where the last one ends.

    A row begins with the number of its columns, and their lengths follow at known distances.  Where these stand is looked for
    in all rows at once, and each place is proven: the row that begins there ends where the next one begins.  If one does not,
    because a text contains such bytes or a row is damaged, the rows are followed one by one.
    """
    starts = _list_candidates(body, table)
    if len(starts) and starts[0] == 0:
        ends = _find_row_ends(body, starts, table)
        if np.array_equal(ends[:-1], starts[1:]):
            return starts, int(ends[-1])
    followed, end = _follow_rows(body, _build_layout(table.columns).itemsize, len(table.texts))
    return np.asarray(followed, np.int64), end


def _list_candidates(body: memoryview, table: StoredTable) -> NDArray[np.int64]:
    """Return the places at which a row may begin, ascending; one may lie within a row.

    The lengths of columns that are not as long as the one beside them tell a row from all else but a text.
    """
    layout, data = _build_layout(table.columns), np.frombuffer(body, np.uint8)
    head = len(table.column_names).to_bytes(2, "big")
    starts = np.flatnonzero(data[1 : max(len(data) - layout.itemsize + 2, 1)] == head[1])
    starts = starts[data[starts] == head[0]]
    lengths = {name: _measure_column(kind) for name, kind in read_column_kinds(table.columns).items()}
    sizes = [0, *lengths.values(), 0]
    for place, (name, length) in enumerate(lengths.items()):
        if len(starts) and not sizes[place] == length == sizes[place + 2]:
            sizes_there = _view_overlapping(body[_find_offset(layout, name) :], np.dtype(">i4"))
            starts = starts[sizes_there[starts] == length]
    return starts


def _measure_column(kind: ColumnKind) -> int:
    return np.dtype(_BIG_ENDIAN[kind.postgres]).itemsize


def _find_offset(layout: np.dtype, column: str) -> int:
    fields: Any = layout.fields
    return int(fields[f"{column} length"][1])


def _find_row_ends(body: memoryview, starts: NDArray[np.int64], table: StoredTable) -> NDArray[np.int64]:
    """Return where the row that begins at each place ends, by the lengths of its texts; -1 if one leads beyond the end."""
    at = starts + _build_layout(table.columns).itemsize
    for _ in table.texts:
        is_inside = at <= len(body) - _LENGTH_BYTES
        if not is_inside.all():
            return np.full(len(starts), -1)
        at = at + _LENGTH_BYTES + _view_overlapping(body, np.dtype(">i4"))[at]
    return at


def _follow_rows(body: memoryview, fixed: int, texts: int) -> tuple[list[int], int]:
    """Return where each row starts, and where the last one ends, by following the lengths of its columns."""
    at, end, starts, number = 0, len(body), [], int.from_bytes
    while at < end:
        starts.append(at)
        at += fixed
        for _ in range(texts):
            at += _LENGTH_BYTES + number(body[at : at + _LENGTH_BYTES], "big")
    return starts, at


@cache
def _build_layout(table: type) -> np.dtype:
    """Return the layout of the fixed columns of a tuple and of their lengths."""
    fields = [("columns", ">i2")]
    for name, kind in read_column_kinds(table).items():
        fields += [(f"{name} length", ">i4"), (name, _BIG_ENDIAN[kind.postgres])]
    return np.dtype(fields)


def _view_overlapping(body: memoryview, shape: np.dtype) -> np.ndarray:
    """View a record at every byte, so that selecting rows by their starts copies each row once."""
    return np.ndarray((len(body) - shape.itemsize + 1,), shape, body, strides=(1,))


def _to_arrow_type(postgres: str) -> pa.DataType:
    return {"int8": pa.int64(), "int4": pa.int32(), "int2": pa.int16(), "date": pa.date32()}[postgres]


def _to_array(values: np.ndarray, postgres: str) -> pa.Array:
    if postgres == "date":
        return pa.array(values.astype(np.int32) + _DAYS_TO_2000, pa.int32()).cast(pa.date32())
    return pa.array(values.astype(_BIG_ENDIAN[postgres].replace(">", "=")), _to_arrow_type(postgres))


def _read_texts(
    body: memoryview, at: NDArray[np.int64], text_type: pa.DataType
) -> tuple[pa.Array, NDArray[np.int64]]:
    """Read the texts whose lengths are at ``at``; return them and the positions of the next column."""
    if not len(at):
        return pa.array([], text_type), at
    lengths = _view_overlapping(body, np.dtype(">i4"))[at].astype(np.int64)
    starts, ends = at + _LENGTH_BYTES, np.cumsum(lengths)
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    data = _copy_texts(body, starts, lengths)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(text_type, len(at), buffers), starts + lengths


def _copy_texts(body: memoryview, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the texts one behind the other; texts of one length, as most references are, are copied as records."""
    if len(lengths) and (lengths == lengths[0]).all() and lengths[0]:
        return _view_overlapping(body, np.dtype((np.void, int(lengths[0]))))[starts].view(np.uint8)
    ends = np.cumsum(lengths)
    picked = np.arange(ends[-1]) + np.repeat(starts - (ends - lengths), lengths)
    return np.frombuffer(body, np.uint8)[picked]
