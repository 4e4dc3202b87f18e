"""The embedded database: a complete PostgreSQL in the data folder, for use without a server.

It needs no installation and no rights. It is started from the wheel's programs, recovers by itself from any
kill, and ends with the process that started it. Every write is durable, as on any PostgreSQL server.
"""

import asyncio
import logging
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import asyncpg

from core.errors import DatabaseUnfit
from posting.store.failures import DATABASE_ERRORS
from service.database.binaries import find_wheel_binaries
from service.database.cluster import ROLE, Cluster, lock_data_folder, try_lock
from service.database.disk_space import DataDisks
from service.database.server_shutdown import (
    POLL_SECONDS,
    STOP_STEPS,
    ProgressCallback,
    ServerStop,
    StopStep,
    stop_server,
    wait_until,
)

SERVER_SETTINGS: Mapping[str, str] = {
    # Nothing here trades safety for speed: a committed act survives a power failure.
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    # The year-end is one long bulk load: few checkpoints, far apart.
    "shared_buffers": "512MB",
    "wal_buffers": "64MB",
    "wal_compression": "off",
    "wal_init_zero": "off",  # a new file of the log is not written twice (D213)
    "max_wal_size": "16GB",
    "checkpoint_timeout": "30min",
    "max_connections": "100",
    "jit": "off",
    # A server that lost a process ends, and whoever runs it starts it again: PostgreSQL 18 may hang for ever if it is
    # stopped while it recovers by itself.
    "restart_after_crash": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Only the network of this machine; every client needs the password.
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
}
LOG = logging.getLogger(__name__)
CONNECT_SECONDS = 5
SETTLE_SECONDS = 0.5
START_SECONDS = 3_600
"""Limit on a start: after a crash it reads the write-ahead log again, at most ``max_wal_size``, which takes minutes."""


@dataclass(frozen=True, slots=True)
class Database:
    """The database the engine writes to: an address for asyncpg, and the data folder if the server is embedded."""

    dsn: str = field(repr=False)  # contains the password
    data_dir: Path | None = None
    server: "EmbeddedServer | None" = field(default=None, repr=False, compare=False)
    """The embedded server, if this process runs it."""


