"""Queries of the reports; all of them only read.

The statements of one report stand in the SQL file beside its module, all others in ``queries.sql``.
"""

from collections.abc import Mapping
from typing import Any

import asyncpg

from core.sql_files import read_all_queries

SQL: Mapping[str, str] = read_all_queries("reporting")

Connection = asyncpg.Connection
Row = Mapping[str, Any]


async def fetch(connection: Connection, query: str, *arguments: Any) -> list[Row]:
    """Return the rows of a named query."""
    return [dict(row) for row in await connection.fetch(SQL[query], *arguments)]


async def fetch_one(connection: Connection, query: str, *arguments: Any) -> Row:
    """Return the only row of a named query."""
    (row,) = await fetch(connection, query, *arguments)
    return row


async def find_batch_or_last(connection: Connection, batch: int | None) -> int:
    """Return ``batch``, or the last one if it is None; 0 if there is none yet."""
    return batch if batch is not None else int((await fetch_one(connection, "last_batch"))["batch"])
