"""The embedded server, really started: durability, access, and what it leaves unchanged."""

import asyncio
import os
import pwd
import shutil
import signal
import stat
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import uvloop

from core.errors import DatabaseUnfit
from service.database.binaries import ServerUser, can_run, find_wheel_binaries, make_accessible
from service.database.cluster import Cluster, try_lock
from service.database.embedded_server import run_embedded_server
from tests.service.database_servers import (
    ROOT,
    SMALL_SETTINGS,
    execute_sql,
    find_cluster,
    read_row,
    run_keeper,
    write_row,
)


async def test_a_restart_keeps_written_rows(data: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        await write_row(database.dsn)
        assert database.data_dir == data
    assert await read_row(data) == 500500


def test_it_runs_under_uvloop_as_well(data: Path) -> None:
    async def write_and_read() -> object:
        async with run_embedded_server(data, SMALL_SETTINGS) as database:
            await write_row(database.dsn)
        return await read_row(data)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(write_and_read()) == 500500


async def test_it_is_durable_and_speaks_utf8(data: Path) -> None:
    expected = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "server_encoding": "UTF8",
        "max_connections": "100",
        "listen_addresses": "127.0.0.1",
        "shared_buffers": "16MB",
    }
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        settings = {name: await execute_sql(database.dsn, f"SHOW {name}") for name in expected}
        assert settings == expected
        assert (
            await execute_sql(
                database.dsn, "SELECT datcollate FROM pg_database WHERE datname = current_database()"
            )
            == "C"
        )


async def test_the_password_is_required(data: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        secret = find_cluster(data).home / "password"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert secret.read_text().strip() in database.dsn
        assert secret.read_text().strip() not in repr(database)
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(database.dsn, password="guess")


async def test_permissions_of_parent_folders_are_not_widened(data: Path) -> None:
    closed = data / "closed"
    closed.mkdir(parents=True, mode=0o700)
    modes = {folder: folder.stat().st_mode for folder in closed.parents}
    async with run_embedded_server(closed / "data", SMALL_SETTINGS) as database:
        assert await execute_sql(database.dsn, "SELECT 1") == 1
    assert {folder: folder.stat().st_mode for folder in closed.parents} == modes
    assert stat.S_IMODE(closed.stat().st_mode) == stat.S_IMODE((closed / "data").stat().st_mode) == 0o700


async def test_a_second_process_is_refused_by_name(data: Path) -> None:
    async with run_keeper(data) as (process, dsn):
        with pytest.raises(DatabaseUnfit, match=f"in use by process {process.pid}"):
            await read_row(data)
        assert await execute_sql(dsn, "SELECT 1") == 1


async def test_a_server_started_by_other_means_is_left_alone(data: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        await write_row(database.dsn)
    cluster = find_cluster(data)
    options = ("-c", "listen_addresses=", "-c", "unix_socket_directories=.")
    with (data / "elsewhere").open("w+") as not_the_lock:
        server = await cluster.start_program(["postgres", *options], [not_the_lock], stdout=PIPE)
        assert server.stdout
        await server.stdout.readuntil(b"ready to accept connections\n")
        with pytest.raises(
            DatabaseUnfit, match=f"that crescendo did not start uses .* stop process {server.pid}"
        ):
            await read_row(data)
        assert server.returncode is None
        server.send_signal(signal.SIGINT)
        await server.communicate()
    assert await read_row(data) == 500500


async def test_a_server_that_cannot_start_says_why(data: Path) -> None:
    with pytest.raises(DatabaseUnfit, match='invalid value for parameter "shared_buffers"'):
        async with run_embedded_server(data, {"shared_buffers": "plenty"}):
            pass
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        assert await execute_sql(database.dsn, "SELECT 1") == 1


async def test_a_configured_port_in_use_is_reported(data: Path, tmp_path: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        port = database.dsn.rpartition(":")[2].partition("/")[0]
        with pytest.raises(DatabaseUnfit, match="Address already in use"):
            async with run_embedded_server(tmp_path / "other", {**SMALL_SETTINGS, "port": port}):
                pass


async def test_a_start_that_is_cancelled_leaves_nothing_behind(data: Path) -> None:
    def cancel(doing: str) -> None:
        if doing.startswith("starting"):
            task.cancel()

    task = asyncio.create_task(read_row(data, cancel))
    with pytest.raises(asyncio.CancelledError):
        await task
    with (data / "postgres.server").open("a") as lock:
        assert try_lock(lock)


async def test_an_interrupted_creation_is_repeated(data: Path) -> None:
    (data / "postgres.new" / "cluster").mkdir(parents=True)
    (data / "postgres.new" / "cluster" / "PG_VERSION").write_text("18\n")
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        assert await execute_sql(database.dsn, "SELECT 1") == 1
    assert not (data / "postgres.new").exists()


async def test_a_folder_may_be_moved_while_its_server_is_stopped(data: Path, tmp_path: Path) -> None:
    async with run_embedded_server(data, SMALL_SETTINGS) as database:
        await write_row(database.dsn)
    assert await read_row(data.rename(tmp_path / "moved")) == 500500


async def test_a_missing_postgres_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnfit, match=f"no PostgreSQL in {tmp_path}"):
        async with run_embedded_server(data, binaries=tmp_path):
            pass


async def test_programs_in_a_closed_folder_are_made_accessible(data: Path, tmp_path: Path) -> None:
    """Under root they are copied to a folder where the server's user can run them; an ordinary user needs no copy."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    package = find_wheel_binaries().parents[1]
    for folder in package.parent.glob(f"{package.name}*"):
        shutil.copytree(folder, closed / folder.name, symlinks=True)
    binaries = closed / package.name / "pginstall" / "bin"
    with tempfile.TemporaryDirectory() as shelf:
        Path(shelf).chmod(0o755)
        user = Cluster.in_data_folder(data, find_wheel_binaries()).user
        accessible = make_accessible(binaries, user, Path(shelf))
        assert accessible == make_accessible(binaries, user, Path(shelf))
        async with run_embedded_server(data, SMALL_SETTINGS, binaries=accessible) as database:
            assert await execute_sql(database.dsn, "SELECT 1") == 1
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def _interpreters() -> Iterator[str]:
    """Under root, yield a Python that the user ``nobody`` may run; otherwise the tests above ran as an ordinary user."""
    nobody = pwd.getpwnam("nobody")
    for path in (Path(sys.executable).resolve(), Path("/usr/bin/python3"), Path("/usr/local/bin/python3")):
        if os.geteuid() == 0 and path.exists() and can_run(path, ServerUser(nobody.pw_uid, nobody.pw_gid)):
            yield str(path)
            return


@pytest.mark.parametrize("interpreter", [(), *((path,) for path in _interpreters())])
async def test_an_ordinary_user_has_the_same(
    interpreter: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for package in ("core", "service"):
            shutil.copytree(ROOT / package, Path(folder, package))
        monkeypatch.chdir(folder)  # whose packages come first
        if interpreter:
            shutil.chown(folder, "nobody")
        for statement in ("CREATE TABLE kept AS SELECT 7 AS n", "SELECT n FROM kept"):
            async with run_keeper(Path(folder) / "data", *interpreter) as (_, dsn):
                version = await execute_sql(dsn, statement)
        assert version == 7


@pytest.mark.parametrize("attempt", ["first", "second"])
async def test_each_test_has_a_database_of_its_own(dsn: str, attempt: str) -> None:
    await execute_sql(dsn, "CREATE TABLE mine (n int)")
    assert await execute_sql(dsn, "SELECT count(*) FROM mine") == 0, attempt
