"""Column kinds: the one place that ties a unit to an Arrow type, a NumPy dtype and a PostgreSQL type.

A table is a ``NamedTuple`` whose fields are kinds.  From that one class follow its Arrow schema
(here), its kernel signature (``kernels.jit``) and its row in a COPY stream (``kernels.copy_rows``).
Tables come in two layouts.  *Columns*: one array a field, for what is walked in order and moved to and from Arrow.
*Records*: one structured array, for what is looked up here and there: a row is one cache line, and a kernel takes one
argument.  Either is *blank* or *unfilled* (writable, being filled) or *sealed* (read-only).
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeVar, get_type_hints

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ColumnKind:
    """What a column holds: its Arrow, NumPy and PostgreSQL types, its unit, and its items per row."""

    arrow: pa.DataType
    dtype: np.dtype
    postgres: str
    unit: str
    width: int = 1


def _build_kind(arrow: pa.DataType, dtype: type, postgres: str, unit: str) -> ColumnKind:
    return ColumnKind(arrow, np.dtype(dtype), postgres, unit)


Byte = Annotated[NDArray[np.uint8], _build_kind(pa.uint8(), np.uint8, "bytea", "byte")]
Code = Annotated[NDArray[np.uint8], _build_kind(pa.uint8(), np.uint8, "int2", "member of an enum")]
Small = Annotated[NDArray[np.int16], _build_kind(pa.int16(), np.int16, "int2", "small number")]
Index = Annotated[NDArray[np.int32], _build_kind(pa.int32(), np.int32, "int4", "position in a table")]
Position = Annotated[NDArray[np.uint32], _build_kind(pa.uint32(), np.uint32, "int8", "entry id, in memory")]
Entry = Annotated[NDArray[np.int64], _build_kind(pa.int64(), np.int64, "int8", "entry id; 0 is none")]
Day = Annotated[NDArray[np.int32], _build_kind(pa.date32(), np.int32, "date", "days since 1970-01-01")]
Offset = Annotated[
    NDArray[np.int64], _build_kind(pa.int64(), np.int64, "int8", "bytes, or rows of a document")
]
Money = Annotated[NDArray[np.int64], _build_kind(pa.int64(), np.int64, "int8", "cents")]
Hash64 = Annotated[NDArray[np.uint64], _build_kind(pa.uint64(), np.uint64, "int8", "64 bits of a hash")]
Hash32 = Annotated[NDArray[np.uint32], _build_kind(pa.uint32(), np.uint32, "int8", "32 bits of a hash")]
Digest = Annotated[NDArray[np.int64], _build_kind(pa.int64(), np.int64, "int8", "64 bits of a hash, signed")]
Balance = Annotated[
    NDArray[np.int64], ColumnKind(pa.list_(pa.int64(), 8), np.dtype(np.int64), "int8[]", "cents", 8)
]

Records = np.ndarray[Any, np.dtype[Any]]
"""Records of a table: one structured array."""

READ_ONLY = "reads"
"""Marks a member table that a kernel may only read, whatever it does with its neighbours."""

Table = TypeVar("Table", bound=NamedTuple)


@cache
def read_column_kinds(table: type) -> dict[str, ColumnKind]:
    """``{column: kind}`` in declaration order."""
    hints = get_type_hints(table, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def to_arrow_schema(table: type) -> pa.Schema:
    """The Arrow schema of ``table``; no column may be null."""
    return pa.schema(
        [pa.field(name, kind.arrow, nullable=False) for name, kind in read_column_kinds(table).items()]
    )


def allocate_zeros(table: type[Table], rows: int) -> Table:
    """Writable columns of ``rows`` zeros for a kernel to fill.

    Zeros rather than garbage: the system hands out zero pages lazily, so a large reserve costs
    nothing until it is written.
    """
    return table._make(
        np.zeros(_compute_shape(rows, kind), kind.dtype) for kind in read_column_kinds(table).values()
    )


def allocate_unfilled(table: type[Table], rows: int) -> Table:
    """Writable columns of ``rows`` of whatever memory holds, for a kernel that fills every row."""
    return table._make(
        np.empty(_compute_shape(rows, kind), kind.dtype) for kind in read_column_kinds(table).values()
    )


@cache
def to_record_dtype(table: type) -> np.dtype:
    """The structured dtype of one row of ``table``, aligned."""
    return np.dtype([(name, kind.dtype) for name, kind in read_column_kinds(table).items()], align=True)


def allocate_records(table: type, rows: int) -> np.ndarray:
    """``rows`` records of zeros; untouched ones cost no memory."""
    return np.zeros(rows, to_record_dtype(table))


def grow(array: np.ndarray, rows: int) -> np.ndarray:
    """``array`` with room for ``rows``; what it held stays in front."""
    larger = np.zeros((rows, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


def seal_array(array: np.ndarray) -> np.ndarray:
    """The same array, read-only."""
    view = array.view()
    view.flags.writeable = False
    return view


def seal(table: Table) -> Table:
    """The same columns, read-only: what kernels accept where they ``reads``."""
    return type(table)._make(map(seal_array, table))


def select_rows(table: Table, rows: NDArray[np.integer] | slice) -> Table:
    """The chosen ``rows`` of every column, contiguous."""
    return type(table)._make(np.ascontiguousarray(column[rows]) for column in table)


def concat_tables(tables: list[Table]) -> Table:
    """All rows of ``tables``, in order; at least one table."""
    return type(tables[0])._make(map(np.concatenate, zip(*tables, strict=True)))


def _compute_shape(rows: int, kind: ColumnKind) -> tuple[int, ...]:
    return (rows, kind.width) if kind.width > 1 else (rows,)
