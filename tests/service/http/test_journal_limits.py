"""Limits on journal queries: how many run, for how long, and that reports do not delay look-ups."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from posting.store.lookup_indexes import IndexType, open_indexes
from posting.store.migrate import migrate
from service.database.embedded_server import Database
from service.http import journal_queries
from service.http.journal_queries import (
    LOOKUP_CONNECTIONS,
    LOOKUPS_WAITING_MAX,
    REPORT_THREADS,
    JournalReader,
    open_journal,
)
from service.http.problems import Problem
from service.http.quotas import compute_sender_limit
from tests import databases


@pytest_asyncio.fixture
async def dsn(database: Database) -> AsyncIterator[str]:
    async with databases.create_database(database) as dsn, databases.open_connection(dsn) as connection:
        await migrate(connection)
        yield dsn


@pytest_asyncio.fixture
async def journal(dsn: str) -> AsyncIterator[JournalReader]:
    async with open_journal(dsn) as journal:
        yield journal


async def _count_batches(connection: asyncpg.Connection) -> int:
    return await connection.fetchval("select count(*) from batch") or 0


async def _return_seven(connection: asyncpg.Connection) -> int | None:
    return await connection.fetchval("select 7")


async def _try_write(connection: asyncpg.Connection) -> None:
    await connection.execute("create table theft (n int)")


async def _run_long(connection: asyncpg.Connection) -> None:
    await connection.execute("set local statement_timeout = 1")
    await connection.execute("select pg_sleep(60)")


async def _run_queries_without_end(connection: asyncpg.Connection) -> None:
    while True:
        await _return_seven(connection)


async def _fail(_: asyncpg.Connection) -> None:
    raise ArithmeticError("ours")


async def test_lookups_and_reports_return_results(journal: JournalReader) -> None:
    assert await journal.run_lookup(_count_batches, "MIN-01") == 0
    assert await journal.run_report(_count_batches, "MIN-01") == 0


async def test_lookups_and_reports_cannot_write(journal: JournalReader) -> None:
    for run in (journal.run_lookup, journal.run_report):
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await run(_try_write, "MIN-01")


async def test_slow_queries_are_ended(journal: JournalReader) -> None:
    for run in (journal.run_lookup, journal.run_report):
        with pytest.raises(Problem, match="takes longer") as caught:
            await run(_run_long, "MIN-01")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "30")


async def test_a_report_of_many_short_queries_is_ended(
    journal: JournalReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_queries, "REPORT_SECONDS", 1)
    with pytest.raises(Problem, match="takes longer than 1 seconds"):
        await journal.run_report(_run_queries_without_end, "MIN-01")
    assert await journal.run_report(_return_seven, "MIN-01") == 7, "its slot is free again"


async def test_reports_are_limited_and_do_not_block_lookups(journal: JournalReader, dsn: str) -> None:
    async with databases.lock_table(dsn, "batch", "access exclusive") as holder:
        reports = [
            asyncio.create_task(journal.run_report(_count_batches, sender)) for sender in ("MIN-01", "MIN-02")
        ]
        assert len(reports) == REPORT_THREADS
        await databases.wait_until_blocked(holder)
        with pytest.raises(Problem, match="reports are being computed") as caught:
            await journal.run_report(_count_batches, "MIN-03")
        assert caught.value.headers["retry-after"]
        assert await journal.run_lookup(_return_seven, "MIN-01") == 7
    assert await asyncio.gather(*reports) == [0] * REPORT_THREADS
    assert await journal.run_report(_count_batches, "MIN-01") == 0, "their slots are free again"


async def test_a_failed_report_releases_its_slot(journal: JournalReader) -> None:
    for _ in range(REPORT_THREADS + 1):
        with pytest.raises(ArithmeticError, match="ours"):
            await journal.run_report(_fail, "MIN-01")


async def test_waiting_lookups_are_limited(journal: JournalReader, dsn: str) -> None:
    async with databases.lock_table(dsn, "batch", "access exclusive") as holder:
        senders = ["MIN-01", "MIN-02"] * (LOOKUPS_WAITING_MAX // 2)
        waiting = [asyncio.create_task(journal.run_lookup(_count_batches, sender)) for sender in senders]
        await databases.wait_until_blocked(holder)
        with pytest.raises(Problem, match="Too many queries wait") as caught:
            await journal.run_lookup(_count_batches, "MIN-03")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "1")
    assert await asyncio.gather(*waiting) == [0] * LOOKUPS_WAITING_MAX


async def test_one_sender_may_use_half_of_the_lookups(journal: JournalReader, dsn: str) -> None:
    """One sender's look-ups wait for each other; another sender still gets a connection."""
    async with databases.lock_table(dsn, "batch", "access exclusive") as holder:
        most = compute_sender_limit(LOOKUPS_WAITING_MAX)
        waiting = [asyncio.create_task(journal.run_lookup(_count_batches, "MIN-01")) for _ in range(most)]
        await databases.wait_until_blocked(holder)
        with pytest.raises(Problem, match="many of your queries") as caught:
            await journal.run_lookup(_count_batches, "MIN-01")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "1")
        assert [await journal.run_lookup(_return_seven, "MIN-02") for _ in range(LOOKUP_CONNECTIONS)] == [
            7
        ] * LOOKUP_CONNECTIONS
        busy = "select count(*) from pg_stat_activity where application_name = 'crescendo reader' and state = 'active'"
        assert (await holder.fetchval(busy) or 0) <= compute_sender_limit(LOOKUP_CONNECTIONS)
    assert await asyncio.gather(*waiting) == [0] * most
    assert await journal.run_lookup(_return_seven, "MIN-01") == 7


