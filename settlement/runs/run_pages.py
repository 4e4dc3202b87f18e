"""The lines of a run as they are kept: many on a page, column by column, an Arrow IPC stream packed with LZ4.

A line by line table costs the database four times as much to write and to read, and nothing looks a single line up.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import pyarrow as pa

from core.errors import SchemaMismatch
from core.tables.columns import allocate_zeros, read_column_kinds
from core.tables.payment_runs import RunLines
from posting.pgcopy import TextCells
from posting.raw_texts import to_text_cells
from settlement.parallel import map_parallel
from settlement.text_spans import EMPTY, as_arrow

PAGE_LINES = 1 << 16
_TEXT = "remittance"
SCHEMA = pa.schema(
    [
        *(pa.field(name, kind.arrow, nullable=False) for name, kind in read_column_kinds(RunLines).items()),
        pa.field(_TEXT, pa.string(), nullable=False),
    ]
)
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


def pack_pages(lines: RunLines, remittance: TextCells) -> list[bytes]:
    """The pages of some lines, in order."""
    arrays = [_to_arrow(column, field) for column, field in zip(lines, SCHEMA, strict=False)]
    table = pa.table([*arrays, as_arrow(remittance)], schema=SCHEMA)
    return map_parallel(
        _write_page, [table.slice(first, PAGE_LINES) for first in range(0, len(table), PAGE_LINES)]
    )


def unpack_pages(pages: Sequence[bytes]) -> tuple[RunLines, TextCells]:
    """The lines of all pages, in order.

    Raises
    ------
    SchemaMismatch
        A page is none, or not one of this version.
    """
    if not pages:
        return allocate_zeros(RunLines, 0), EMPTY
    table = pa.concat_tables(map(read_page, pages))
    columns = [table.column(name).combine_chunks() for name in table.column_names]
    numbers = (
        _to_numpy(column, kind.dtype)
        for column, kind in zip(columns, read_column_kinds(RunLines).values(), strict=False)
    )
    return RunLines(*numbers), to_text_cells(columns[-1])


def read_page(page: bytes) -> pa.Table:
    """One page as a table.

    Raises
    ------
    SchemaMismatch
        It is none, or not one of this version.
    """
    try:
        table = pa.ipc.open_stream(page).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise SchemaMismatch(f"a page of a payment run cannot be read: {error}") from error
    if table.schema != SCHEMA:
        raise SchemaMismatch(f"a page of a payment run holds {table.schema.names}, not {SCHEMA.names}")
    return table


def hash_pages(pages: Iterable[bytes]) -> bytes:
    """SHA-256 over all pages, in order."""
    found = hashlib.sha256()
    for page in pages:
        found.update(page)
    return found.digest()


def _write_page(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _to_arrow(column: np.ndarray, field: pa.Field) -> pa.Array:
    array = pa.array(column)
    return array.view(field.type) if array.type != field.type else array


def _to_numpy(column: pa.Array, dtype: np.dtype) -> np.ndarray:
    plain = column.view(pa.int32()) if pa.types.is_date(column.type) else column
    return plain.to_numpy().astype(dtype, copy=False)
