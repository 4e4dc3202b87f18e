"""Questions that commands ask of the database, and what a database that fails is said to have done."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from asyncpg.exceptions import ClientConfigurationError

from core.catalog import KIND_NUMBERS
from core.errors import DatabaseUnfit
from core.outcome_codes import Outcome
from core.sql_files import read_queries
from posting.store.failures import DATABASE_ERRORS
from service.results.receipts import Reason, Receipt, build_reasons, build_receipt
from service.settings import UsageError

SQL = read_queries("service.database", "queries.sql")


def hide_password(dsn: str) -> str:
    """The address without its password."""
    try:
        parts = urlsplit(dsn)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the database"
    return f"{parts.hostname or 'localhost'}{port}{parts.path}"


@contextmanager
def translate_database_errors(dsn: str) -> Iterator[None]:
    """Say in the house's words what a database did not do.

    Raises
    ------
    DatabaseUnfit
        It is gone, cannot be reached, or refuses.
    Misuse
        The address is none.
    """
    try:
        yield
    except ClientConfigurationError as error:
        raise UsageError(
            f"the address of the database: {error}. It reads postgresql://user:password@host:port/name"
        ) from error
    except DATABASE_ERRORS as error:
        raise DatabaseUnfit(
            f"PostgreSQL at {hide_password(dsn)}: {str(error) or type(error).__name__}"
        ) from error


@asynccontextmanager
async def connect(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of its own, without the lease, which the journal's writer alone holds."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "crescendo reader"})
    try:
        yield connection
    finally:
        await connection.close()


async def read_receipts(connection: asyncpg.Connection, numbers: Sequence[int]) -> list[Receipt]:
    """The receipts of these submissions, by number."""
    return [build_receipt(row) for row in await connection.fetch(SQL["receipts"], list(numbers))]


async def read_reasons(connection: asyncpg.Connection, numbers: Sequence[int]) -> list[Reason]:
    """Why lines of these submissions were refused, the most frequent reason first."""
    return build_reasons(await connection.fetch(SQL["refusals"], list(numbers)))


async def read_reasons_by_submission(
    connection: asyncpg.Connection, numbers: Sequence[int]
) -> dict[int, list[Reason]]:
    """Why lines of each of these submissions were refused, the most frequent reason first; of all in one look."""
    rows = await connection.fetch(SQL["reasons"], list(numbers)) if numbers else []
    return {number: build_reasons(list(own)) for number, own in groupby(rows, lambda row: row["submission"])}


async def read_unfinished(connection: asyncpg.Connection) -> list[Receipt]:
    """The submissions that the next run takes up, as they still have lines to decide."""
    rows = await connection.fetch(SQL["due"])
    return await read_receipts(connection, [row["submission"] for row in rows])


async def read_chain_head(connection: asyncpg.Connection) -> tuple[int, str]:
    """The last batch and its hash; 0 and zeros before the first."""
    row = await connection.fetchrow(SQL["chain_head"])
    return (row["batch"], row["chain"]) if row else (0, bytes(32).hex())


async def read_status(connection: asyncpg.Connection) -> dict[str, Any]:
    """What is in the database and who writes to it; only ``migrations`` when the journal was never laid."""
    if not await connection.fetchval(SQL["has_journal"]):
        return {"migrations": []}
    (engine,) = await connection.fetch(SQL["engine"])
    applied = [dict(row.items()) for row in await connection.fetch(SQL["migrations"])]
    return {**dict(engine.items()), "migrations": applied}


async def find_examples(connection: asyncpg.Connection) -> list[str]:
    """References worth a look: a request paid on a commitment, and one refused for want of credit."""
    accepted = await connection.fetchval(SQL["example_accepted"], KIND_NUMBERS["payment_request"])
    refused = await connection.fetchval(SQL["example_refused"], int(Outcome.CP_EXCEEDED))
    return [reference for reference in (accepted, refused) if reference]


async def apply_migrations(connection: asyncpg.Connection) -> list[str]:
    """Apply the migrations that are missing; their names."""
    from posting.store.migrate import migrate

    return await migrate(connection)


async def read_lease_owner(dsn: str) -> str:
    """Who holds the lease on a database; empty when nobody does, or nothing was ever stored there."""
    async with connect(dsn) as connection:
        if not await connection.fetchval(SQL["has_engine"]):
            return ""
        return await connection.fetchval(SQL["at_work"]) or ""
