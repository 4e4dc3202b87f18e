"""The evidence of batches: it covers every table beside the journal, and a change of any row of it is found."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from posting.book.registry import ReferenceData
from posting.store.migrate import migrate
from reporting.verification import verify
from reporting.verification.evidence import COVERED_TABLES, EvidenceCheck, check_evidence
from reporting.verification.snapshot_queries import JournalSnapshot, open_snapshot
from service.database.embedded_server import Database
from tests.databases import create_database, open_connection
from tests.file_strategies import REFERENCE, build_openings
from tests.reporting.journals import process_files
from tests.reporting.verification.covered_rows import ROWS, SINGLE_ROWS
from tests.service.http.running_service import to_jsonl

TABLES = sorted(COVERED_TABLES)
COUNTED = ", ".join(f"(select count(*) from {table}) as {table}" for table in TABLES)


async def process(dsn: str, folder: Path, number: int) -> None:
    """Process a file in a batch of its own."""
    path = folder / f"{number}.jsonl"
    opening = build_openings()[number]
    path.write_bytes(b'{"envelope": {"sender": "TREASURY"}}\n' + to_jsonl([opening]))
    await process_files(dsn, folder, [path], ReferenceData.load(REFERENCE))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def covered_ledger(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """The address of a ledger with rows in every covered table, and two batches."""
    folder = tmp_path_factory.mktemp("covered")
    async with create_database(database) as dsn:
        async with open_connection(dsn) as connection:
            await migrate(connection)
            for statement in ROWS:
                await connection.execute(statement)
        for number in range(2):
            await process(dsn, folder, number)
        yield dsn


@pytest_asyncio.fixture
async def connection(covered_ledger: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that changes any row, in a transaction that is rolled back."""
    async with open_connection(covered_ledger) as connection:
        await connection.execute("set session_replication_role = replica; begin")
        yield connection


async def check(connection: asyncpg.Connection) -> EvidenceCheck:
    return await check_evidence(JournalSnapshot(connection))


async def list_places(connection: asyncpg.Connection) -> list[str]:
    return [finding.place for finding in (await check(connection)).result.findings]


async def test_every_row_beside_the_journal_is_covered(connection: asyncpg.Connection) -> None:
    evidence = await check(connection)
    assert evidence.result.findings == []
    (row,) = await connection.fetch(f"select {COUNTED}")
    assert min(dict(row.items()).values()) > 0
    assert {table for table, rows in row.items() if rows == 1} == SINGLE_ROWS
    assert (evidence.covered, evidence.pending) == (sum(row.values()), 0)
    last = await connection.fetchval("select encode(evidence, 'hex') from batch where batch = 2")
    assert evidence.head == last


async def change_row(connection: asyncpg.Connection, table: str) -> None:
    """Change one row by its last column that takes another value of its own kind."""
    columns = await connection.fetch(
        "select attname as name, atttypid::regtype::text as type from pg_attribute"
        " where attrelid = $1::text::regclass and attnum > 0 order by attnum desc",
        table,
    )
    changes = {
        "text": "{0} || 'x'",
        "integer": "{0} + 1",
        "bigint": "{0} + 1",
        "smallint": "{0} + 1",
        "date": "{0} + 1",
        "boolean": "not {0}",
        "timestamp with time zone": "{0} - interval '1 second'",
        "bytea": "sha256({0})",
        "jsonb": "{0} || '{{\"z\": 1}}'",
        "text[]": "{0} || array['x']",
    }
    for column in columns:
        name, change = column["name"], changes[column["type"]].format(column["name"])
        first = f"ctid = (select ctid from {table} where ({change}) is distinct from {name} order by ctid limit 1)"
        if await connection.execute(f"update {table} set {name} = {change} where {first}") == "UPDATE 1":
            return
    pytest.fail(f"no row of {table} was changed")


async def drop_checks(connection: asyncpg.Connection, table: str) -> None:
    """Drop the constraints, as somebody does who owns the tables and changes a row."""
    for row in await connection.fetch(
        "select conname as name from pg_constraint where conrelid = $1::text::regclass and contype in ('c', 'f', 'p', 'u')",
        table,
    ):
        await connection.execute(f'alter table {table} drop constraint "{row["name"]}" cascade')


def build_changes(table: str) -> dict[str, str]:
    """Return statements that remove a row of a table, and add one."""
    first = f"where ctid = (select min(ctid) from {table})"
    return {
        "removed": f"delete from {table} {first}",
        "added": f"insert into {table} overriding system value select * from {table} {first}",
    }


@pytest.mark.parametrize("table", TABLES)
async def test_a_changed_row_of_each_table_is_found(table: str, connection: asyncpg.Connection) -> None:
    await drop_checks(connection, table)
    await change_row(connection, table)
    places = await list_places(connection)
    assert len(places) == 2, places  # the row as it is now, and the row that was covered
    assert all(place.startswith(table) for place in places), places


