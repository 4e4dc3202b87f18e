"""Databases made for a test, and locks that hold up whoever works in them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg

from service.database.embedded import Database

_numbers = count()


@asynccontextmanager
async def create_database(database: Database) -> AsyncIterator[str]:
    """The address of a new, empty database; gone afterwards, with whoever is still connected."""
    name = f"test_{next(_numbers)}"
    async with open_connection(database.dsn) as admin:
        await admin.execute(f"create database {name}")
        yield database.dsn.rpartition("/")[0] + f"/{name}"
        await admin.execute(f"drop database {name} with (force)")


@asynccontextmanager
async def open_connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection, closed afterwards."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def lock_table(
    dsn: str, table: str = "progress", mode: str = "share"
) -> AsyncIterator[asyncpg.Connection]:
    """Let nobody write to ``table`` while the body runs; in another mode, not even read."""
    async with open_connection(dsn) as connection, connection.transaction():
        await connection.execute(f"lock table {table} in {mode} mode")
        yield connection


async def wait_until_blocked(connection: asyncpg.Connection) -> None:
    """Return once somebody is at hand whom a lock holds up."""
    while not await connection.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # the server tells nobody: it must be asked
