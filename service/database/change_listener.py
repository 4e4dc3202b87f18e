"""A connection that listens for changes which other processes announce through the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import asyncpg

from posting.store.limited_connections import open_limited_connection
from service.database.connection_pools import POOL_COMMAND_SECONDS

REREAD_SECONDS = 60


class ChangeListener(NamedTuple):
    """A connection that listens for changes, and the event that reports one."""

    connection: asyncpg.Connection
    changed: asyncio.Event
    """Set when a change was announced, and when the connection is gone."""


@asynccontextmanager
async def listen_for_changes(dsn: str, channel: str) -> AsyncIterator[ChangeListener]:
    """Open a connection that listens on ``channel``."""
    changed = asyncio.Event()
    async with open_limited_connection(dsn, command_seconds=POOL_COMMAND_SECONDS) as connection:
        await connection.add_listener(channel, lambda *_: changed.set())
        connection.add_termination_listener(lambda _: changed.set())
        yield ChangeListener(connection, changed)


async def follow_changes(
    dsn: str, channel: str, read: Callable[[asyncpg.Connection], Awaitable[None]], *, subject: str
) -> None:
    """Call ``read`` now, after each change, and in any case every minute, as long as the connection to the database holds.

    A connection that a network has lost reports neither a change nor its end: the next reading notices that.

    Raises
    ------
    ConnectionError
        The connection is gone; ``subject`` says what is no longer followed.
    """
    async with listen_for_changes(dsn, channel) as (connection, changed):
        while not connection.is_closed():
            changed.clear()
            await read(connection)
            with suppress(TimeoutError):
                async with asyncio.timeout(REREAD_SECONDS):
                    await changed.wait()
    raise ConnectionError(f"the connection that reports changes of {subject} is gone")
