"""The lines of a run as they are stored: in pages of many lines, each an Arrow IPC stream compressed with LZ4.

One row per line would cost the database four times as much to write and to read, and no query needs a single line.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from core.errors import SchemaMismatch
from core.tables.columns import allocate_zeros, read_column_kinds
from core.tables.payment_runs import RunLines
from posting.pgcopy import TextCells
from posting.raw_texts import to_text_cells
from posting.text_spans import EMPTY, as_arrow
from settlement.parallel import map_parallel

PAGE_LINES = 1 << 16
_TEXT = "remittance"
SCHEMA = pa.schema(
    [
        *(pa.field(name, kind.arrow, nullable=False) for name, kind in read_column_kinds(RunLines).items()),
        pa.field(_TEXT, pa.string(), nullable=False),
    ]
)
_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


class RunTable(NamedTuple):
    """The lines of a run, in the order in which it pays, and their remittance texts."""

    lines: RunLines
    remittance: TextCells


def pack_pages(run: RunTable) -> list[bytes]:
    """Write the lines of a run to pages, in order."""
    arrays = [_to_arrow(column, field) for column, field in zip(run.lines, SCHEMA, strict=False)]
    table = pa.table([*arrays, as_arrow(run.remittance)], schema=SCHEMA)
    return map_parallel(
        _write_page, [table.slice(first, PAGE_LINES) for first in range(0, len(table), PAGE_LINES)]
    )


def unpack_pages(pages: Sequence[bytes]) -> RunTable:
    """Read the lines of all pages, in order.

    Raises
    ------
    SchemaMismatch
        A page cannot be read, or has the schema of another version.
    """
    if not pages:
        return RunTable(allocate_zeros(RunLines, 0), EMPTY)
    table = pa.concat_tables(map(read_page, pages))
    columns = [table.column(name).combine_chunks() for name in table.column_names]
    numbers = (
        _to_numpy(column, kind.dtype)
        for column, kind in zip(columns, read_column_kinds(RunLines).values(), strict=False)
    )
    return RunTable(RunLines(*numbers), to_text_cells(columns[-1]))


def read_page(page: bytes) -> pa.Table:
    """Read one page as an Arrow table.

    Raises
    ------
    SchemaMismatch
        It cannot be read, or has the schema of another version.
    """
    try:
        table = pa.ipc.open_stream(page).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise SchemaMismatch(f"a page of a payment run cannot be read: {error}") from error
    if table.schema != SCHEMA:
        raise SchemaMismatch(f"a page of a payment run has columns {table.schema.names}, not {SCHEMA.names}")
    return table


def hash_pages(pages: Iterable[bytes]) -> bytes:
    """Return the SHA-256 of all pages, in order."""
    digest = hashlib.sha256()
    for page in pages:
        digest.update(page)
    return digest.digest()


def _write_page(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=_OPTIONS) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _to_arrow(column: np.ndarray, field: pa.Field) -> pa.Array:
    array = pa.array(column)
    return array.view(field.type) if array.type != field.type else array


def _to_numpy(column: pa.Array, dtype: np.dtype) -> np.ndarray:
    numbers = column.view(pa.int32()) if pa.types.is_date(column.type) else column
    return numbers.to_numpy().astype(dtype, copy=False)
