"""A connection that listens for changes which other processes announce through the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

import asyncpg


class ChangeListener(NamedTuple):
    """A connection that listens for changes, and the event that reports one."""

    connection: asyncpg.Connection
    changed: asyncio.Event
    """Set when a change was announced, and when the connection is gone."""


@asynccontextmanager
async def listen_for_changes(dsn: str, channel: str) -> AsyncIterator[ChangeListener]:
    """Open a connection that listens on ``channel``."""
    connection, changed = await asyncpg.connect(dsn), asyncio.Event()
    try:
        await connection.add_listener(channel, lambda *_: changed.set())
        connection.add_termination_listener(lambda _: changed.set())
        yield ChangeListener(connection, changed)
    finally:
        await connection.close()


async def follow_changes(
    dsn: str, channel: str, read: Callable[[asyncpg.Connection], Awaitable[None]], *, subject: str
) -> None:
    """Call ``read`` now and after each change, as long as the connection to the database holds.

    Raises
    ------
    ConnectionError
        The connection is gone; ``subject`` says what is no longer followed.
    """
    async with listen_for_changes(dsn, channel) as (connection, changed):
        while not connection.is_closed():
            changed.clear()
            await read(connection)
            await changed.wait()
    raise ConnectionError(f"the connection that reports changes of {subject} is gone")
