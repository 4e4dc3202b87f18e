"""Whoever follows changes ends when it is cancelled, also while its connection ends: else a service that fails never stops."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from posting.store.failures import RETRIED_ERRORS, suppress_database_errors
from service.database.change_listener import follow_changes

_END_SECONDS = 20


@pytest.mark.parametrize("steps", range(8))
async def test_a_follower_ends_while_its_connection_ends(dsn: str, steps: int) -> None:
    """The cancellation comes so many steps of the event loop after the end of the connection."""
    connections: asyncio.Queue[asyncpg.Connection] = asyncio.Queue()

    async def follow() -> None:
        while True:
            with suppress(*RETRIED_ERRORS):
                await follow_changes(dsn, "changes", connections.put, subject="a test")
            await asyncio.sleep(3600)

    following = asyncio.create_task(follow())
    (await connections.get()).terminate()
    for _ in range(steps):
        await asyncio.sleep(0)
    following.cancel()
    await asyncio.wait([following], timeout=_END_SECONDS)
    assert following.cancelled()


async def test_a_cancellation_that_a_failure_replaced_is_raised_again() -> None:
    async def fail_when_cancelled() -> None:
        with suppress_database_errors():
            try:
                await asyncio.sleep(3600)
            finally:
                raise ConnectionError("the connection broke while it was closed")

    task = asyncio.create_task(fail_when_cancelled())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task], timeout=_END_SECONDS)
    assert task.cancelled()


async def test_a_failure_without_cancellation_is_suppressed() -> None:
    with suppress_database_errors():
        raise ConnectionError("the database is away")