class EmbeddedServer:
    """The server of one data folder, run by this process; it may be started again after it has ended by itself."""

    def __init__(
        self,
        cluster: Cluster,
        settings: Mapping[str, str],
        *,
        progress: ProgressCallback = LOG.info,
        stop_steps: Sequence[StopStep] = STOP_STEPS,
    ) -> None:
        self._cluster, self._settings = cluster, settings
        self._progress, self._stop_steps = progress, stop_steps
        self._process: Process | None = None
        self._port = ""
        self.starts = 0
        """How often it was started: tells a server from the one before it."""

    @property
    def dsn(self) -> str:
        """The address; it stays the same for all starts."""
        return f"postgresql://{ROLE}:{self._cluster.read_password()}@127.0.0.1:{self._port}/{ROLE}"

    @property
    def has_ended(self) -> bool:
        """Whether the server has ended, or was never started."""
        return self._process is None or self._process.returncode is not None

    async def create(self) -> None:
        """Create the cluster, unless there is one."""
        with self._cluster.home.with_name("postgres.server").open("a") as lock:
            await self._wait_for_previous_server(lock)
            await self._create(lock)

    async def start(self) -> None:
        """Start the server once no process of an earlier one is left; create the cluster at first use.

        Raises
        ------
        DatabaseUnfit
            It does not start; the message includes the end of its log.
        """
        with self._cluster.home.with_name("postgres.server").open("a") as lock:
            await self._wait_for_previous_server(lock)
            await self._create(lock)
            await self._start(lock)
        self.starts += 1

    async def stop(self) -> None:
        """Stop the server, unless it has ended.

        Raises
        ------
        DatabaseUnfit
            It does not end.
        """
        await self._stop(self._stop_steps)

    async def is_serving(self, seconds: float) -> bool:
        """Return whether the server accepts connections; wait while it is ending.

        It must accept two, one behind the other: a server that has just lost a process may accept one more.

        Raises
        ------
        DatabaseUnfit
            It neither ended nor accepted a connection within ``seconds``.
        """
        try:
            async with asyncio.timeout(seconds):
                accepted = 0
                while not self.has_ended and accepted < 2:
                    is_accepting = await _accepts_connections(self.dsn)
                    accepted = accepted + 1 if is_accepting else 0
                    await asyncio.sleep(SETTLE_SECONDS if is_accepting else POLL_SECONDS)
        except TimeoutError:
            raise DatabaseUnfit(
                f"PostgreSQL in {self._cluster.home} has accepted no connection for {seconds:g} seconds"
            ) from None
        return not self.has_ended

    async def wait_for_end(self) -> None:
        """Wait until the server ends by itself; without a limit, as the caller waits for something else too."""
        if self._process is not None:
            await self._process.wait()  # no time limit: that it runs is the normal state

    async def _create(self, lock: IO[str]) -> None:
        if not self._cluster.directory.exists():
            self._progress(f"creating a database in {self._cluster.home.parent}")
            await self._cluster.create(lock)

    async def _wait_for_previous_server(self, lock: IO[str]) -> None:
        """Wait until no process of an earlier server is left, and take the lock that each of them held.

        When our process is killed, its server stops too, but a clean stop takes time. The new start stops it again and
        waits: it does not adopt a server that is stopping and has other settings. Once the lock is taken, a pid file
        is stale; left there, it would prevent the start if its number now names another process.
        """
        cluster = self._cluster
        if try_lock(lock):
            if foreign_server := cluster.find_server():
                raise DatabaseUnfit(
                    f"a PostgreSQL server that crescendo did not start uses {cluster.directory}: stop process"
                    f" {foreign_server.pid}"
                )
        else:
            activity = "waiting for the previous PostgreSQL to stop"
            stop = ServerStop(cluster, lambda: try_lock(lock), activity, self._progress)
            await stop_server(stop, self._stop_steps)
        (cluster.directory / "postmaster.pid").unlink(missing_ok=True)

    async def _start(self, lock: IO[str]) -> None:
        """Start the server and wait until it accepts connections; take another port if the first is no longer free."""
        while True:
            port = self._settings.get("port") or self._port or _find_free_port()
            options = [
                argument
                for name, value in {**self._settings, "port": port}.items()
                for argument in ("-c", f"{name}={value}")
            ]
            with (self._cluster.home / "log").open("wb") as log:
                self._process = await self._cluster.start_program(["postgres", *options], [lock], stdout=log)
            if await self._wait_until_ready(self._process):
                self._port = port
                return
            is_port_fixed = self._port or "port" in self._settings
            if is_port_fixed or "Address already in use" not in self._cluster.read_log_end():
                raise self._explain_failed_start()

    def _explain_failed_start(self) -> DatabaseUnfit:
        """Return why the server did not start: the end of its log, and the disk if it is full, as then the log may lack it."""
        fullest = DataDisks(self._cluster.home.parent).measure_fullest()
        room = f"\nThere is no room: {fullest.describe()}. Make room" if fullest.is_full else ""
        return DatabaseUnfit(
            f"PostgreSQL did not start in {self._cluster.home}:\n{self._cluster.read_log_end()}{room}"
        )

    async def _wait_until_ready(self, process: Process) -> bool:
        """Wait, as long as the server lives, until it accepts connections; return whether it does.

        If the wait is broken off, the server is stopped at once: it is recovering, and has nothing to write.
        """
        try:
            await self._poll_until_ready(process)
        except BaseException:
            await self._stop(self._stop_steps[1:])
            raise
        return not self.has_ended

    async def _poll_until_ready(self, process: Process) -> None:
        cluster = self._cluster

        def is_over() -> bool:
            status = cluster.read_pid_file()
            return self.has_ended or (status[:1] == [str(process.pid)] and status[-1].strip() == "ready")

        def describe() -> str:
            return f"starting PostgreSQL {cluster.read_log_end(1)}".strip()

        if not await wait_until(is_over, describe, self._progress, seconds=START_SECONDS):
            raise DatabaseUnfit(
                f"PostgreSQL in {cluster.home} was not ready within {START_SECONDS:,} seconds; start again, and it"
                f" goes on from where it was:\n{cluster.read_log_end()}"
            )

    async def _stop(self, steps: Sequence[StopStep]) -> None:
        if self._process is not None and self._process.returncode is None:
            stop = ServerStop(
                self._cluster,
                lambda: self.has_ended,
                "stopping PostgreSQL",
                self._progress,
                self._process.pid,
            )
            await stop_server(stop, steps)


@asynccontextmanager
async def run_embedded_server(
    data: Path,
    settings: Mapping[str, str] | None = None,
    *,
    binaries: Path | None = None,
    progress: ProgressCallback = LOG.info,
    stop_steps: Sequence[StopStep] = STOP_STEPS,
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
        server = EmbeddedServer(
            cluster, {**SERVER_SETTINGS, **(settings or {})}, progress=progress, stop_steps=stop_steps
        )
        await server.start()
        try:
            yield Database(server.dsn, data, server)
        finally:
            await server.stop()


async def _accepts_connections(dsn: str) -> bool:
    """Return whether a server accepts a connection, or refuses it for another reason than its own state."""
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
    except (asyncpg.TooManyConnectionsError, asyncpg.InvalidAuthorizationSpecificationError):
        return True
    except DATABASE_ERRORS:
        return False
    connection.terminate()
    return True


def _find_free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
