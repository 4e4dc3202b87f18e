"""The clocks against the last stored time: every sort of time counts, and a correction begins anew.

No clock is changed: times later than now are stored, as a clock that was right would have stored them before it was set back.
"""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from core.errors import ClockSetBack
from posting.store.ledger_clock import (
    TOLERANCE,
    LedgerClock,
    RefusedCorrection,
    StoredTime,
    check_clocks,
    find_setback,
    store_correction,
)
from posting.store.migrate import migrate
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.posting.loaded_engines import process_rows
from tests.reporting.journals import BUDGET

NOON = datetime(2018, 5, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SORTS: Mapping[str, tuple[str, str]] = {
    "submission": (
        (
            "insert into submission (submission, sender, file_hash, file_name, format, size_bytes, received_at)"
            " values (7, 'MIN-01', sha256('7'), 'a.csv', 'csv', 1, {at})"
        ),
        "submission 7",
    ),
    "directory change": (
        "insert into directory_change (reason, by, key, at) values ('r', 'Alice', '', {at})",
        "directory change 1",
    ),
    "decision": (
        (
            "insert into period_decision (exercise, month, accountant, action, reason, by, key, at)"
            " values (2018, 5, 0, 'close', 'r', 'Alice', '', {at})"
        ),
        "decision 1 about a period",
    ),
    "run": (
        (
            "insert into payment_run (run, until, last_entry, accountants, lines, cents, left_out, left_out_cents, digest,"
            " proposed_by, proposed_at) values (3, '2018-05-31', 1, '{{}}', 1, 1, 0, 0, sha256(''), 'Alice', {at})"
        ),
        "payment run 3",
    ),
    "release": (
        "insert into payment_release (run, lines, cents, released_by, released_at) values (3, 1, 1, 'Bruno', {at})",
        "release of payment run 3",
    ),
}
"""Of each sort the statement that stores a time, and how the error names it."""


@pytest_asyncio.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A ledger without acts."""
    async with open_connection(dsn) as connection:
        await migrate(connection)
        yield connection


async def plant(connection: asyncpg.Connection, sort: str, ahead: str) -> None:
    """Store a row of this sort whose time is that of the database's clock plus ``ahead``."""
    if sort == "decision":
        await connection.execute("insert into period_start values (2018, 5, true)")
    if sort == "release":
        await plant(connection, "run", "0 seconds")
    await connection.execute(SORTS[sort][0].format(at=f"clock_timestamp() + interval '{ahead}'"))


async def read_time(connection: asyncpg.Connection, query: str) -> datetime:
    (row,) = await connection.fetch(query)
    return row[0].replace(microsecond=0)


def test_a_clock_may_be_before_the_last_time_by_the_tolerance_alone() -> None:
    last = StoredTime("batch 7", NOON)
    assert find_setback("this machine", NOON - TOLERANCE, last) is None
    setback = find_setback("this machine", NOON - TOLERANCE - SECOND, last)
    assert str(setback).startswith(
        "the clock of this machine is set back: it says 2018-05-02 11:59:49 UTC, and the ledger has stored"
        " 2018-05-02 12:00:00 UTC for batch 7"
    )
    assert "Set the clock right" in str(setback)


def test_a_batch_before_an_earlier_one_is_refused() -> None:
    now, clock = datetime.now(UTC), LedgerClock()
    clock.follow_commit(7, now)
    clock.follow_commit(8, now - TOLERANCE)
    assert clock.last == StoredTime("batch 7", now)
    with pytest.raises(ClockSetBack, match=r"the clock of the database server .* for batch 7"):
        clock.follow_commit(9, now - TOLERANCE - SECOND)
    with pytest.raises(ClockSetBack, match="the clock of the database server"):
        clock.check()


def test_each_machine_is_compared() -> None:
    """The database's clock is right, and that of this machine is an hour behind it."""
    clock = LedgerClock()
    clock.follow_commit(7, datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(ClockSetBack, match="the clock of this machine"):
        clock.check()


async def test_an_empty_ledger_accepts_every_clock(connection: asyncpg.Connection) -> None:
    await check_clocks(connection)


@pytest.mark.parametrize("sort", list(SORTS))
async def test_every_sort_of_time_counts(connection: asyncpg.Connection, sort: str) -> None:
    await plant(connection, sort, "1 hour")
    with pytest.raises(ClockSetBack, match=f"for {SORTS[sort][1]}, so"):
        await check_clocks(connection)


@pytest.mark.parametrize("sort", list(SORTS))
async def test_a_time_within_the_tolerance_is_accepted(connection: asyncpg.Connection, sort: str) -> None:
    await plant(connection, sort, "5 seconds")
    await check_clocks(connection)


async def test_an_engine_decides_nothing_while_a_clock_is_set_back(
    connection: asyncpg.Connection, dsn: str, tmp_path: Path
) -> None:
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET[:1], "TREASURY")
    assert await connection.fetchval("select count(*) from entry") == 1
    await plant(connection, "directory change", "1 hour")
    with pytest.raises(ClockSetBack, match="for directory change 1"):
        await process_rows(dsn, tmp_path, REFERENCE, BUDGET[1:2], "TREASURY")
    assert await connection.fetchval("select count(*) from entry") == 1


async def test_a_correction_names_the_last_time_and_bounds_the_clocks_itself(
    connection: asyncpg.Connection, dsn: str, tmp_path: Path
) -> None:
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET[:1], "TREASURY")
    last = await read_time(connection, "select committed_at from batch")
    with pytest.raises(RefusedCorrection, match="no clock is before the last stored time"):
        await store_correction(connection, last, reason="r", by="Alice")
    await plant(connection, "directory change", "1 year")
    wrong = await read_time(connection, "select at from directory_change")
    with pytest.raises(
        RefusedCorrection, match=f"the last stored time is {wrong:%Y-%m-%d %H:%M:%S} UTC, not"
    ):
        await store_correction(connection, wrong + SECOND, reason="r", by="Alice")
    assert await store_correction(connection, wrong, reason="r", by="Alice") == 1
    await check_clocks(connection)
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET[1:2], "TREASURY")
    clock = LedgerClock()
    await clock.read(connection)
    assert clock.last.subject == "batch 2"


async def test_the_time_of_a_correction_counts(connection: asyncpg.Connection) -> None:
    await plant(connection, "directory change", "1 year")
    wrong = await read_time(connection, "select at from directory_change")
    number = await store_correction(connection, wrong, reason="r", by="Alice")
    clock = LedgerClock()
    await clock.read(connection)
    assert clock.last.subject == f"clock correction {number}"
    assert clock.last.at.replace(microsecond=0) == await read_time(
        connection, "select at from clock_correction"
    )
