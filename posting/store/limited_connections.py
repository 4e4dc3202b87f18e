"""Single connections to the database whose opening, commands and closing have time limits."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

from posting.store.failures import DATABASE_ERRORS

OPEN_SECONDS = 60
CLOSE_SECONDS = 10
QUERY_SECONDS = 3_600
"""Limit on a query of a command that reads much: reports and proposals of a year take seconds to minutes."""
BULK_SECONDS = 86_400
"""Limit on work that reads or writes the whole journal."""
LOCK_SECONDS = 600
SESSION_LIMITS: Mapping[str, str] = {"lock_timeout": f"{LOCK_SECONDS}s"}
"""Settings of every session: a lock that another process does not release ends in an error, not in a wait without end."""
_NO_SETTINGS: Mapping[str, str] = {}


@asynccontextmanager
async def open_limited_connection(
    dsn: str, settings: Mapping[str, str] = _NO_SETTINGS, command_seconds: float = QUERY_SECONDS
) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection with these session settings, each of whose commands may take ``command_seconds``.

    Raises
    ------
    TimeoutError
        It could not be opened in time.
    """
    connection = await _connect(dsn, settings, command_seconds)
    try:
        yield connection
    finally:
        await close_in_time(connection)


async def close_in_time(connection: asyncpg.Connection) -> None:
    """Close a connection in order, or cut it if the server does not answer."""
    try:
        await connection.close(timeout=CLOSE_SECONDS)
    except (*DATABASE_ERRORS, OSError):
        connection.terminate()


async def _connect(dsn: str, settings: Mapping[str, str], command_seconds: float) -> asyncpg.Connection:
    limits = {"timeout": OPEN_SECONDS, "command_timeout": command_seconds}
    try:
        return await asyncpg.connect(dsn, server_settings={**SESSION_LIMITS, **settings}, **limits)
    except TimeoutError:
        raise TimeoutError(f"no connection could be opened within {OPEN_SECONDS} seconds") from None
