"""Connections and queries of the commands, and the translation of database errors."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

import asyncpg
from asyncpg.exceptions import ClientConfigurationError

from core.catalog import CATALOG, KIND_NUMBERS
from core.errors import DatabaseUnfit
from core.outcome_codes import Outcome
from core.sql_files import read_queries
from posting.store.failures import DATABASE_ERRORS
from posting.store.ledger_clock import check_clocks
from posting.store.ledger_identity import read_ledger
from posting.store.limited_connections import LOCK_SECONDS, QUERY_SECONDS, open_limited_connection
from posting.store.roles import read_rights
from service.configuration.settings import UsageError
from service.database.addresses import hide_password

SQL = read_queries("service.database", "queries.sql")
CHECK_SECONDS = 60
"""Limit on a look at the lease, the ledger or its roles; a database that takes longer does not answer."""


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
            f"PostgreSQL at {hide_password(dsn)} cannot be used: {_describe(error)}"
        ) from error


def _describe(error: Exception) -> str:
    if isinstance(error, asyncpg.LockNotAvailableError):
        return (
            f"{error}: another process has not released a lock for {LOCK_SECONDS} seconds;"
            " the view pg_stat_activity shows which: end it"
        )
    if isinstance(error, TimeoutError) and not str(error):
        return "it has not answered in time. Look at its load, its disk and its log"
    return str(error) or type(error).__name__


@asynccontextmanager
async def connect(dsn: str, command_seconds: float = QUERY_SECONDS) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection without the lease, which only the engine that writes the journal owns."""
    settings = {"application_name": "crescendo reader"}
    async with open_limited_connection(dsn, settings, command_seconds) as connection:
        yield connection


async def check_clocks_of(dsn: str) -> None:
    """Check the clocks of this machine and of a database.

    Raises
    ------
    ClockSetBack
        One of them is before the last time that the ledger has stored.
    """
    with translate_database_errors(dsn):
        async with connect(dsn, CHECK_SECONDS) as connection:
            await check_clocks(connection)


class StoredChainHead(NamedTuple):
    """The last batch of the journal, and its hash in hexadecimal."""

    batch: int
    chain: str


async def read_chain_head(connection: asyncpg.Connection) -> StoredChainHead:
    """Return the last batch and its hash; 0 and zeros before the first batch."""
    row = await connection.fetchrow(SQL["chain_head"])
    return StoredChainHead(row["batch"], row["chain"]) if row else StoredChainHead(0, bytes(32).hex())


async def read_status(connection: asyncpg.Connection) -> dict[str, Any]:
    """Return what the database contains and who writes to it; only ``migrations`` if there is no ledger."""
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
    """Find references for the demonstration: a request that is paid, and one refused for lack of credit."""
    kinds = [KIND_NUMBERS[name] for name in ("payment_request", "bank_debit", "payment")]
    paid = await connection.fetchval(SQL["example_paid"], *kinds)
    refused = await connection.fetchval(SQL["example_refused"], int(Outcome.CP_EXCEEDED))
    return [reference for reference in (paid, refused) if reference]


class KindSum(NamedTuple):
    """The accepted acts of one kind."""

    lines: int
    cents: int


NO_ACTS = KindSum(0, 0)


async def add_up_kinds(connection: asyncpg.Connection, names: Sequence[str]) -> dict[str, KindSum]:
    """Add up the accepted acts of some kinds."""
    rows = await connection.fetch(SQL["settled"], [KIND_NUMBERS[name] for name in names])
    return {CATALOG[row["kind"]].name: KindSum(row["lines"], row["cents"]) for row in rows}


async def count_refused_lines(connection: asyncpg.Connection) -> int:
    """Count the refused lines of the whole journal."""
    return await connection.fetchval(SQL["refused_lines"]) or 0


async def list_submissions(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    """List number, sender and file name of all submissions; none if the database contains no ledger."""
    if not (await read_ledger(connection)).has_journal:
        return []
    return await connection.fetch(SQL["submissions"])


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
    async with connect(dsn, CHECK_SECONDS) as connection:
        return await find_lease_owner(connection)


async def find_lease_owner(connection: asyncpg.Connection) -> str:
    """Return the owner of the lease on the database of a connection; empty if there is none, or the database is empty."""
    if not await connection.fetchval(SQL["has_engine"]):
        return ""
    return await connection.fetchval(SQL["lease_owner"]) or ""
