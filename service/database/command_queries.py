"""Connections and queries of the commands, and the translation of database errors."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

import asyncpg
from asyncpg.exceptions import ClientConfigurationError

from core.catalog import KIND_NUMBERS
from core.errors import DatabaseUnfit
from core.outcome_codes import Outcome
from core.sql_files import read_queries
from posting.store.failures import DATABASE_ERRORS
from posting.store.ledger_identity import read_ledger
from posting.store.roles import read_rights
from service.configuration.settings import UsageError
from service.database.addresses import hide_password

SQL = read_queries("service.database", "queries.sql")


@contextmanager
def translate_database_errors(dsn: str) -> Iterator[None]:
    """Raise database errors of the body as errors of this program.

    Raises
    ------
    DatabaseUnfit
        The database is gone, cannot be reached, or refuses a command.
    UsageError
        The address is not valid.
    """
    try:
        yield
    except ClientConfigurationError as error:
        raise UsageError(
            f"the address of the database is not valid: {error}. Write it as postgresql://user:password@host:port/name"
        ) from error
    except DATABASE_ERRORS as error:
        raise DatabaseUnfit(
            f"PostgreSQL at {hide_password(dsn)} cannot be used: {str(error) or type(error).__name__}"
        ) from error


@asynccontextmanager
async def connect(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection without the lease, which only the engine that writes the journal owns."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "crescendo reader"})
    try:
        yield connection
    finally:
        await connection.close()


class StoredChainHead(NamedTuple):
    """The last batch of the journal, and its hash in hexadecimal."""

    batch: int
    chain: str


async def read_chain_head(connection: asyncpg.Connection) -> StoredChainHead:
    """Return the last batch and its hash; 0 and zeros before the first batch."""
    row = await connection.fetchrow(SQL["chain_head"])
    return StoredChainHead(row["batch"], row["chain"]) if row else StoredChainHead(0, bytes(32).hex())


async def read_status(connection: asyncpg.Connection) -> dict[str, Any]:
    """Return what the database contains and who writes to it; only ``migrations`` if there is no ledger.

    ``ledger`` and ``number`` are None before the migration that gives a ledger its name.
    """
    stored = await read_ledger(connection)
    if not stored.has_journal:
        return {"migrations": []}
    (engine,) = await connection.fetch(SQL["engine"])
    applied = [dict(row.items()) for row in await connection.fetch(SQL["migrations"])]
    rights = await read_rights(connection)
    name, number = stored.identity or (None, None)
    return {
        "ledger": name,
        "number": number,
        "role": rights.role,
        "excess_rights": rights.excess,
        **dict(engine.items()),
        "migrations": applied,
    }


async def find_examples(connection: asyncpg.Connection) -> list[str]:
    """Find references for the demonstration: a request paid on a commitment, and one refused for lack of credit."""
    accepted = await connection.fetchval(SQL["example_accepted"], KIND_NUMBERS["payment_request"])
    refused = await connection.fetchval(SQL["example_refused"], int(Outcome.CP_EXCEEDED))
    return [reference for reference in (accepted, refused) if reference]


async def apply_migrations(connection: asyncpg.Connection) -> list[str]:
    """Apply the missing migrations; return their names."""
    from posting.store.migrate import migrate

    return await migrate(connection)


async def has_serving_engine(dsn: str) -> bool:
    """Return whether an engine is at work that decides the files which other processes register."""
    async with connect(dsn) as connection:
        return bool(
            await connection.fetchval(SQL["has_engine_spool"])
            and await connection.fetchval(SQL["has_serving_engine"])
        )


async def try_settlement_lock(connection: asyncpg.Connection) -> bool:
    """Own the lock of settlement work until the connection ends; False if another connection owns it."""
    return bool(await connection.fetchval(SQL["try_settlement_lock"]))


async def read_lease_owner(dsn: str) -> str:
    """Return the owner of the lease on a database; empty if there is none, or the database is empty."""
    async with connect(dsn) as connection:
        if not await connection.fetchval(SQL["has_engine"]):
            return ""
        return await connection.fetchval(SQL["lease_owner"]) or ""
