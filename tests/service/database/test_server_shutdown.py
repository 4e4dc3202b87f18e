"""The stop of the embedded server has an end, whatever state the server is in: a process lost, all of them suspended."""

import asyncio
import signal
from pathlib import Path

import pytest

from core.errors import DatabaseUnfit
from service.database.embedded_server import run_embedded_server
from service.database.server_shutdown import ServerStop, StopStep, stop_server
from tests.service.database_servers import (
    PROCESSES,
    SMALL_SETTINGS,
    execute_sql,
    find_cluster,
    find_server,
    kill_process,
    read_row,
    run_keeper,
    suspend_all,
    write_row,
)

SHORT_STEPS = (
    StopStep(signal.SIGINT, 0.2),
    StopStep(signal.SIGQUIT, 0.2),
    StopStep(signal.SIGKILL, 60),
)


@pytest.mark.parametrize("title", PROCESSES)
async def test_a_stop_after_the_loss_of_a_process_has_an_end(title: str, data: Path) -> None:
    """The stop follows while the server still reacts to the loss."""
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        await write_row(database.dsn)
        await kill_process(database.dsn, find_server(data), title)
    assert await read_row(data) == 500500


async def test_a_server_that_recovers_by_itself_may_hang_and_is_ended(data: Path) -> None:
    """PostgreSQL 18 hangs if the orderly stop comes while it recovers from the loss of a process."""
    reports: list[str] = []
    settings = {**SMALL_SETTINGS, "restart_after_crash": "on"}
    async with run_embedded_server(
        data, settings, progress=reports.append, stop_steps=SHORT_STEPS
    ) as database:
        await write_row(database.dsn)
        await kill_process(database.dsn, find_server(data), PROCESSES[0])
        log = find_cluster(data).home / "log"
        while "reinitializing" not in log.read_text():  # noqa: ASYNC110 -- the server does not notify
            await asyncio.sleep(0.01)
    assert await read_row(data) == 500500


async def test_a_server_that_reacts_to_nothing_is_killed(data: Path) -> None:
    reports: list[str] = []
    async with run_embedded_server(
        data, SMALL_SETTINGS, progress=reports.append, stop_steps=SHORT_STEPS
    ) as database:
        await write_row(database.dsn)
        suspend_all(find_server(data))
    assert "stopping PostgreSQL: it did not end within 0.2 s of SIGQUIT" in reports
    assert await read_row(data) == 500500


async def test_a_previous_server_that_reacts_to_nothing_is_killed(data: Path) -> None:
    async with run_keeper(data) as (process, dsn):
        await write_row(dsn)
        suspend_all(find_server(data))
        process.kill()
    reports: list[str] = []
    async with run_embedded_server(
        data, SMALL_SETTINGS, progress=reports.append, stop_steps=SHORT_STEPS
    ) as database:
        assert await execute_sql(database.dsn, "SELECT sum(n) FROM kept") == 500500
    expected = "waiting for the previous PostgreSQL to stop: it did not end within 0.2 s of SIGQUIT"
    assert expected in reports


async def test_processes_that_outlive_their_postmaster_are_killed(data: Path) -> None:
    """The postmaster is gone, and the others, suspended, cannot notice it."""
    async with run_keeper(data) as (process, dsn):
        await write_row(dsn)
        server = find_server(data)
        suspend_all(server)
        process.kill()
        server.kill()
    async with run_embedded_server(data, SMALL_SETTINGS, stop_steps=SHORT_STEPS) as database:
        assert await execute_sql(database.dsn, "SELECT sum(n) FROM kept") == 500500


async def test_what_outlives_sigkill_is_an_error_that_says_so(data: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS):
        steps = [StopStep(signal.SIGCONT, 0.1)]  # harmless, and the server does not end
        stop = ServerStop(find_cluster(data), lambda: False, "stopping PostgreSQL", lambda _: None)
        with pytest.raises(DatabaseUnfit, match="restart the machine") as failure:
            await stop_server(stop, steps)
        assert str(find_server(data).pid) in str(failure.value)


async def test_a_server_that_ended_is_started_again_at_the_same_address(data: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        server = database.server
        assert server is not None
        assert await server.is_serving(60)
        await write_row(database.dsn)
        await kill_process(database.dsn, find_server(data), PROCESSES[0])
        assert not await server.is_serving(60)
        await server.start()
        assert server.starts == 2
        assert await execute_sql(database.dsn, "SELECT sum(n) FROM kept") == 500500


async def test_a_server_that_answers_nothing_is_named(data: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS, stop_steps=SHORT_STEPS) as database:
        assert database.server is not None
        suspend_all(find_server(data))
        with pytest.raises(DatabaseUnfit, match=r"accepted no connection for 0\.2 seconds"):
            await database.server.is_serving(0.2)
