"""The journal for who asks: look-ups on a few connections, reports a few at once in threads of their own.

A report reads much and lays out much.  In a thread with a loop and a connection of its own it holds up nobody who
waits for a form, and only so many are made at a time.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar, cast

import asyncpg

from service.web.problems import busy

LOOK_UPS = 4
LOOK_UPS_WAITING_MAX = 200
LOOK_UP_SECONDS = 10
REPORTS = 2
REPORT_SECONDS = 30

Found = TypeVar("Found")
Question = Callable[[asyncpg.Connection], Awaitable[Found]]


class Journal:
    """Questions to the journal, each answered as of one moment."""

    def __init__(self, dsn: str, pool: asyncpg.Pool) -> None:
        self._dsn, self._pool, self._looking_up = dsn, pool, 0
        self._seats = threading.Semaphore(REPORTS)
        self._threads = ThreadPoolExecutor(REPORTS, "report")

    async def look_up(self, question: Question[Found]) -> Found:
        """The answer to a question that needs few rows.

        Raises
        ------
        Problem
            Too many ask, or it takes too long.
        """
        if self._looking_up >= LOOK_UPS_WAITING_MAX:
            raise busy("As many questions wait as can wait", 1)
        self._looking_up += 1
        try:
            with _in_time(LOOK_UP_SECONDS):
                async with self._pool.acquire(timeout=LOOK_UP_SECONDS) as connection:
                    return await _as_of_now(cast(asyncpg.Connection, connection), question)
        finally:
            self._looking_up -= 1

    async def report(self, question: Question[Found]) -> Found:
        """The answer to a question that needs many rows; ``question`` runs in another thread.

        Raises
        ------
        Problem
            Other reports are being made, or it takes too long.
        """
        if not self._seats.acquire(blocking=False):
            raise busy("As many reports as can be made at once are being made")
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._reported, question)

    def _reported(self, question: Question[Found]) -> Found:
        try:
            return asyncio.run(self._alone(question))
        finally:
            self._seats.release()

    async def _alone(self, question: Question[Found]) -> Found:
        with _in_time(REPORT_SECONDS):
            connection = await asyncpg.connect(self._dsn, server_settings=_settings(REPORT_SECONDS, "on"))
            try:
                return await _as_of_now(connection, question)
            finally:
                await connection.close()

    def close(self) -> None:
        """No more reports."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def asking(dsn: str) -> AsyncIterator[Journal]:
    """The journal of a database, open to questions."""
    settings = _settings(LOOK_UP_SECONDS, "off")
    async with asyncpg.create_pool(dsn, min_size=0, max_size=LOOK_UPS, server_settings=settings) as pool:
        journal = Journal(dsn, pool)
        try:
            yield journal
        finally:
            journal.close()


async def _as_of_now(connection: asyncpg.Connection, question: Question[Found]) -> Found:
    """Answer from one snapshot: what is committed meanwhile is in all of the answer, or in none of it."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await question(connection)


@contextmanager
def _in_time(seconds: int) -> Iterator[None]:
    try:
        yield
    except (asyncpg.QueryCanceledError, TimeoutError) as error:
        raise busy(f"That takes longer than {seconds} seconds: ask for less, or later", 30) from error


def _settings(seconds: int, whole_tables: str) -> dict[str, str]:
    """How the server is to work for a question; look-ups are to use indexes, whatever it thinks they cost."""
    return {
        "application_name": "crescendo reader",
        "default_transaction_read_only": "on",
        "statement_timeout": f"{seconds}s",
        "enable_seqscan": whole_tables,
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
    }
