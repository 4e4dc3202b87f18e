"""The lease on a database: given back in good order, whoever asks something at that moment."""

import asyncio

import pytest

from posting.store.journal_store import PostgresStore
from posting.store.migrate import migrate
from tests.databases import connected, held_up, until_one_waits

_IS_FREE = "select holder = '' and lease_until = '-infinity' from engine"


class Stopped(Exception):
    """The engine ends here."""


async def test_it_is_given_back_behind_whoever_asks_something(dsn: str) -> None:
    """What ended the engine is told, and not that a connection was in use; and who asked has the answer."""
    store, is_held, may_end = PostgresStore(dsn), asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with store.held("test"):
            is_held.set()
            await may_end.wait()
            raise Stopped

    async with connected(dsn) as connection:
        await migrate(connection)
        holding = asyncio.create_task(hold())
        await is_held.wait()
        async with held_up(dsn, "pause", "access exclusive") as blocking:
            asking = asyncio.create_task(store.fetch("paused"))
            await until_one_waits(blocking)
            may_end.set()
        with pytest.raises(Stopped):
            await holding
        assert await asking == []
        assert await connection.fetchval(_IS_FREE)