async def test_a_lookup_that_waits_too_long_is_ended(
    journal: JournalReader, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with databases.lock_table(dsn, "batch", "access exclusive") as holder:
        under_way = [
            asyncio.create_task(journal.run_lookup(_count_batches, "MIN-01"))
            for _ in range(compute_sender_limit(LOOKUP_CONNECTIONS))
        ]
        await databases.wait_until_blocked(holder)
        monkeypatch.setattr(journal_queries, "LOOKUP_SECONDS", 0.01)
        with pytest.raises(Problem, match="takes longer") as caught:
            await journal.run_lookup(_return_seven, "MIN-01")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "30")
    assert await asyncio.gather(*under_way) == [0] * len(under_way)


async def test_one_sender_may_use_half_of_the_reports(journal: JournalReader, dsn: str) -> None:
    async with databases.lock_table(dsn, "batch", "access exclusive") as holder:
        report = asyncio.create_task(journal.run_report(_count_batches, "MIN-01"))
        await databases.wait_until_blocked(holder)
        with pytest.raises(Problem, match="many of your reports") as caught:
            await journal.run_report(_return_seven, "MIN-01")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "5")
        assert await journal.run_report(_return_seven, "MIN-02") == 7
    assert await report == 0
    assert await journal.run_report(_return_seven, "MIN-01") == 7


async def test_an_abandoned_report_keeps_its_slot_until_it_ends(journal: JournalReader, dsn: str) -> None:
    async with databases.lock_table(dsn, "batch", "access exclusive") as holder:
        report = asyncio.create_task(journal.run_report(_count_batches, "MIN-01"))
        await databases.wait_until_blocked(holder)
        report.cancel()
        with pytest.raises(asyncio.CancelledError):
            await report
        with pytest.raises(Problem, match="many of your reports"):
            await journal.run_report(_return_seven, "MIN-01")
    while journal._report_quota.used:  # noqa: ASYNC110 -- its thread signals nobody
        await asyncio.sleep(0.01)
    assert await journal.run_report(_return_seven, "MIN-01") == 7


async def test_lookups_use_indexes(journal: JournalReader, dsn: str) -> None:
    async with databases.open_connection(dsn) as connection, open_indexes(dsn) as lookups:
        for part in range(2):
            await connection.execute("select ensure_entry_partition($1)", part)
        for sort in IndexType:
            for statement in await lookups.list_missing(lookups.partition_rows + 1, sort):
                await lookups.build(statement)

    async def plans(connection: asyncpg.Connection) -> list[str]:
        conditions = ("entry where reference = 'EJ-1'", "entry where predecessor = any('{8}'::bigint[])")
        others = ("refusal where reference = 'EJ-1'", "node_balance where node = any('{8}'::int[])")
        rowss = [await connection.fetch(f"explain select from {query}") for query in (*conditions, *others)]
        return ["\n".join(row[0] for row in rows) for rows in rowss]

    for plan in await journal.run_lookup(plans, "MIN-01"):
        assert "Index Scan" in plan
        assert "Seq Scan" not in plan
