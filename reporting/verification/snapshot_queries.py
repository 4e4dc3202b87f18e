"""One snapshot of the database, read whole: the engine may go on committing meanwhile."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg
import pyarrow as pa

from core.sql_files import read_queries
from reporting.verification.copy_reader import StoredTable

SQL = read_queries("reporting.verification", "postgres.sql")
_FETCHED_ROWS = 50_000
_FETCHED_PAGES = 8
_WORK_MEM = "128MB"
_TYPES: Mapping[str, str] = {
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "date": pa.date32(),
}


class BatchRow(NamedTuple):
    """A row of ``batch``: what it says of its rows, and their hash."""

    batch: int
    layout: int
    first_entry: int
    entries: int
    refusals: int
    duplicates: int
    payees: int
    cells: int
    request_pages: int
    amount: int
    chain: bytes


class WindowSpan(NamedTuple):
    """Batches and entries from the first up to, not including, the end."""

    batch: int
    batch_end: int
    entry: int
    entry_end: int


class JournalSnapshot:
    """Reads of one moment."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def read_version(self) -> tuple[int, int]:
        """(layout, last batch) that the engine's own row states; zeros when the row is gone."""
        row = await self._connection.fetchrow(SQL["engine"])
        return (row["layout"], row["version"]) if row else (0, 0)

    async def read_batches(self) -> list[BatchRow]:
        """Every batch, in order."""
        return [BatchRow(*row) for row in await self._connection.fetch(SQL["links"])]

    async def count_rows(self) -> dict[str, int]:
        """Rows of every large table."""
        return {row["name"]: row["rows"] for row in await self._connection.fetch(SQL["counts"])}

    async def copy_rows(self, table: StoredTable, span: WindowSpan) -> bytes:
        """The binary COPY stream of a table's rows in ``span``."""
        first, end = (span.entry, span.entry_end) if table.key == "entry_id" else (span.batch, span.batch_end)
        chunks: list[bytes] = []

        async def keep(data: bytes) -> None:
            chunks.append(data)

        # identifiers of this module's own tables, and whole numbers
        select = f"select {', '.join(table.column_names)} from {table.name}"  # noqa: S608
        condition = f"where {table.key} >= {int(first)} and {table.key} < {int(end)} order by {table.order}"
        await self._connection.copy_from_query(f"{select} {condition}", output=keep, format="binary")
        return b"".join(chunks)

    async def read_table(self, name: str) -> AsyncIterator[pa.Table]:
        """A small table, part by part; at least one part."""
        statement = await self._connection.prepare(SQL[name])
        fields = [
            pa.field(attribute.name, _TYPES[attribute.type.name]) for attribute in statement.get_attributes()
        ]
        cursor = await statement.cursor()
        while rows := await cursor.fetch(_FETCHED_ROWS):
            yield _build_table(pa.schema(fields), rows)
        yield _build_table(pa.schema(fields), [])

    async def read_run_pages(self) -> AsyncIterator[tuple[int, bytes]]:
        """The pages of payment runs, by run and in order."""
        statement = await self._connection.prepare(SQL["run_pages"])
        cursor = await statement.cursor()
        while rows := await cursor.fetch(_FETCHED_PAGES):
            for row in rows:
                yield row["run"], row["content"]

    async def read_run_digests(self) -> dict[int, str]:
        """What each payment run states that its pages hash to."""
        return {row["run"]: row["digest"] for row in await self._connection.fetch(SQL["run_digests"])}


def _build_table(schema: pa.Schema, rows: list[Any]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table(
        [pa.array(list(values), field.type) for values, field in zip(columns, schema, strict=True)], schema
    )


@asynccontextmanager
async def open_snapshot(dsn: str) -> AsyncIterator[JournalSnapshot]:
    """The database as it stands now, for as long as the body runs."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.fetch(SQL["summarise"])
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(f"set local work_mem = '{_WORK_MEM}'")
            yield JournalSnapshot(connection)
    finally:
        connection.terminate()
