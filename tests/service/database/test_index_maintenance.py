"""Look-up indexes while the service runs: when they are updated, and that nothing waits for it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from posting.store.lookup_indexes import IndexType, LookupIndexes, build_filters, open_indexes
from posting.store.migrate import migrate
from reporting.act_rows import choose_lookup
from reporting.report_queries import SQL
from service.database.embedded_server import Database
from service.database.index_maintenance import IDLE_SECONDS, OVERDUE_SECONDS, IndexBacklog
from tests import databases
from tests.service.http.access_keys import MINISTRY, insert_keys
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import JSONL, fetch, run_service, to_jsonl

ROWS = 100
"""Entries of a partition: small enough to be full soon."""


def test_a_backlog_is_due_in_a_pause() -> None:
    backlog = IndexBacklog()
    assert not backlog.is_due(1e9, ROWS), "nothing was committed"
    backlog.grow(10, 100)
    assert not backlog.is_due(100 + IDLE_SECONDS - 1, ROWS)
    assert backlog.is_due(100 + IDLE_SECONDS, ROWS)
    backlog.mark_indexed_entries(10)
    assert not backlog.is_due(1e9, ROWS)


def test_a_backlog_does_not_wait_forever() -> None:
    backlog = IndexBacklog()
    for second in range(OVERDUE_SECONDS + 1):
        backlog.grow(second, second)
        assert backlog.is_due(second, ROWS) == (second == OVERDUE_SECONDS)
        assert not backlog.is_idle(second)


def test_a_large_backlog_is_due_at_once() -> None:
    backlog = IndexBacklog()
    backlog.grow(ROWS - 1, 5)
    assert not backlog.is_due(5, ROWS)
    backlog.grow(ROWS, 5)
    assert backlog.is_due(5, ROWS)
    backlog.mark_indexed_entries(ROWS - 1)
    assert not backlog.is_due(5, ROWS)
    assert backlog.is_due(5 + IDLE_SECONDS, ROWS), "one came while the others were summed up"


@pytest_asyncio.fixture
async def journal(database: Database) -> AsyncIterator[str]:
    """A journal of three partitions, two of them full, without indexes."""
    async with (
        databases.create_database(database, databases.EMPTY) as dsn,
        databases.open_connection(dsn) as connection,
    ):
        await migrate(connection, ROWS)
        for part in range(3):
            await connection.execute("select ensure_entry_partition($1)", part)
        await _add_entries(connection, range(1, 251))
        yield dsn


async def _add_entries(connection: asyncpg.Connection, entries: range) -> None:
    await connection.execute(
        "insert into entry select n, n - 1, 1, 0, 1, n, '2018-01-01', 0, 0, 0, 9, 2018, 1, 0, 0, 'R' || n"
        " from generate_series($1::int, $2::int) as t (n)",
        entries[0],
        entries[-1],
    )


async def _list_trees(dsn: str) -> list[str]:
    rows = await fetch(
        dsn,
        "select indexname from pg_indexes where tablename ~ '^entry_[0-9]' and indexdef like '%btree%' order by 1",
    )
    return [row["indexname"] for row in rows]


async def _count_unsummarized(dsn: str) -> int:
    """Count the page ranges of the journal that no index covers."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(
            "select sum(brin_summarize_new_values(c.oid)) from pg_class c where c.relname ~ '^entry_.*_entry_id_idx$'"
        )
    finally:
        await connection.close()


async def _build_all(lookups: LookupIndexes, entries: int) -> None:
    for statement in await lookups.list_missing(entries, IndexType.TREE):
        await lookups.build(statement)


async def test_only_full_partitions_get_trees(journal: str) -> None:
    async with open_indexes(journal) as lookups:
        assert lookups.partition_rows == ROWS
        await _build_all(lookups, 250)
        assert await lookups.list_missing(250, IndexType.TREE) == []
    assert await _list_trees(journal) == [
        f"entry_00000{part}_{key}" for part in range(2) for key in ("predecessor", "reference")
    ]


async def test_filters_serve_until_there_are_trees(journal: str) -> None:
    async with open_indexes(journal) as lookups:
        first, second = await lookups.list_missing(250, IndexType.FILTER)
        await lookups.build(first)
        assert await lookups.list_missing(250, IndexType.FILTER) == [second]
        await _build_all(lookups, 250)
        assert await lookups.list_missing(250, IndexType.FILTER) == [], "a tree is better"


async def test_the_current_partition_gets_a_filter_once_nobody_writes(journal: str) -> None:
    """No writer waits for the turn of the index: while one is at work it is not built, and another may begin."""
    async with open_indexes(journal) as lookups, databases.open_connection(journal) as writer:
        (statement,) = await lookups.list_missing(250, IndexType.TAIL)
        assert "entry_000002" in statement
        transaction = writer.transaction()
        await transaction.start()
        await _add_entries(writer, range(251, 256))
        assert not await lookups.build(statement)
        await _add_entries(writer, range(256, 261))
        await transaction.commit()
        assert await lookups.list_missing(260, IndexType.TAIL) == [statement]
        assert await lookups.build(statement)
        assert await lookups.list_missing(260, IndexType.TAIL) == []
        assert await writer.fetchval("select count(*) from entry where reference = 'R260'") == 1


