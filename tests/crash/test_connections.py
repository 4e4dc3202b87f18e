"""Connections break, or the database fails for a moment: processing continues, and the journal is the same."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from bench.year.year_generator import Year, generate_year
from posting.store.migrate import migrate
from tests.crash.database_states import read_state
from tests.databases import open_connection
from tests.service.command_line import run_crescendo, start_command, wait_for_end

Disturbance = Callable[[asyncpg.Connection], Awaitable[None]]

_COPYING = """select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
              and query like 'COPY%' order by query_start limit 1"""
_REFUSE = """create sequence once; create function refuse_once() returns trigger language plpgsql as $$ begin
    if {when} and nextval('once') = 1 then
        raise exception 'could not extend file' using errcode = '53100'; end if;
    return new; end $$;
    create trigger refuse_once before insert on {table} for each row execute function refuse_once()"""
"""The database reports once that its disk is full."""
_HOLDING = "select holder_pid from engine where holder_pid > 0"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files so large that a batch does not fit in the buffers of the network."""
    folder = tmp_path_factory.mktemp("year")
    generate_year(folder, Year(acts=60_000, senders=2))
    return sorted(folder.glob("*.parquet"))


async def _find_pid(connection: asyncpg.Connection, query: str) -> int:
    while (pid := await connection.fetchval(query)) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # the server does not notify: it must be polled
    return pid


def _end_connection(query: str) -> Disturbance:
    """Return a disturbance that ends the connection that ``query`` finds, while a lock blocks the first batch."""

    async def disturb(connection: asyncpg.Connection) -> None:
        copying = await _find_pid(connection, _COPYING)
        pid = copying if query is _COPYING else await _find_pid(connection, query)
        assert await connection.fetchval("select pg_terminate_backend($1, 10000)", pid)

    return disturb


async def _run_disturbed(
    dsn: str, files: list[Path], data: Path, disturbances: list[Disturbance]
) -> dict[str, str]:
    """Process files with all disturbances, one after the other; return the state."""
    async with open_connection(dsn) as connection, open_connection(dsn) as blocking:
        await migrate(connection)
        await connection.execute("select ensure_entry_partition(0)")
        lock = blocking.transaction()
        await lock.start()
        await blocking.execute("lock table entry in access exclusive mode")
        process = await start_command("run", *files, "--database", dsn, "--data", data)
        for disturb in disturbances:
            await disturb(connection)
        await lock.rollback()
        ended = await wait_for_end(process)
        assert ended.code == 0, ended.err
        assert "restarting from the last commit" in ended.err
        return await read_state(connection)


async def _run_undisturbed(dsn: str, files: list[Path], data: Path) -> dict[str, str]:
    assert (await run_crescendo("run", *files, "--database", dsn, "--data", data)).code == 0
    async with open_connection(dsn) as connection:
        return await read_state(connection)


@pytest.mark.parametrize("queries", [[_COPYING], [_HOLDING], [_COPYING, _HOLDING]])
async def test_a_connection_may_end_while_a_batch_is_copied(
    dsn: str, other_dsn: str, files: list[Path], tmp_path: Path, queries: list[str]
) -> None:
    few_files = files[:4]
    state = await _run_disturbed(
        dsn, few_files, tmp_path / "disturbed", [_end_connection(query) for query in queries]
    )
    assert state == await _run_undisturbed(other_dsn, few_files, tmp_path / "undisturbed")


async def test_a_file_that_could_not_be_registered_is_retried(
    dsn: str, other_dsn: str, files: list[Path], tmp_path: Path
) -> None:
    """The database reports once that its disk is full: no file may count as registered that is not stored."""
    async with open_connection(dsn) as connection:
        await migrate(connection)
        await connection.execute(
            _REFUSE.format(table="submission", when=f"new.file_name = '{files[5].name}'")
        )
        ended = await run_crescendo("run", *files, "--database", dsn, "--data", tmp_path / "disturbed")
        assert ended.code == 0, ended.err
        assert await connection.fetchval("select coalesce(nextval('once'), 0) > 2")
        state = await read_state(connection)
    assert state == await _run_undisturbed(other_dsn, files, tmp_path / "undisturbed")


async def test_a_failure_of_the_last_commit_is_retried(
    dsn: str, other_dsn: str, files: list[Path], tmp_path: Path
) -> None:
    """No batch is left to decide when it fails: the engine must not take the failure for a stop."""
    async with open_connection(dsn) as connection:
        await migrate(connection)
        await connection.execute(_REFUSE.format(table="batch", when="true"))
        ended = await run_crescendo("run", files[0], "--database", dsn, "--data", tmp_path / "disturbed")
        assert ended.code == 0, ended.err
        assert "restarting from the last commit" in ended.err
        state = await read_state(connection)
    assert state == await _run_undisturbed(other_dsn, files[:1], tmp_path / "undisturbed")