@pytest.mark.parametrize("change", ["removed", "added"])
@pytest.mark.parametrize("table", TABLES)
async def test_a_removed_or_added_row_of_each_table_is_found(
    table: str, change: str, connection: asyncpg.Connection
) -> None:
    await drop_checks(connection, table)
    await connection.execute(build_changes(table)[change])
    (place,) = await list_places(connection)
    assert place.startswith(table)
    assert ("covered by batch 1" in place) == (change == "removed")


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ("update batch set committed_at = committed_at + interval '1 second' where batch = 1", ["batch 1"]),
        ("update batch set decided_at = decided_at - interval '1 second' where batch = 2", ["batch 2"]),
        ("update batch set epoch = epoch + 1 where batch = 2", ["batch 2"]),
        ("update batch set chain = sha256(chain) where batch = 1", ["batch 1"]),
        ("update batch set evidence = sha256(evidence) where batch = 1", ["batch 1", "batch 2"]),
        ("update batch set evidence = sha256(evidence) where batch = 2", ["batch 2"]),
        ("delete from batch where batch = 1", ["batch 2", "batch 1"]),
        ("update evidence set batch = 2 where relation = 'payment_file'", ["batch 1", "batch 2"]),
        ("update evidence set position = -position where relation = 'payment_file'", ["batch 1"]),
        ("insert into evidence select 9, position, relation, columns, digest from pending_evidence", []),
    ],
)
async def test_a_change_of_the_evidence_itself_is_found(
    change: str, places: list[str], connection: asyncpg.Connection
) -> None:
    await connection.execute(change)
    assert await list_places(connection) == places


async def test_a_changed_row_with_another_digest_breaks_the_hash_of_its_batch(
    connection: asyncpg.Connection,
) -> None:
    """Whoever changes a row and its digest must change the evidence of its batch and of all later ones."""
    await connection.execute("update payment_file set sha256 = sha256(sha256) where file = 1")
    digest = "sha256(convert_to('payment_file', 'UTF8') || '\\x00'::bytea || record_send(f))"
    await connection.execute(
        f"update evidence set digest = (select {digest} from payment_file f where file = 1)"
        " where position = (select min(position) from evidence where relation = 'payment_file')"
    )
    assert await list_places(connection) == ["batch 1"]


async def test_later_rows_wait_for_the_next_batch(connection: asyncpg.Connection) -> None:
    """A row that waits is counted, and a change of it is found already."""
    await connection.execute("set session_replication_role = origin")
    await connection.execute(
        "insert into interest_mark (last_entry) values (77); insert into interest_mark (last_entry) values (78)"
    )
    evidence = await check(connection)
    assert (evidence.result.findings, evidence.pending) == ([], 2)
    await connection.execute("set session_replication_role = replica")
    await connection.execute("update interest_mark set noted_at = 'infinity' where last_entry = 77")
    first, second = await list_places(connection)
    assert first == "interest_mark 77"
    assert second.endswith("not covered yet")
    await connection.execute("delete from pending_evidence")
    assert sorted(await list_places(connection)) == ["interest_mark 77", "interest_mark 78"]


async def test_columns_that_a_later_version_adds_change_nothing(connection: asyncpg.Connection) -> None:
    await connection.execute("alter table payment_file add column colour text not null default 'red'")
    await connection.execute("set session_replication_role = origin")
    await connection.execute(
        "insert into payment_file values (1, 3, '3.xml', 'M3', 'CBCM', 1, '2018-06-30', 1, 100, 9, sha256(''), 'blue')"
    )
    evidence = await check(connection)
    assert (evidence.result.findings, evidence.pending) == ([], 1)
    await connection.execute("set session_replication_role = replica")
    await connection.execute("update payment_file set colour = 'green' where file = 3")
    assert len(await list_places(connection)) == 2


async def test_the_next_batch_covers_what_came_since(dsn: str, tmp_path: Path) -> None:
    """Rows of a transaction that is rolled back leave nothing; what a batch does not take is left to the next."""
    await process(dsn, tmp_path, 0)
    async with open_connection(dsn) as connection:
        await connection.execute("begin; insert into interest_mark (last_entry) values (1); rollback")
        await connection.execute(
            "insert into interest_mark (last_entry) select n from generate_series(1, 10005) n"
        )
        await process(dsn, tmp_path, 1)
        assert await connection.fetchval("select exists (select from pending_evidence)")
        covered = await connection.fetchval("select count(*) from evidence where batch = 2")
        assert covered == 10_000
    async with open_snapshot(dsn) as snapshot:
        evidence = await check_evidence(snapshot)
    assert evidence.result.findings == []
    assert 0 < evidence.pending < 100


async def test_the_verification_states_evidence_and_rows_that_wait(dsn: str, tmp_path: Path) -> None:
    await process(dsn, tmp_path, 0)
    async with open_connection(dsn) as connection:
        await connection.execute("insert into interest_mark (last_entry) values (1)")
        head = await connection.fetchval("select encode(evidence, 'hex') from batch")
    verification = await verify(dsn, folder=REFERENCE)
    assert verification.is_proven, verification.findings
    assert (verification.evidence, verification.pending_rows) == (head, 1)
    assert [check.name for check in verification.checks[:2]] == ["chain", "evidence"]
