"""Queries of the reports; all of them only read.

The statements of one report stand in the SQL file beside its module, all others in ``queries.sql``.
"""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import asyncpg

from core.sql_files import read_all_queries

SQL: Mapping[str, str] = read_all_queries("reporting")

Connection = asyncpg.Connection
Row = Mapping[str, Any]
_ROWS_AT_ONCE = 2_000
_JOURNAL_SETTINGS = """
set local enable_nestloop = off;
set local work_mem = '128MB';
set local max_parallel_workers_per_gather = 0
"""


async def fetch(connection: Connection, query: str, *arguments: Any) -> list[Row]:
    """Return the rows of a named query."""
    return [dict(row) for row in await connection.fetch(SQL[query], *arguments)]


async def fetch_from_journal(connection: Connection, query: str, *arguments: Any) -> list[Row]:
    """Return the rows of a named query that joins entries of the whole journal with one another.

    The planner cannot know how many rows its steps give.  It takes hundreds for millions, and then compares each with each:
    for the entries of a State's year this does not end.  So such a query has no nested loops, and memory for its hashes; and
    no parallel workers, each of which would take that memory again.

    The transaction is rolled back, as it only reads: inside another one the settings would otherwise stay until its end.
    """
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(_JOURNAL_SETTINGS)
        return await fetch(connection, query, *arguments)
    finally:
        await transaction.rollback()


async def stream(connection: Connection, statement: str, *arguments: Any) -> AsyncGenerator[list[Row], None]:
    """Yield the rows of a statement, a few thousand at a time; the caller closes the generator."""
    async with connection.transaction():
        cursor = await connection.cursor(statement, *arguments)
        while rows := await cursor.fetch(_ROWS_AT_ONCE):
            yield [dict(row) for row in rows]


async def fetch_one(connection: Connection, query: str, *arguments: Any) -> Row:
    """Return the only row of a named query."""
    (row,) = await fetch(connection, query, *arguments)
    return row


async def find_batch_or_last(connection: Connection, batch: int | None) -> int:
    """Return ``batch``, or the last one if it is None; 0 if there is none yet."""
    return batch if batch is not None else int((await fetch_one(connection, "last_batch"))["batch"])
