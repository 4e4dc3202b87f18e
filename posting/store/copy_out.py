"""Rows out of PostgreSQL by binary COPY, many at a time, received while the last ones are worked on.

The server sends every row as a message of its own, so whatever comes is whole rows.
Source: PostgreSQL manual, "Message Formats", CopyData.
"""

import asyncio
from collections.abc import Callable

import asyncpg

from posting.pgcopy import HEADER, TRAILER

PART_BYTES = 1 << 24


async def stream_rows(connection: asyncpg.Connection, select: str, work: Callable[[bytes], None]) -> None:
    """Call ``work`` with the COPY rows of ``select``, some 16 MB of whole rows at a time, in a thread beside."""
    collector = _Collector(work)
    await connection.copy_from_query(select, output=collector.collect, format="binary")
    await collector.finish()


class _Collector:
    """Gathers messages into parts; the next is gathered while one is worked on."""

    def __init__(self, work: Callable[[bytes], None]) -> None:
        self._work = work
        self._messages: list[bytes] = []
        self._bytes = 0
        self._skipped_bytes = len(HEADER)
        self._running_work: asyncio.Future[None] | None = None

    async def collect(self, message: bytes) -> None:
        """Gather one message; whatever is handed over before the end was followed by another."""
        if self._bytes >= PART_BYTES:
            await self._hand_over(None)
        self._messages.append(message)
        self._bytes += len(message)

    async def finish(self) -> None:
        """Hand over the rest, and wait for it."""
        await self._hand_over(-len(TRAILER))
        await self._wait_for_work()

    async def _hand_over(self, end: int | None) -> None:
        part = b"".join(self._messages)[self._skipped_bytes : end]
        self._messages, self._bytes, self._skipped_bytes = [], 0, 0
        await self._wait_for_work()
        self._running_work = asyncio.get_running_loop().run_in_executor(None, self._work, part)

    async def _wait_for_work(self) -> None:
        if self._running_work:
            await self._running_work
