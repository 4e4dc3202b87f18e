"""The lease on a database: given back in good order, whoever asks something at that moment."""

import asyncio

import pytest

from posting.store.journal_store import PostgresStore
from posting.store.migrate import migrate
from tests.databases import lock_table, open_connection, wait_until_blocked

_IS_FREE = "select holder = '' and lease_until = '-infinity' from engine"


class Stopped(Exception):
    """The engine ends here."""


async def test_it_is_given_back_behind_whoever_asks_something(dsn: str) -> None:
    """What ended the engine is told, and not that a connection was in use; and who asked has the answer."""
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
