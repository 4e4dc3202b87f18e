"""Connections that break, and a database that refuses for a moment: the run goes on, and its journal is the same."""

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

Trouble = Callable[[asyncpg.Connection], Awaitable[None]]

_COPYING = """select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
              and query like 'COPY%' order by query_start limit 1"""
_KEEPING = "select holder_pid from engine where holder_pid > 0"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Large enough that a batch does not fit in what the network holds."""
    folder = tmp_path_factory.mktemp("year")
    generate_year(folder, Year(acts=60_000, senders=2))
    return sorted(folder.glob("*.parquet"))


async def _find_pid(connection: asyncpg.Connection, query: str) -> int:
    while (pid := await connection.fetchval(query)) is None:  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # the server tells nobody: it must be asked
    return pid


def _end_connection(query: str) -> Trouble:
    """End whom ``query`` finds, while a lock keeps the first batch from being copied."""

    async def trouble(connection: asyncpg.Connection) -> None:
        copying = await _find_pid(connection, _COPYING)
        pid = copying if query is _COPYING else await _find_pid(connection, query)
        assert await connection.fetchval("select pg_terminate_backend($1, 10000)", pid)

    return trouble


async def _run_disturbed(dsn: str, files: list[Path], data: Path, troubles: list[Trouble]) -> dict[str, str]:
    """The state after a run in which every trouble came, one after the other."""
    async with open_connection(dsn) as connection, open_connection(dsn) as blocking:
        await migrate(connection)
        await connection.execute("select ensure_entry_partition(0)")
        lock = blocking.transaction()
        await lock.start()
        await blocking.execute("lock table entry in access exclusive mode")
        process = await start_command("run", *files, "--database", dsn, "--data", data)
        for trouble in troubles:
            await trouble(connection)
        await lock.rollback()
        found = await wait_for_end(process)
        assert found.code == 0, found.err
        assert "restarting from the last commit" in found.err
        return await read_state(connection)


async def _run_undisturbed(dsn: str, files: list[Path], data: Path) -> dict[str, str]:
    assert (await run_crescendo("run", *files, "--database", dsn, "--data", data)).code == 0
    async with open_connection(dsn) as connection:
        return await read_state(connection)


@pytest.mark.parametrize("ending", [[_COPYING], [_KEEPING], [_COPYING, _KEEPING]])
async def test_a_connection_may_end_while_a_batch_is_copied(
    dsn: str, other_dsn: str, files: list[Path], tmp_path: Path, ending: list[str]
) -> None:
    few = files[:4]
    found = await _run_disturbed(
        dsn, few, tmp_path / "disturbed", [_end_connection(query) for query in ending]
    )
    assert found == await _run_undisturbed(other_dsn, few, tmp_path / "undisturbed")


async def test_a_file_that_could_not_be_registered_is_presented_again(
    dsn: str, other_dsn: str, files: list[Path], tmp_path: Path
) -> None:
    """The database says once that its disk is full: nothing may be taken for presented that is not stored."""
    refuse = """create sequence once; create function refuse_once() returns trigger language plpgsql as $$ begin
        if new.file_name = '{name}' and nextval('once') = 1 then
            raise exception 'could not extend file' using errcode = '53100'; end if;
        return new; end $$;
        create trigger refuse_once before insert on submission for each row execute function refuse_once()"""
    async with open_connection(dsn) as connection:
        await migrate(connection)
        await connection.execute(refuse.format(name=files[5].name))
        found = await run_crescendo("run", *files, "--database", dsn, "--data", tmp_path / "disturbed")
        assert found.code == 0, found.err
        assert await connection.fetchval("select coalesce(nextval('once'), 0) > 2")
        told = await read_state(connection)
    assert told == await _run_undisturbed(other_dsn, files, tmp_path / "undisturbed")
