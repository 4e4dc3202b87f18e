"""The journal for who asks: look-ups on a few connections, reports a few at once in threads of their own.

A report reads much and lays out much.  In a thread with a loop and a connection of its own it holds up nobody who
waits for a form, and only so many are made at a time.  Of everything one sender has half at most: its further look-ups
wait for its own, and leave connections to the others.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TypeVar, cast
from weakref import WeakValueDictionary

import asyncpg

from service.http import quotas
from service.http.problems import try_again
from service.http.quotas import Quota, compute_sender_limit

LOOKUP_CONNECTIONS = 4
LOOKUPS_WAITING_MAX = 200
LOOKUP_SECONDS = 10
REPORT_THREADS = 2
REPORT_SECONDS = 30

Result = TypeVar("Result")
JournalQuery = Callable[[asyncpg.Connection], Awaitable[Result]]


class JournalReader:
    """Questions to the journal, each answered as of one moment."""

    def __init__(self, dsn: str, pool: asyncpg.Pool) -> None:
        self._dsn, self._pool = dsn, pool
        self._lookup_quota = Quota(LOOKUPS_WAITING_MAX, quotas.LOOKUPS)
        self._sender_turns = WeakValueDictionary[str, asyncio.Semaphore]()
        """By sender, for as long as one of its look-ups waits or is under way."""
        self._report_quota, self._report_lock = Quota(REPORT_THREADS, quotas.REPORTS), threading.Lock()
        self._threads = ThreadPoolExecutor(REPORT_THREADS, "report")

    async def run_lookup(self, query: JournalQuery[Result], sender: str) -> Result:
        """The answer to a question of ``sender`` that needs few rows.

        Raises
        ------
        Problem
            Too many ask, or too many of the sender's, or it takes too long.
        """
        with self._lookup_quota.open_share(sender) as place, _limit_time(LOOKUP_SECONDS):
            place.take(1)
            turn = self._sender_turns.setdefault(
                sender, asyncio.Semaphore(compute_sender_limit(LOOKUP_CONNECTIONS))
            )
            async with asyncio.timeout(LOOKUP_SECONDS) as waiting, turn, self._pool.acquire() as connection:
                waiting.reschedule(None)  # the server ends what takes too long
                return await _run_in_snapshot(cast(asyncpg.Connection, connection), query)

    async def run_report(self, query: JournalQuery[Result], sender: str) -> Result:
        """The answer to a question that needs many rows; ``question`` runs in another thread.

        Raises
        ------
        Problem
            Other reports are being made, or one of the sender's, or it takes too long.
        """
        seat = self._take_report_slot(sender)
        work = self._threads.submit(lambda: asyncio.run(self._run_isolated(query)))
        work.add_done_callback(
            lambda _: self._release_report_slot(seat)
        )  # also where nobody waits for it any more
        return await asyncio.wrap_future(work)

    def _take_report_slot(self, sender: str) -> ExitStack:
        with self._report_lock, ExitStack() as seat:
            seat.enter_context(self._report_quota.open_share(sender)).take(1)
            return seat.pop_all()

    def _release_report_slot(self, seat: ExitStack) -> None:
        """Called in the thread that made the report."""
        with self._report_lock:
            seat.close()

    async def _run_isolated(self, query: JournalQuery[Result]) -> Result:
        with _limit_time(REPORT_SECONDS):
            connection = await asyncpg.connect(
                self._dsn, server_settings=_build_settings(REPORT_SECONDS, "on")
            )
            try:
                return await _run_in_snapshot(connection, query)
            finally:
                await connection.close()

    def close(self) -> None:
        """No more reports."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def open_journal(dsn: str) -> AsyncIterator[JournalReader]:
    """The journal of a database, open to questions."""
    settings = _build_settings(LOOKUP_SECONDS, "off")
    async with asyncpg.create_pool(
        dsn, min_size=0, max_size=LOOKUP_CONNECTIONS, server_settings=settings
    ) as pool:
        journal = JournalReader(dsn, pool)
        try:
            yield journal
        finally:
            journal.close()


async def _run_in_snapshot(connection: asyncpg.Connection, query: JournalQuery[Result]) -> Result:
    """Answer from one snapshot: what is committed meanwhile is in all of the answer, or in none of it."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await query(connection)


@contextmanager
def _limit_time(seconds: int) -> Iterator[None]:
    try:
        yield
    except (asyncpg.QueryCanceledError, TimeoutError) as error:
        raise try_again(f"That takes longer than {seconds} seconds: ask for less, or later", 30) from error


def _build_settings(seconds: int, sequential_scans: str) -> dict[str, str]:
    """How the server is to work for a question; look-ups are to use indexes, whatever it thinks they cost."""
    return {
        "application_name": "crescendo reader",
        "default_transaction_read_only": "on",
        "statement_timeout": f"{seconds}s",
        "enable_seqscan": sequential_scans,
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
    }
