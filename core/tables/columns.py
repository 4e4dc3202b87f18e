"""Column kinds: the one place that ties a unit to an Arrow type, a NumPy dtype and a PostgreSQL type.

A table is a ``NamedTuple`` whose fields are kinds.  That one class determines its Arrow schema (here), its kernel signature
(``kernels.jit``) and its row in a COPY stream (``kernels.copy_rows``).  Tables have two layouts.  *Columns*: one array per
field, for tables that are read in order and exchanged with Arrow.  *Records*: one structured array, for tables with random
access: a row is one cache line, and a kernel takes one argument.  Either layout is writable while it is filled, then
*sealed* (read-only).
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_type_hints

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """The kind of a column: its Arrow, NumPy and PostgreSQL types, its unit, and its values per row."""

    arrow: pa.DataType
    dtype: np.dtype
    postgres: str
    unit: str
    width: int = 1


def _build_kind(arrow: pa.DataType, dtype: type, postgres: str, *, unit: str) -> ColumnKind:
    return ColumnKind(arrow, np.dtype(dtype), postgres, unit)


Byte = Annotated[NDArray[np.uint8], _build_kind(pa.uint8(), np.uint8, "bytea", unit="byte")]
Code = Annotated[NDArray[np.uint8], _build_kind(pa.uint8(), np.uint8, "int2", unit="member of an enum")]
Small = Annotated[NDArray[np.int16], _build_kind(pa.int16(), np.int16, "int2", unit="small number")]
ShortDay = Annotated[
    NDArray[np.uint16], _build_kind(pa.uint16(), np.uint16, "int4", unit="days since 1970-01-01; 0 is none")
]
Index = Annotated[NDArray[np.int32], _build_kind(pa.int32(), np.int32, "int4", unit="position in a table")]
Position = Annotated[
    NDArray[np.uint32], _build_kind(pa.uint32(), np.uint32, "int8", unit="entry id, in memory")
]
Entry = Annotated[NDArray[np.int64], _build_kind(pa.int64(), np.int64, "int8", unit="entry id; 0 is none")]
Day = Annotated[NDArray[np.int32], _build_kind(pa.date32(), np.int32, "date", unit="days since 1970-01-01")]
Offset = Annotated[
    NDArray[np.int64], _build_kind(pa.int64(), np.int64, "int8", unit="bytes, or rows of a document")
]
Money = Annotated[NDArray[np.int64], _build_kind(pa.int64(), np.int64, "int8", unit="cents")]
Count = Annotated[NDArray[np.int64], _build_kind(pa.int64(), np.int64, "int8", unit="number")]
Hash64 = Annotated[NDArray[np.uint64], _build_kind(pa.uint64(), np.uint64, "int8", unit="64 bits of a hash")]
Hash32 = Annotated[NDArray[np.uint32], _build_kind(pa.uint32(), np.uint32, "int8", unit="32 bits of a hash")]
Digest = Annotated[
    NDArray[np.int64], _build_kind(pa.int64(), np.int64, "int8", unit="64 bits of a hash, signed")
]
Balance = Annotated[
    NDArray[np.int64], ColumnKind(pa.list_(pa.int64(), 8), np.dtype(np.int64), "int8[]", "cents", 8)
]

Records = np.ndarray[Any, np.dtype[Any]]
"""Records of a table: one structured array."""

READ_ONLY = "reads"
"""Marks a member table that a kernel may only read although it changes other members."""

Table = TypeVar("Table", bound=NamedTuple)


@cache
def read_column_kinds(table: type) -> dict[str, ColumnKind]:
    """Return ``{column: kind}`` in declaration order."""
    hints = get_type_hints(table, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def to_arrow_schema(table: type) -> pa.Schema:
    """Return the Arrow schema of ``table``; no column may be null."""
    return pa.schema(
        [pa.field(name, kind.arrow, nullable=False) for name, kind in read_column_kinds(table).items()]
    )


def allocate_zeros(table: type[Table], rows: int) -> Table:
    """Allocate writable columns of ``rows`` zeros for a kernel to fill.

    Zeros rather than garbage: the system allocates zero pages lazily, so a large reserve costs nothing until it is
    written.
    """
    return table._make(
        np.zeros(_compute_shape(rows, kind), kind.dtype) for kind in read_column_kinds(table).values()
    )


def allocate_undefined_columns(table: type[Table], rows: int) -> Table:
    """Allocate writable columns of ``rows`` undefined values, for a kernel that fills every row."""
    return table._make(
        np.empty(_compute_shape(rows, kind), kind.dtype) for kind in read_column_kinds(table).values()
    )


@cache
def to_record_dtype(table: type) -> np.dtype:
    """Return the structured dtype of one row of ``table``, aligned."""
    return np.dtype([(name, kind.dtype) for name, kind in read_column_kinds(table).items()], align=True)


def allocate_records(table: type, rows: int) -> np.ndarray:
    """Allocate ``rows`` records of zeros; records that are never written cost no memory."""
    return np.zeros(rows, to_record_dtype(table))


def grow(array: np.ndarray, rows: int) -> np.ndarray:
    """Return a copy of ``array`` extended with zeros to ``rows`` rows."""
    larger = np.zeros((rows, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


def seal_records(table: type, columns: NamedTuple) -> np.ndarray:
    """Return the columns of ``table`` as sealed records."""
    records = allocate_records(table, len(columns[0]))
    for name, column in columns._asdict().items():
        records[name] = column
    return seal_array(records)


def seal_array(array: np.ndarray) -> np.ndarray:
    """Return a read-only view of ``array``."""
    view = array.view()
    view.flags.writeable = False
    return view


def seal(table: Table) -> Table:
    """Return read-only views of the columns, as kernels accept them for what they only read."""
    return type(table)._make(map(seal_array, table))


def select_rows(table: Table, rows: NDArray[np.integer] | slice) -> Table:
    """Return the chosen ``rows`` of every column, contiguous."""
    return type(table)._make(np.ascontiguousarray(column[rows]) for column in table)


def concat_tables(tables: list[Table]) -> Table:
    """Return all rows of ``tables``, in order; there must be at least one table."""
    return type(tables[0])._make(map(np.concatenate, zip(*tables, strict=True)))


def _compute_shape(rows: int, kind: ColumnKind) -> tuple[int, ...]:
    return (rows, kind.width) if kind.width > 1 else (rows,)
