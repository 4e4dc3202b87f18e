"""Queries to the journal: look-ups on a few shared connections, reports in threads of their own.

A report reads many rows and formats much.  In a thread with its own loop and connection it delays nobody who waits for a
form, and only a few run at a time.  One sender gets at most half of everything: its further look-ups wait for its own
earlier ones, and leave the connections to other senders.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TypeVar, cast
from weakref import WeakValueDictionary

import asyncpg

from posting.store.limited_connections import open_limited_connection
from service.database.connection_pools import open_pool
from service.http import quotas
from service.http.problems import try_again
from service.http.quotas import Quota, compute_sender_limit

LOOKUP_CONNECTIONS = 4
LOOKUPS_WAITING_MAX = 200
LOOKUP_SECONDS = 10
REPORT_THREADS = 2
REPORT_SECONDS = 30
_RETRY_SECONDS = 30
_NETWORK_SECONDS = 5
"""How much longer than the server's own limit a response may take: a server that hangs keeps no limit."""

Result = TypeVar("Result")
JournalQuery = Callable[[asyncpg.Connection], Awaitable[Result]]


class JournalReader:
    """Runs queries to the journal, each on one snapshot."""

    def __init__(self, dsn: str, pool: asyncpg.Pool) -> None:
        self._dsn, self._pool = dsn, pool
        self._lookup_quota = Quota(LOOKUPS_WAITING_MAX, quotas.LOOKUPS)
        self._sender_turns = WeakValueDictionary[str, asyncio.Semaphore]()
        """By sender, as long as one of its look-ups waits or runs."""
        self._report_quota, self._report_lock = Quota(REPORT_THREADS, quotas.REPORTS), threading.Lock()
        self._threads = ThreadPoolExecutor(REPORT_THREADS, "report")

    async def run_lookup(self, query: JournalQuery[Result], sender: str) -> Result:
        """Run a query of ``sender`` that reads few rows.

        Raises
        ------
        Problem
            Too many look-ups wait, or too many of the sender's, or this one takes too long.
        """
        with self._lookup_quota.open_share(sender) as share, _translate_timeout(LOOKUP_SECONDS):
            share.take(1)
            turn = self._sender_turns.setdefault(
                sender, asyncio.Semaphore(compute_sender_limit(LOOKUP_CONNECTIONS))
            )
            async with asyncio.timeout(LOOKUP_SECONDS) as waiting, turn, self._pool.acquire() as connection:
                waiting.reschedule(None)  # from here on the database limits the time
                return await _run_in_snapshot(cast(asyncpg.Connection, connection), query)

    async def run_report(self, query: JournalQuery[Result], sender: str) -> Result:
        """Run a query that reads many rows; ``query`` runs in another thread.

        Raises
        ------
        Problem
            Too many reports run, or one of the sender's, or this one takes too long.
        """
        slot = self._take_report_slot(sender)
        work = self._threads.submit(lambda: asyncio.run(self._run_on_own_connection(query)))
        work.add_done_callback(lambda _: self._release_report_slot(slot))  # also if the client has left
        return await asyncio.wrap_future(work)

    def _take_report_slot(self, sender: str) -> ExitStack:
        with self._report_lock, ExitStack() as slot:
            slot.enter_context(self._report_quota.open_share(sender)).take(1)
            return slot.pop_all()

    def _release_report_slot(self, slot: ExitStack) -> None:
        """Release a slot; called in the thread of the report."""
        with self._report_lock:
            slot.close()

    async def _run_on_own_connection(self, query: JournalQuery[Result]) -> Result:
        """Run a query on a connection of its own."""
        with _translate_timeout(REPORT_SECONDS):  # the server limits each query, the clock all of them
            settings = _build_settings(REPORT_SECONDS, "on")
            async with (
                asyncio.timeout(REPORT_SECONDS),
                open_limited_connection(self._dsn, settings, REPORT_SECONDS + _NETWORK_SECONDS) as connection,
            ):
                return await _run_in_snapshot(connection, query)

    def close(self) -> None:
        """Start no more reports."""
        self._threads.shutdown(wait=False, cancel_futures=True)


@asynccontextmanager
async def open_journal(dsn: str) -> AsyncIterator[JournalReader]:
    """Open the journal of a database for queries."""
    settings = _build_settings(LOOKUP_SECONDS, "off")
    async with open_pool(
        dsn, LOOKUP_CONNECTIONS, settings, command_seconds=LOOKUP_SECONDS + _NETWORK_SECONDS
    ) as pool:
        journal = JournalReader(dsn, pool)
        try:
            yield journal
        finally:
            journal.close()


async def _run_in_snapshot(connection: asyncpg.Connection, query: JournalQuery[Result]) -> Result:
    """Run a query on one snapshot, so that its statements agree with each other."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await query(connection)


@contextmanager
def _translate_timeout(seconds: int) -> Iterator[None]:
    """Translate a timeout to a problem; the timeout itself is set elsewhere."""
    try:
        yield
    except (asyncpg.QueryCanceledError, TimeoutError) as error:
        detail = f"The query takes longer than {seconds} seconds: ask for less, or retry later"
        raise try_again(detail, _RETRY_SECONDS) from error


def _build_settings(seconds: int, sequential_scans: str) -> dict[str, str]:
    """Return the settings of a session; look-ups must use indexes, whatever the planner estimates."""
    return {
        "application_name": "crescendo reader",
        "default_transaction_read_only": "on",
        "statement_timeout": f"{seconds}s",
        "enable_seqscan": sequential_scans,
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
    }
