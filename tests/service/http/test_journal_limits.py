"""Questions to the journal are bounded: so many at once, for so long, and a report holds nobody up."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from posting.store.lookup_indexes import Sort, tended
from posting.store.migrate import migrate
from service.database.embedded import Database
from service.http import journal_queries
from service.http.journal_queries import LOOK_UPS, LOOK_UPS_WAITING_MAX, REPORTS, Journal, asking
from service.http.problems import Problem
from service.http.quotas import own_part
from tests import databases


@pytest_asyncio.fixture
async def dsn(database: Database) -> AsyncIterator[str]:
    async with databases.fresh(database) as dsn, databases.connected(dsn) as connection:
        await migrate(connection)
        yield dsn


@pytest_asyncio.fixture
async def journal(dsn: str) -> AsyncIterator[Journal]:
    async with asking(dsn) as journal:
        yield journal


async def _batches(connection: asyncpg.Connection) -> int:
    return await connection.fetchval("select count(*) from batch") or 0


async def _seven(connection: asyncpg.Connection) -> int | None:
    return await connection.fetchval("select 7")


async def _writes(connection: asyncpg.Connection) -> None:
    await connection.execute("create table theft (n int)")


async def _takes_long(connection: asyncpg.Connection) -> None:
    await connection.execute("set local statement_timeout = 1")
    await connection.execute("select pg_sleep(60)")


async def _fails(_: asyncpg.Connection) -> None:
    raise ArithmeticError("ours")


async def test_both_rooms_answer(journal: Journal) -> None:
    assert await journal.look_up(_batches, "MIN-01") == 0
    assert await journal.report(_batches, "MIN-01") == 0


async def test_nothing_is_written_in_either_room(journal: Journal) -> None:
    for room in (journal.look_up, journal.report):
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await room(_writes, "MIN-01")


async def test_what_takes_too_long_is_to_be_asked_again(journal: Journal) -> None:
    for room in (journal.look_up, journal.report):
        with pytest.raises(Problem, match="takes longer") as caught:
            await room(_takes_long, "MIN-01")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "30")


async def test_so_many_reports_are_made_at_once_and_look_ups_go_on(journal: Journal, dsn: str) -> None:
    async with databases.held_up(dsn, "batch", "access exclusive") as holder:
        reports = [asyncio.create_task(journal.report(_batches, sender)) for sender in ("MIN-01", "MIN-02")]
        assert len(reports) == REPORTS
        await databases.until_one_waits(holder)
        with pytest.raises(Problem, match="as can be made at once") as caught:
            await journal.report(_batches, "MIN-03")
        assert caught.value.headers["retry-after"]
        assert await journal.look_up(_seven, "MIN-01") == 7
    assert await asyncio.gather(*reports) == [0] * REPORTS
    assert await journal.report(_batches, "MIN-01") == 0, "their seats are free again"


async def test_a_report_that_fails_leaves_its_seat(journal: Journal) -> None:
    for _ in range(REPORTS + 1):
        with pytest.raises(ArithmeticError, match="ours"):
            await journal.report(_fails, "MIN-01")


async def test_so_many_look_ups_wait_and_no_more(journal: Journal, dsn: str) -> None:
    async with databases.held_up(dsn, "batch", "access exclusive") as holder:
        senders = ["MIN-01", "MIN-02"] * (LOOK_UPS_WAITING_MAX // 2)
        waiting = [asyncio.create_task(journal.look_up(_batches, sender)) for sender in senders]
        await databases.until_one_waits(holder)
        with pytest.raises(Problem, match="As many questions wait as can wait") as caught:
            await journal.look_up(_batches, "MIN-03")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "1")
    assert await asyncio.gather(*waiting) == [0] * LOOK_UPS_WAITING_MAX


async def test_one_sender_leaves_half_of_the_look_ups_to_the_others(journal: Journal, dsn: str) -> None:
    """Its own wait for its own: there is room in the queue for another, and a connection."""
    async with databases.held_up(dsn, "batch", "access exclusive") as holder:
        most = own_part(LOOK_UPS_WAITING_MAX)
        waiting = [asyncio.create_task(journal.look_up(_batches, "MIN-01")) for _ in range(most)]
        await databases.until_one_waits(holder)
        with pytest.raises(Problem, match="many of your questions") as caught:
            await journal.look_up(_batches, "MIN-01")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "1")
        assert [await journal.look_up(_seven, "MIN-02") for _ in range(LOOK_UPS)] == [7] * LOOK_UPS
        busy = "select count(*) from pg_stat_activity where application_name = 'crescendo reader' and state = 'active'"
        assert (await holder.fetchval(busy) or 0) <= own_part(LOOK_UPS)
    assert await asyncio.gather(*waiting) == [0] * most
    assert await journal.look_up(_seven, "MIN-01") == 7


async def test_a_look_up_that_waits_too_long_for_its_turn_is_to_be_asked_again(
    journal: Journal, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with databases.held_up(dsn, "batch", "access exclusive") as holder:
        under_way = [
            asyncio.create_task(journal.look_up(_batches, "MIN-01")) for _ in range(own_part(LOOK_UPS))
        ]
        await databases.until_one_waits(holder)
        monkeypatch.setattr(journal_queries, "LOOK_UP_SECONDS", 0.01)
        with pytest.raises(Problem, match="takes longer") as caught:
            await journal.look_up(_seven, "MIN-01")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "30")
    assert await asyncio.gather(*under_way) == [0] * len(under_way)


async def test_one_sender_leaves_half_of_the_reports_to_the_others(journal: Journal, dsn: str) -> None:
    async with databases.held_up(dsn, "batch", "access exclusive") as holder:
        report = asyncio.create_task(journal.report(_batches, "MIN-01"))
        await databases.until_one_waits(holder)
        with pytest.raises(Problem, match="many of your reports") as caught:
            await journal.report(_seven, "MIN-01")
        assert (caught.value.status, caught.value.headers["retry-after"]) == (503, "5")
        assert await journal.report(_seven, "MIN-02") == 7
    assert await report == 0
    assert await journal.report(_seven, "MIN-01") == 7


async def test_a_report_that_nobody_waits_for_keeps_its_seat_to_its_end(journal: Journal, dsn: str) -> None:
    async with databases.held_up(dsn, "batch", "access exclusive") as holder:
        report = asyncio.create_task(journal.report(_batches, "MIN-01"))
        await databases.until_one_waits(holder)
        report.cancel()
        with pytest.raises(asyncio.CancelledError):
            await report
        with pytest.raises(Problem, match="many of your reports"):
            await journal.report(_seven, "MIN-01")
    while journal._seats.taken:  # noqa: ASYNC110 - its thread tells nobody
        await asyncio.sleep(0.01)
    assert await journal.report(_seven, "MIN-01") == 7


async def test_a_look_up_reads_by_its_index(journal: Journal, dsn: str) -> None:
    async with databases.connected(dsn) as connection, tended(dsn) as lookups:
        for part in range(2):
            await connection.execute("select ensure_entry_partition($1)", part)
        for sort in Sort:
            for statement in await lookups.missing(lookups.partition_rows + 1, sort):
                await lookups.build(statement)

    async def plans(connection: asyncpg.Connection) -> list[str]:
        conditions = ("entry where reference = 'EJ-1'", "entry where predecessor = any('{8}'::bigint[])")
        others = ("refusal where reference = 'EJ-1'", "node_balance where node = any('{8}'::int[])")
        found = [await connection.fetch(f"explain select from {each}") for each in (*conditions, *others)]
        return ["\n".join(row[0] for row in rows) for rows in found]

    for plan in await journal.look_up(plans, "MIN-01"):
        assert "Index Scan" in plan
        assert "Seq Scan" not in plan
