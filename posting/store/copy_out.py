"""Rows read from PostgreSQL by COPY, binary or as CSV, in large chunks; the next chunk is received while one is processed.

The server sends each row in a message of its own, so a chunk always consists of whole rows.
Source: PostgreSQL manual, "Message Formats", CopyData.
"""

import asyncio
from collections.abc import Callable

import asyncpg

from posting.pgcopy import HEADER, TRAILER

CHUNK_BYTES = 1 << 24


async def stream_rows(connection: asyncpg.Connection, select: str, work: Callable[[bytes], None]) -> None:
    """Call ``work`` with the COPY rows of ``select``, about 16 MB of whole rows at a time, in another thread."""
    collector = _Collector(work, len(HEADER), len(TRAILER))
    await connection.copy_from_query(select, output=collector.collect, format="binary")
    await collector.finish()


async def stream_csv(connection: asyncpg.Connection, select: str, work: Callable[[bytes], None]) -> None:
    """Call ``work`` with the rows of ``select`` as CSV without a header, in the same way."""
    collector = _Collector(work, 0, 0)
    await connection.copy_from_query(select, output=collector.collect, format="csv")
    await collector.finish()


class _Collector:
    """Collects messages into chunks; the next chunk is collected while one is processed."""

    def __init__(self, work: Callable[[bytes], None], header_bytes: int, trailer_bytes: int) -> None:
        self._work, self._trailer_bytes = work, trailer_bytes
        self._messages: list[bytes] = []
        self._bytes = 0
        self._skipped_bytes = header_bytes
        self._running_work: asyncio.Future[None] | None = None

    async def collect(self, message: bytes) -> None:
        """Add one message.  A full chunk is handed over only when another message follows, so the last one has the trailer."""
        if self._bytes >= CHUNK_BYTES:
            await self._hand_over(None)
        self._messages.append(message)
        self._bytes += len(message)

    async def finish(self) -> None:
        """Hand over the last chunk without the trailer, and wait until it is processed."""
        await self._hand_over(-self._trailer_bytes or None)
        await self._wait_for_work()

    async def _hand_over(self, end: int | None) -> None:
        chunk = b"".join(self._messages)[self._skipped_bytes : end]
        self._messages, self._bytes, self._skipped_bytes = [], 0, 0
        await self._wait_for_work()
        self._running_work = asyncio.get_running_loop().run_in_executor(None, self._work, chunk)

    async def _wait_for_work(self) -> None:
        if self._running_work:
            await self._running_work
