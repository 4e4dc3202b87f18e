"""The lease on a database: its release while a query is running."""

import asyncio

import pytest

from posting.store.journal_store import PostgresStore
from posting.store.migrate import migrate
from tests.databases import lock_table, open_connection, wait_until_blocked

_IS_FREE = "select holder = '' and lease_until = '-infinity' from engine"


class Stopped(Exception):
    """Ends the engine."""


async def test_the_lease_is_released_after_a_running_query(dsn: str) -> None:
    """The cause that ended the engine is reported, not a connection in use; and the query gets its result."""
    store, is_held, may_end = PostgresStore(dsn), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with store.own_lease("test"):
            is_held.set()
            await may_end.wait()
            raise Stopped

    async with open_connection(dsn) as connection:
        await migrate(connection)
        holding = asyncio.create_task(hold())
        await is_held.wait()
        async with lock_table(dsn, "pause", "access exclusive") as blocking:
            asking = asyncio.create_task(store.fetch("paused"))
            await wait_until_blocked(blocking)
            may_end.set()
        with pytest.raises(Stopped):
            await holding
        assert await asking == []
        assert await connection.fetchval(_IS_FREE)
