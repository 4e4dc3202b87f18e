"""Servers for the tests of the database: run by this process or by another, written to, read and killed."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from service.database.binaries import ServerUser, find_wheel_binaries
from service.database.cluster import Cluster
from service.database.embedded_server import LOG, run_embedded_server

ROOT = Path(__file__).parents[2]
SMALL_SETTINGS = {"shared_buffers": "16MB", "wal_buffers": "1MB", "max_wal_size": "256MB"}

# Open the folder, print the address, and keep it open until the input ends. If an interpreter is given, first import
# everything and then change to the user nobody, who may not be able to read the environment.
KEEPER_SCRIPT = """
import asyncio, concurrent.futures.thread, os, pwd, sys
from pathlib import Path
from service.database.binaries import ServerUser, find_wheel_binaries, make_accessible
from service.database.embedded_server import run_embedded_server

async def main(data):
    # a file of the log takes its room when it begins: a test that fills the disk says when that is
    settings = {"shared_buffers": "16MB", "max_wal_size": "256MB", "wal_init_zero": "on"}
    async with run_embedded_server(data, settings, binaries=binaries) as database:
        print(database.dsn, flush=True)
        await asyncio.to_thread(sys.stdin.read)

binaries = None
if sys.argv[2:]:
    nobody = pwd.getpwnam("nobody")
    binaries = make_accessible(find_wheel_binaries(), ServerUser(nobody.pw_uid, nobody.pw_gid))
    sys.executable = sys.argv[2]
    os.setgroups([]); os.setgid(nobody.pw_gid); os.setuid(nobody.pw_uid)
asyncio.run(main(Path(sys.argv[1])))
"""


@asynccontextmanager
async def run_keeper(data: Path, *interpreter: str) -> AsyncIterator[tuple[Process, str]]:
    """Run another process that uses ``data``; yield it and the address it serves, and stop it in order at the end."""
    command = (sys.executable, "-c", KEEPER_SCRIPT, str(data), *interpreter)
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdout
    try:
        yield process, (await process.stdout.readline()).decode().strip()
    finally:
        await process.communicate(b"")


async def execute_sql(dsn: str, statement: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def write_row(dsn: str) -> None:
    await execute_sql(dsn, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")


async def read_row(data: Path, progress: Callable[[str], None] = LOG.info) -> object:
    async with run_embedded_server(data, SMALL_SETTINGS, progress=progress) as database:
        return await execute_sql(database.dsn, "SELECT sum(n) FROM kept")


def find_cluster(data: Path) -> Cluster:
    return Cluster.in_data_folder(data, find_wheel_binaries())


def find_server(data: Path) -> psutil.Process:
    process = find_cluster(data).find_server()
    assert process is not None
    return process


def switch_user(user: ServerUser) -> dict[str, Any]:
    """Return the arguments to start a program as ``user``."""
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if os.geteuid() == 0 else {}


PROCESSES = ("backend", "checkpointer", "walwriter")
"""Single processes of a server; the backend is one that serves a client."""


async def kill_process(dsn: str, server: psutil.Process, title: str) -> None:
    """Kill one process of a server, by its title; a backend is one that serves a new connection."""
    if title != "backend":
        _find_child(server, title).kill()
        return
    connection = await asyncpg.connect(dsn)
    psutil.Process(connection.get_server_pid()).kill()
    connection.terminate()


def _find_child(server: psutil.Process, title: str) -> psutil.Process:
    return next(child for child in server.children() if f"postgres: {title}" in " ".join(child.cmdline()))


def suspend_all(server: psutil.Process) -> None:
    """Suspend all processes of the server: none of them reacts to anything but SIGKILL."""
    for process in [server, *server.children(recursive=True)]:
        process.suspend()


def kill_all(server: psutil.Process) -> None:
    """Kill all processes of the server, so that none of them can clean up."""
    processes = [server, *server.children(recursive=True)]
    for process in processes:
        process.suspend()
    for process in processes:
        process.kill()
