"""Queries on one snapshot of the database: the engine may commit further batches meanwhile."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg
import pyarrow as pa

from core.sql_files import read_queries
from reporting.verification.copy_reader import StoredTable
from reporting.verification.raw_rows import RowSplitter, StoredColumn, Values

SQL = read_queries("reporting.verification", "postgres.sql")
_FETCHED_ROWS = 50_000
_FETCHED_PAGES = 8
_WORK_MEM = "128MB"
# Limits of its own: the verification shares no code with the engine.
_OPEN_SECONDS, _LOCK_SECONDS, _COMMAND_SECONDS = 60, 600, 86_400
_TYPES: Mapping[str, str] = {
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "bool": pa.bool_(),
    "text": pa.string(),
    "date": pa.date32(),
}


class BatchRow(NamedTuple):
    """A row of ``batch``: the stated numbers of its rows, and their hash."""

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
    """A range of batches and of their entries; the ends are exclusive."""

    batch: int
    batch_end: int
    entry: int
    entry_end: int


class EngineVersion(NamedTuple):
    """The layout of the rows and the last batch, as the engine's own row states them."""

    layout: int
    batch: int


class RunPage(NamedTuple):
    """A page of the lines of a payment run."""

    run: int
    content: bytes


class EvidenceCounts(NamedTuple):
    """The numbers of digests of a table's rows."""

    covered: int
    """Of rows that batches cover."""
    pending: int
    """Of rows that no batch covers yet."""


class EvidenceRow(NamedTuple):
    """The digest of a row beside the journal, and the batch that covers it."""

    batch: int
    """0 where no batch covers it yet."""
    position: int
    columns: int
    """The number of columns that the table had when the row was added."""
    digest: bytes


class CoveredDigest(NamedTuple):
    """The digest of a row that a batch covers."""

    batch: int
    digest: bytes


class TablePart(NamedTuple):
    """Rows to add to a table of the DuckDB session."""

    table: str
    rows: pa.Table


class JournalSnapshot:
    """Queries that all see the same committed batches."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def read_version(self) -> EngineVersion:
        """Return the version in the engine's row; zeros if the row is missing."""
        row = await self._connection.fetchrow(SQL["engine"])
        return EngineVersion(row["layout"], row["version"]) if row else EngineVersion(0, 0)

    async def read_batches(self) -> list[BatchRow]:
        """Return every batch, in order."""
        return [BatchRow(*row) for row in await self._connection.fetch(SQL["links"])]

    async def count_rows(self) -> dict[str, int]:
        """Return the number of rows in every large table."""
        return {row["name"]: row["rows"] for row in await self._connection.fetch(SQL["counts"])}

    async def copy_rows(self, table: StoredTable, span: WindowSpan) -> bytes:
        """Return the binary COPY stream of a table's rows in ``span``."""
        first, end = (span.entry, span.entry_end) if table.key == "entry_id" else (span.batch, span.batch_end)
        chunks: list[bytes] = []

        async def keep(data: bytes) -> None:
            chunks.append(data)

        # identifiers of this module's own tables, and whole numbers
        select = f"select {', '.join(table.column_names)} from {table.name}"  # noqa: S608
        condition = f"where {table.key} >= {int(first)} and {table.key} < {int(end)} order by {table.order}"
        await self._connection.copy_from_query(f"{select} {condition}", output=keep, format="binary")
        return b"".join(chunks)

    async def count_evidence(self) -> dict[str, EvidenceCounts]:
        """Return the numbers of digests by table."""
        rows = await self._connection.fetch(SQL["evidence_counts"])
        return {row["relation"]: EvidenceCounts(row["covered"], row["pending"]) for row in rows}

    async def read_digests(self) -> AsyncIterator[list[CoveredDigest]]:
        """Yield the digests of the rows that batches cover, by batch and in order, chunk by chunk."""
        async for rows in self._stream(SQL["digests"]):
            yield [CoveredDigest(*row) for row in rows]

    async def read_evidence(self, table: str) -> AsyncIterator[list[EvidenceRow]]:
        """Yield the digests of a table's rows in chunks: those that batches cover, by batch and in order, then others."""
        async for rows in self._stream(SQL["evidence_of_table"], table):
            yield [EvidenceRow(*row) for row in rows]

    async def _stream(self, query: str, *arguments: str) -> AsyncIterator[list[asyncpg.Record]]:
        cursor = await self._connection.cursor(query, *arguments)
        while rows := await cursor.fetch(_FETCHED_ROWS):
            yield rows

    async def list_columns(self, table: str) -> list[StoredColumn]:
        """Return the columns of a table in order; none if there is no such table."""
        return [StoredColumn(*row) for row in await self._connection.fetch(SQL["columns"], table)]

    async def copy_table(
        self, table: str, columns: Sequence[StoredColumn], work: Callable[[Values], None], *, order: str = ""
    ) -> None:
        """Call ``work`` with each row of a table, in the order of a column if one is named; nothing if it has no columns."""
        if not columns:
            return
        splitter = RowSplitter(work)
        # names that the catalogue of the database states
        names = ", ".join(f'"{column.name}"' for column in columns)
        select = f"select {names} from {table}" + (f" order by {order}" if order else "")  # noqa: S608
        await self._connection.copy_from_query(select, output=splitter.add, format="binary")

    async def read_table(self, name: str) -> AsyncIterator[pa.Table]:
        """Yield a small table, chunk by chunk; at least one chunk."""
        statement = await self._connection.prepare(SQL[name])
        fields = [
            pa.field(attribute.name, _TYPES[attribute.type.name]) for attribute in statement.get_attributes()
        ]
        cursor = await statement.cursor()
        while rows := await cursor.fetch(_FETCHED_ROWS):
            yield _build_table(pa.schema(fields), rows)
        yield _build_table(pa.schema(fields), [])

    async def read_run_pages(self) -> AsyncIterator[RunPage]:
        """Yield the pages of payment runs, by run and in order."""
        statement = await self._connection.prepare(SQL["run_pages"])
        cursor = await statement.cursor()
        while rows := await cursor.fetch(_FETCHED_PAGES):
            for row in rows:
                yield RunPage(row["run"], row["content"])

    async def read_run_digests(self) -> dict[int, str]:
        """Return the digest of its pages that each payment run states."""
        return {row["run"]: row["digest"] for row in await self._connection.fetch(SQL["run_digests"])}


def _build_table(schema: pa.Schema, rows: list[Any]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    return pa.table(
        [pa.array(list(values), field.type) for values, field in zip(columns, schema, strict=True)], schema
    )


@asynccontextmanager
async def open_snapshot(dsn: str) -> AsyncIterator[JournalSnapshot]:
    """Open a snapshot of the database as of now, for the body."""
    settings = {"lock_timeout": f"{_LOCK_SECONDS}s"}
    connection = await asyncpg.connect(
        dsn, timeout=_OPEN_SECONDS, command_timeout=_COMMAND_SECONDS, server_settings=settings
    )
    try:
        if await connection.fetchval(SQL["can_summarise"]):
            await connection.fetch(SQL["summarise"])
        # the connection ends with the snapshot: no rollback, which fails while the cancellation of a COPY is under way
        await connection.transaction(isolation="repeatable_read", readonly=True).start()
        await connection.execute(f"set local work_mem = '{_WORK_MEM}'")
        yield JournalSnapshot(connection)
    finally:
        connection.terminate()
