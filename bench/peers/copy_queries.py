"""Queries that read the journal's rows as COPY streams and copy them into bare tables of another schema."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg

from posting.store.limited_connections import open_limited_connection
from posting.store.migrate import migrate

SCHEMA = "bench_raw"
CONNECTIONS = 2
_CHUNK_BYTES = 1 << 19
_COPIED = " ".join(
    f"including {part}" for part in ("defaults", "constraints", "indexes", "storage", "compression")
)
"""Properties of the journal's tables: without ``storage`` the server would compress pages that the journal keeps plain."""
_ROWS_OF: Mapping[str, str] = {
    "entry": "entry_id between {first} and {last} order by entry_id",
    "refusal": "batch = {batch} order by position",
    "duplicate": "batch = {batch} order by position",
    "payee": "entry_id between {first} and {last} order by entry_id",
    "request_detail": "entry_id between {first} and {last} order by entry_id",
}
TABLES = tuple(_ROWS_OF)
"""The tables whose rows are copied."""
_CHECKS: Mapping[str, str] = {
    "entry": "select count(*), coalesce(sum(amount), 0), coalesce(sum(entry_id), 0) from {}.entry",
    "refusal": "select count(*), coalesce(sum(amount), 0), coalesce(sum(line), 0) from {}.refusal",
    "duplicate": "select count(*), coalesce(sum(entry_id), 0), coalesce(sum(line), 0) from {}.duplicate",
    "payee": "select count(*), coalesce(sum(payee), 0), coalesce(sum(entry_id), 0) from {}.payee",
    "request_detail": "select count(*), coalesce(sum(requests), 0), coalesce(sum(octet_length(page)), 0)"
    " from {}.request_detail",
}


class BatchSpan(NamedTuple):
    """A committed batch: its first entry, and the number of its rows in each table."""

    batch: int
    first: int
    counts: dict[str, int]

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return sum(self.counts.values())


CopyStreams = dict[str, list[bytes]]
"""The COPY streams of a batch by table, each in chunks."""


@asynccontextmanager
async def open_connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection; close it at the end."""
    async with open_limited_connection(dsn) as connection:
        yield connection


@asynccontextmanager
async def create_temporary_database(dsn: str, name: str) -> AsyncIterator[str]:
    """Create the database ``name`` on the server of ``dsn``, yield its address, and drop it at the end."""
    async with open_connection(dsn) as connection:
        await connection.execute(f"create database {name}")
        try:
            yield f"{dsn.rpartition('/')[0]}/{name}"
        finally:
            await connection.execute(f"drop database {name} with (force)")


async def describe_server(dsn: str) -> str:
    """Describe the server: its version, and the settings that decide how durable a commit is."""
    names = ("fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    async with open_connection(dsn) as connection:
        version = str(await connection.fetchval("show server_version")).split()[0]
        values = [f"{name} {await connection.fetchval(f'show {name}')}" for name in names]
    return f"PostgreSQL {version} ({', '.join(values)})"


async def list_batches(connection: asyncpg.Connection) -> list[BatchSpan]:
    """List the committed batches that stored rows, in order."""
    rows = await connection.fetch(
        "select batch, first_entry, entries, refusals, duplicates, payees, request_pages from batch order by batch"
    )
    columns = {"entry": "entries", "refusal": "refusals", "duplicate": "duplicates", "payee": "payees"}
    columns["request_detail"] = "request_pages"
    batches = [
        BatchSpan(
            row["batch"],
            row["first_entry"],
            {table: row[column] for table, column in columns.items() if row[column]},
        )
        for row in rows
    ]
    return [batch for batch in batches if batch.rows]


async def read_batch(connection: asyncpg.Connection, span: BatchSpan) -> CopyStreams:
    """Read a batch's rows as the server sends them."""
    streams: CopyStreams = {}
    last = span.first + span.counts.get("entry", 0) - 1
    for name in span.counts:
        parts = streams[name] = []
        rows = _ROWS_OF[name].format(batch=span.batch, first=span.first, last=last)

        async def append_data(data: bytes, parts: list[bytes] = parts) -> None:
            parts.append(data)

        select = f"select * from public.{name} where {rows}"
        await connection.copy_from_query(select, output=append_data, format="binary")
        parts[:] = _split_chunks(b"".join(parts))
    return streams


def _split_chunks(stream: bytes) -> list[bytes]:
    """Split a stream into large chunks: the server sends one message a row, which would make the client the bottleneck."""
    return [stream[start : start + _CHUNK_BYTES] for start in range(0, len(stream), _CHUNK_BYTES)]


async def create_tables(connection: asyncpg.Connection) -> None:
    """Create empty logged tables like the journal's, with its checks and indexes but without its triggers."""
    await drop_tables(connection)
    await connection.execute(f"create schema {SCHEMA}")
    for name in _ROWS_OF:
        await connection.execute(f"create table {SCHEMA}.{name} (like public.{name} {_COPIED})")
        await connection.execute(f"alter table {SCHEMA}.{name} set (autovacuum_vacuum_insert_threshold = -1)")
    # the journal's own index is on its partitions, which `like` does not copy
    await connection.execute(
        f"create index on {SCHEMA}.entry using brin (entry_id) with (pages_per_range = 64)"
    )


async def drop_tables(connection: asyncpg.Connection) -> None:
    """Drop the tables of ``create_tables``."""
    await connection.execute(f"drop schema if exists {SCHEMA} cascade")


async def copy_batches(connections: Sequence[asyncpg.Connection], batches: Sequence[CopyStreams]) -> float:
    """Copy each batch in a transaction of its own, on the next free connection; return the seconds it took."""
    remaining = iter(batches)
    start = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for connection in connections:
            tasks.create_task(_copy_batches_on(connection, remaining))
    return time.perf_counter() - start


async def _copy_batches_on(connection: asyncpg.Connection, batches: Iterator[CopyStreams]) -> None:
    for streams in batches:
        async with connection.transaction():
            for name, parts in streams.items():
                await connection.copy_to_table(
                    name, source=_iterate_parts(parts), schema_name=SCHEMA, format="binary"
                )


async def _iterate_parts(parts: Sequence[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


TableSums = Mapping[str, tuple[int, ...]]
"""The number of rows of each table, and sums over them."""


async def sum_tables(connection: asyncpg.Connection, schema: str) -> TableSums:
    """Count and sum up the rows of all tables in ``schema``."""
    sums = {}
    for name, query in _CHECKS.items():
        row = await connection.fetchrow(query.format(schema))
        sums[name] = tuple(map(int, row or ()))
    return sums


async def migrate_database(connection: asyncpg.Connection) -> None:
    """Create the journal's tables, as which the raw tables are created."""
    await migrate(connection)


async def require_no_autovacuum(connection: asyncpg.Connection) -> None:
    """Check that the server does not vacuum by itself, in time that would be measured.

    Raises
    ------
    AssertionError
        It does.
    """
    if await connection.fetchval("show autovacuum") != "off":
        raise AssertionError("the server was started with autovacuum on: prepare its folder first")


async def write_out(connection: asyncpg.Connection) -> None:
    """Write out everything that waits, in the server and in the system, so that no measurement pays for the one before."""
    await connection.execute("checkpoint")
    await asyncio.to_thread(os.sync)


async def turn_autovacuum_off(connection: asyncpg.Connection) -> None:
    """Write the setting into the folder of the server; it counts from the next start on."""
    await connection.execute("alter system set autovacuum = off")
