"""Questions put to the journal; nothing here writes."""

from typing import Any

import asyncpg

from reporting.statements import statements

SQL = statements("reporting", "queries.sql")

Connection = asyncpg.Connection
Row = asyncpg.Record


async def fetch(connection: Connection, query: str, *arguments: Any) -> list[Row]:
    """The rows of a named query."""
    return await connection.fetch(SQL[query], *arguments)


async def fetch_one(connection: Connection, query: str, *arguments: Any) -> Row:
    """The one row of a named query."""
    (row,) = await connection.fetch(SQL[query], *arguments)
    return row


async def batch_or_last(connection: Connection, batch: int | None) -> int:
    """``batch``, or the last one; 0 before the first."""
    return batch if batch is not None else await connection.fetchval(SQL["last_batch"])
