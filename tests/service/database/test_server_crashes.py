"""The embedded server killed, partly and completely: it recovers everything that was committed."""

import asyncio
import fcntl
import signal
from pathlib import Path

from service.database.embedded_server import run_embedded_server
from tests.service.database_servers import (
    SMALL_SETTINGS,
    find_cluster,
    find_server,
    kill_all,
    read_row,
    run_keeper,
    switch_user,
    write_row,
)


async def test_it_recovers_when_the_whole_server_was_killed(data: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        await write_row(database.dsn)
        kill_all(find_server(data))
    assert await read_row(data) == 500500


async def test_it_recovers_when_only_the_postmaster_was_killed(data: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        await write_row(database.dsn)
        find_server(data).kill()
    assert await read_row(data) == 500500


async def test_the_server_ends_with_the_process_that_was_killed(data: Path) -> None:
    async with run_keeper(data) as (process, dsn):
        await write_row(dsn)
        process.kill()
        with (data / "postgres.server").open("a") as lock:
            await asyncio.to_thread(
                fcntl.flock, lock, fcntl.LOCK_EX
            )  # free when the last of the server is gone
    assert await read_row(data) == 500500


async def test_everything_killed_at_once(data: Path) -> None:
    async with run_keeper(data) as (process, dsn):
        await write_row(dsn)
        server = find_server(data)
        process.send_signal(signal.SIGSTOP)
        kill_all(server)
        process.kill()
    assert await read_row(data) == 500500


async def test_a_start_waits_for_the_previous_server(data: Path) -> None:
    """The server is stopped so that the signal cannot reach it, as during a long last checkpoint."""
    async with run_keeper(data) as (process, dsn):
        await write_row(dsn)
        server = find_server(data)
        server.suspend()
        process.kill()
    interruption: asyncio.Queue[str] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        start = group.create_task(read_row(data, interruption.put_nowait))
        assert await interruption.get() == "waiting for the previous PostgreSQL to stop"
        assert not start.done()
        server.resume()
    assert start.result() == 500500


async def test_a_pid_file_may_name_another_process(data: Path) -> None:
    """After a crash, and always in containers, the number soon belongs to another process, even of the same user."""
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        await write_row(database.dsn)
        lines = (find_cluster(data).directory / "postmaster.pid").read_text().splitlines()
    innocent = await asyncio.create_subprocess_exec(
        "sleep", "600", cwd="/", **switch_user(find_cluster(data).user)
    )
    (find_cluster(data).directory / "postmaster.pid").write_text("\n".join([str(innocent.pid), *lines[1:]]))
    assert await read_row(data) == 500500
    assert innocent.returncode is None
    innocent.kill()
    await innocent.wait()
