"""The embedded database: a complete PostgreSQL in the data folder, for use without a server.

It needs no installation and no rights. It is started from the wheel's programs, recovers by itself from any
kill, and ends with the process that started it. Every write is durable, as on any PostgreSQL server.
"""

import asyncio
import logging
import signal
import socket
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import psutil

from core.errors import DatabaseUnfit
from service.database.binaries import find_wheel_binaries
from service.database.cluster import ROLE, Cluster, lock_data_folder, try_lock

SERVER_SETTINGS: Mapping[str, str] = {
    # Nothing here trades safety for speed: a committed act survives a power failure.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # The year-end is one long bulk load: few checkpoints, far apart.
    "shared_buffers": "512MB",
    "wal_buffers": "64MB",
    "wal_compression": "off",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "max_connections": "40",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Only the network of this machine; every client needs the password.
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}
LOG = logging.getLogger(__name__)
POLL_SECONDS = 0.02
REPORT_SECONDS = 5

ProgressCallback = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Database:
    """The database the engine writes to: an address for asyncpg, and the data folder if the server is embedded."""

    dsn: str = field(repr=False)  # contains the password
    data_dir: Path | None = None


@asynccontextmanager
async def run_embedded(
    data: Path,
    settings: Mapping[str, str] | None = None,
    *,
    binaries: Path | None = None,
    progress: ProgressCallback = LOG.info,
) -> AsyncIterator[Database]:
    """Run the PostgreSQL of the folder ``data``, created at first use, and stop it at the end.

    ``settings`` override ``SERVER_SETTINGS``; ``binaries`` is the ``bin`` folder of another PostgreSQL than the
    wheel's. A start after a crash takes as long as the recovery; ``progress`` is called with what is waited for.

    Raises
    ------
    DatabaseUnfit
        Another process uses the folder, or the server does not start; the message includes the end of its log.
    """
    data = data.absolute()
    with lock_data_folder(data):
        cluster = Cluster.in_data_folder(data, binaries or find_wheel_binaries())
        with (data / "postgres.server").open("a") as lock:
            await _wait_for_previous_server(cluster, lock, progress)
            if not cluster.directory.exists():
                progress(f"creating a database in {data}")
                await cluster.create(lock)
            server, port = await _start_server(
                cluster, {**SERVER_SETTINGS, **(settings or {})}, lock, progress=progress
            )
        try:
            yield Database(f"postgresql://{ROLE}:{cluster.read_password()}@127.0.0.1:{port}/{ROLE}", data)
        finally:
            await _stop_server(server, progress)


async def _wait_for_previous_server(cluster: Cluster, lock: IO[str], progress: ProgressCallback) -> None:
    """Wait until no process of an earlier server is left, and take the lock that each of them held.

    When our process is killed, its server stops too, but a clean stop takes time. The new start sends the stop
    signal again and waits: it does not adopt a server that is stopping and has other settings. Once the lock is
    taken, a pid file is stale; left there, it would prevent the start if its number now names another process.
    """
    if try_lock(lock):
        if foreign_server := cluster.find_server():
            raise DatabaseUnfit(
                f"a PostgreSQL server that crescendo did not start uses {cluster.directory}: stop process {foreign_server.pid}"
            )
    else:
        if postmaster := cluster.find_server():
            with suppress(psutil.NoSuchProcess):
                postmaster.send_signal(signal.SIGINT)
        await _wait_until(
            lambda: try_lock(lock), lambda: "waiting for the previous PostgreSQL to stop", progress
        )
    (cluster.directory / "postmaster.pid").unlink(missing_ok=True)


async def _start_server(
    cluster: Cluster, settings: Mapping[str, str], lock: IO[str], *, progress: ProgressCallback
) -> tuple[Process, str]:
    """Start the server and wait until it accepts connections; take another port if the first is no longer free."""
    while True:
        port = settings.get("port") or _find_free_port()
        options = [
            argument
            for name, value in {**settings, "port": port}.items()
            for argument in ("-c", f"{name}={value}")
        ]
        with (cluster.home / "log").open("wb") as log:
            server = await cluster.start_program(["postgres", *options], [lock], stdout=log)
        if await _wait_until_ready(cluster, server, progress):
            return server, port
        if "port" in settings or "Address already in use" not in cluster.read_log_end():
            raise DatabaseUnfit(f"PostgreSQL did not start in {cluster.home}:\n{cluster.read_log_end()}")


async def _wait_until_ready(cluster: Cluster, server: Process, progress: ProgressCallback) -> bool:
    """Wait, as long as the server lives, until it accepts connections; return whether it does."""

    def is_ready() -> bool:
        status = cluster.read_pid_file()
        return status[:1] == [str(server.pid)] and status[-1].strip() == "ready"

    def describe() -> str:
        return f"starting PostgreSQL {cluster.read_log_end(1)}".strip()

    try:
        await _wait_until(lambda: server.returncode is not None or is_ready(), describe, progress)
    except BaseException:
        await _stop_server(server, progress)
        raise
    return server.returncode is None


async def _stop_server(server: Process, progress: ProgressCallback) -> None:
    """Stop the server without waiting for clients: open transactions are rolled back, committed ones are on disk."""
    if server.returncode is None:
        server.send_signal(signal.SIGINT)
        await _wait_until(lambda: server.returncode is not None, lambda: "stopping PostgreSQL", progress)


async def _wait_until(
    is_done: Callable[[], bool], describe: Callable[[], str], progress: ProgressCallback
) -> None:
    """Wait without a time limit, and report what for: at once, then every five seconds."""
    due = time.monotonic()
    while not is_done():
        if time.monotonic() >= due:
            progress(describe())
            due += REPORT_SECONDS
        await asyncio.sleep(POLL_SECONDS)


def _find_free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