async def test_an_unfinished_index_is_removed_and_built_again(journal: str) -> None:
    """Earlier versions built it beside the writers; one that was killed left an index that is never used."""
    async with databases.open_connection(journal) as writer, databases.open_connection(journal) as other:
        transaction = writer.transaction()
        await transaction.start()
        await _add_entries(writer, range(251, 256))
        unfinished = "create index concurrently entry_000002_filter on entry_000002 using brin (reference)"
        build = asyncio.create_task(other.execute(unfinished))
        await databases.wait_until_blocked(writer)
        build.cancel()
        with pytest.raises(asyncio.CancelledError):
            await build
        async with open_indexes(journal) as lookups:
            (statement,) = await lookups.list_missing(250, IndexType.TAIL)
            assert not await lookups.build(statement)
            await transaction.commit()
            assert await lookups.build(statement)
            assert await lookups.list_missing(250, IndexType.TAIL) == []


async def test_a_partition_is_full_with_its_last_entry_committed(journal: str) -> None:
    async with open_indexes(journal) as lookups:
        assert await lookups.list_missing(99, IndexType.TREE) == []
        assert len(await lookups.list_missing(100, IndexType.TREE)) == 2
        assert len(await lookups.list_missing(199, IndexType.TREE)) == 2


async def test_indexing_neither_waits_for_writers_nor_delays_them(journal: str) -> None:
    """While a batch is not committed yet, indexes are updated, and then the batch is committed."""
    async with databases.open_connection(journal) as writer, open_indexes(journal) as lookups:
        transaction = writer.transaction()
        await transaction.start()
        await _add_entries(writer, range(251, 261))
        await lookups.summarize(250)
        await _build_all(lookups, 250)
        await _add_entries(writer, range(261, 271))
        await transaction.commit()
    assert (await fetch(journal, "select count(*) as entries from entry"))[0]["entries"] == 270


async def test_only_new_rows_are_summarized_and_read_again(journal: str) -> None:
    async with open_indexes(journal) as lookups:
        await lookups.summarize(250)
        assert await _count_unsummarized(journal) == 0
        async with databases.open_connection(journal) as writer:
            await writer.execute("insert into entry select 251, 0, 1, 0, 1, n, '2018-01-01', 0, 0, 0, 9, 2018,"
                                 " 1, 0, 0, 'R251' from generate_series(1, 5000) as t (n)")  # fmt: skip
        await lookups.summarize(5250)
    assert await _count_unsummarized(journal) == 0


async def test_a_cancelled_build_leaves_nothing_behind(journal: str) -> None:
    """Another session has the lock that building a tree needs; while it waits, the service stops."""
    async with databases.open_connection(journal) as other, other.transaction():
        await other.execute("lock table entry_000000 in row exclusive mode")

        async def build() -> None:
            async with open_indexes(journal) as lookups:
                await _build_all(lookups, 100)

        task = asyncio.create_task(build())
        await databases.wait_until_blocked(other)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await _list_trees(journal) == []


_LOOK_UPS = (
    ("entries_by_reference", ("R77", None, None, None, None, 0, None)),
    ("followers", ([77], 77, None)),
    ("drawn", ([77], 77)),
)


async def test_a_run_builds_the_filters_that_look_ups_use(journal: str) -> None:
    """The planner knows nothing of the rows, and a partition that it reads whole takes a tenth of a second."""
    await build_filters(journal, 250)
    async with open_indexes(journal) as lookups:
        assert not await lookups.list_missing(250, IndexType.FILTER)
        assert not await lookups.list_missing(250, IndexType.TAIL)
    async with databases.open_connection(journal) as connection, connection.transaction():
        await choose_lookup(connection, 1)
        for query, arguments in _LOOK_UPS:
            rows = await connection.fetch(f"explain {_strip_comments(SQL[query])}", *arguments)
            plan = "\n".join(row[0] for row in rows)
            assert plan.count("_filter") == 3, plan
            assert "_entry_id_idx" not in plan


async def test_a_run_leaves_the_filter_of_a_locked_partition_to_the_next(journal: str) -> None:
    async with databases.open_connection(journal) as other, other.transaction():
        await other.execute("lock table entry_000000 in row exclusive mode")
        await build_filters(journal, 250)
    async with open_indexes(journal) as lookups:
        (missing,) = await lookups.list_missing(250, IndexType.FILTER)
        assert "entry_000000" in missing
        assert not await lookups.list_missing(250, IndexType.TAIL)
    await build_filters(journal, 250)
    async with open_indexes(journal) as lookups:
        assert not await lookups.list_missing(250, IndexType.FILTER)


def _strip_comments(statement: str) -> str:
    return "\n".join(line for line in statement.splitlines() if not line.startswith("--"))


async def test_the_service_updates_the_indexes_by_itself(database: Database, tmp_path: Path) -> None:
    async with databases.create_database(database, databases.EMPTY) as dsn:
        async with databases.open_connection(dsn) as connection:
            await migrate(connection, ROWS)
        await insert_keys(dsn)
        async with run_service(dsn, tmp_path) as service, service.client(MINISTRY) as client:
            await submit_credits(client)
            rows = [build_commitment(f"C{n}", "0.01") for n in range(2 * ROWS)]
            await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
            for _ in range(5):  # four trees, and the filter of the partition that is written to
                await service.wait_for_log("index built")
                service.log_lines[:] = [line for line in service.log_lines if "index built" not in line]
            assert len(await _list_trees(dsn)) == 4
            assert await _count_unsummarized(dsn) == 0
            document = (await client.get(f"/v1/acts?reference=C{ROWS}")).json()
            assert [line["reference"] for line in document["accepted"]] == [f"C{ROWS}"]
