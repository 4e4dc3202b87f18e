"""A small pool of read-only connections, which the service uses beside the engine's own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg

from service.database.connection_pools import open_pool

CONNECTIONS_MAX = 6
BORROW_SECONDS = 10
"""How long a query waits for a free connection; after that the database counts as unavailable."""

Pool = asyncpg.Pool
Row = Mapping[str, Any]


@asynccontextmanager
async def open_read_pool(dsn: str) -> AsyncIterator[Pool]:
    """Open the pool; its connections cannot write."""
    settings = {"application_name": "crescendo reader", "default_transaction_read_only": "on"}
    # If the address names several servers, use the primary; read-only sessions would hide which one that is.
    async with open_pool(dsn, CONNECTIONS_MAX, settings, target_session_attrs="primary") as pool:
        yield pool


@asynccontextmanager
async def borrow_connection(pool: Pool) -> AsyncIterator[asyncpg.Connection]:
    """Borrow a connection for one query.

    Do not keep it while a client reads the response: a slow client would then hold one of the few connections.

    Raises
    ------
    TimeoutError
        No connection became free within ``BORROW_SECONDS``.
    """
    async with pool.acquire(timeout=BORROW_SECONDS) as connection:
        yield cast(asyncpg.Connection, connection)


async def fetch_rows(pool: Pool, query: str, *arguments: Any) -> list[Row]:
    """Run a query on a borrowed connection and return its rows."""
    async with borrow_connection(pool) as connection:
        return await connection.fetch(query, *arguments)


async def fetch_value(pool: Pool, query: str, *arguments: Any) -> Any:
    """Run a query on a borrowed connection and return the first column of its first row; None without rows."""
    async with borrow_connection(pool) as connection:
        return await connection.fetchval(query, *arguments)
