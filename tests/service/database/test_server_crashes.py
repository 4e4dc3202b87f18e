"""The embedded server killed, in part and whole: it comes back with all that was committed."""

import asyncio
import fcntl
import signal
from pathlib import Path

from service.database.embedded import embedded
from tests.service.database_servers import SMALL, cluster, keeper, kill_all, postmaster, read, switch, write


async def test_it_recovers_when_the_whole_server_was_killed(data: Path) -> None:
    async with embedded(data, SMALL) as database:
        await write(database.dsn)
        kill_all(postmaster(data))
    assert await read(data) == 500500


async def test_it_recovers_when_only_the_postmaster_was_killed(data: Path) -> None:
    async with embedded(data, SMALL) as database:
        await write(database.dsn)
        postmaster(data).kill()
    assert await read(data) == 500500


async def test_the_server_ends_with_the_process_that_was_killed(data: Path) -> None:
    async with keeper(data) as (process, dsn):
        await write(dsn)
        process.kill()
        with (data / "postgres.server").open("a") as lock:
            await asyncio.to_thread(
                fcntl.flock, lock, fcntl.LOCK_EX
            )  # free when the last of the server is gone
    assert await read(data) == 500500


async def test_everything_killed_at_once(data: Path) -> None:
    async with keeper(data) as (process, dsn):
        await write(dsn)
        server = postmaster(data)
        process.send_signal(signal.SIGSTOP)
        kill_all(server)
        process.kill()
    assert await read(data) == 500500


async def test_a_start_outlasts_the_server_that_was_left_behind(data: Path) -> None:
    """The server is held where its death signal cannot reach it, as a long last checkpoint would hold it."""
    async with keeper(data) as (process, dsn):
        await write(dsn)
        server = postmaster(data)
        server.suspend()
        process.kill()
    heard: asyncio.Queue[str] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        start = group.create_task(read(data, heard.put_nowait))
        assert await heard.get() == "waiting for the previous PostgreSQL to stop"
        assert not start.done()
        server.resume()
    assert start.result() == 500500


async def test_a_pid_file_may_name_somebody_else(data: Path) -> None:
    """After a crash, and always in containers, the number is soon another's, even one of the same user's."""
    async with embedded(data, SMALL) as database:
        await write(database.dsn)
        kept = (cluster(data).directory / "postmaster.pid").read_text().splitlines()
    innocent = await asyncio.create_subprocess_exec("sleep", "600", cwd="/", **switch(cluster(data).user))
    (cluster(data).directory / "postmaster.pid").write_text("\n".join([str(innocent.pid), *kept[1:]]))
    assert await read(data) == 500500
    assert innocent.returncode is None
    innocent.kill()
    await innocent.wait()
