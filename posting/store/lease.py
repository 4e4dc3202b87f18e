"""The lease on a database, and the connections of the engine that owns it.

One connection owns the lease and runs the queries; several others, the copiers, copy batches at the same time.  When a
connection breaks, asyncpg leaves a COPY that is being written waiting for ever: so every connection has a listener that
notes its end.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import asyncpg

from core.errors import BookMoved, LeaseHeld
from core.sql_files import read_queries
from posting.store.failures import RETRIED_ERRORS
from posting.store.migrate import migrate

Connection = asyncpg.Connection

SQL: Mapping[str, str] = read_queries("posting.store", "queries.sql")
_LEASE_DURATION = timedelta(seconds=15)
_RENEWAL_SECONDS = 5
COMMAND_SECONDS = 60
"""Limit on a command of a few rows, after which the server counts as unavailable; copies and indexing may take longer."""
_ENDING_SECONDS = 120
"""Time to end the former connections: one after the other, within 10 seconds each."""
_CONNECTION_BROKE = "a connection to the database broke"


class Lease:
    """The exclusive right of one engine to write to a database, and its connections."""

    connection: Any
    """The connection that owns the lease.  ``Any``, as by asyncpg's types every row that it fetches might be None."""

    def __init__(self, dsn: str, copiers: int) -> None:
        self._dsn, self._copier_count = dsn, copiers
        self.command_seconds: int = COMMAND_SECONDS
        self._failure_text = _CONNECTION_BROKE
        self._copier_connections: list[Connection] = []
        self._broken = asyncio.Event()
        self._connection_lock = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None
        self.free_copiers: asyncio.Queue[Connection] = asyncio.Queue()
        self.epoch = 0

    async def acquire(self, owner: str) -> None:
        """Connect, migrate, and acquire the lease.

        Raises
        ------
        LeaseHeld
            Another running engine owns the lease of this database.
        """
        await self._migrate()
        self.connection = await self._connect("crescendo", self.command_seconds)
        async with self.connection.transaction():
            row = await self.connection.fetchrow(SQL["engine_for_update"])
            if row["holder_lives"] and row["lease_runs"]:
                raise LeaseHeld(
                    f"{row['holder']} works on this database; stop it, or wait until its lease expires"
                )
            acquired = await self.connection.fetchrow(SQL["take_lease"], owner, _LEASE_DURATION)
            self.epoch = acquired["epoch"]
        await self.connection.execute(f"set application_name = '{self._application_name}'")
        await self.connection.fetch(SQL["end_former_engines"], str(self.epoch))
        await self._connect_copiers()
        self._renewal = asyncio.create_task(self._renew())

    async def release(self) -> None:
        """Release the lease and close all connections, after the query that is running on the lease's connection."""
        if self._renewal:
            self._renewal.cancel()
        for copier in self._copier_connections:
            copier.terminate()
        connection = getattr(self, "connection", None)
        async with self._connection_lock:
            if connection and not connection.is_closed():
                if self.epoch:
                    await connection.execute(SQL["release_lease"], self.epoch)
                await connection.close(timeout=self.command_seconds)

    async def wait_until_broken(self) -> None:
        """Wait until a connection breaks, then raise ``ConnectionError``."""
        await self._broken.wait()
        raise ConnectionError(self._failure_text)

    async def reconnect(self) -> None:
        """Open new connections once all former connections of this engine have ended."""
        for connection in self._copier_connections:
            connection.terminate()
        self.free_copiers, self._broken, self._failure_text = (
            asyncio.Queue(),
            asyncio.Event(),
            _CONNECTION_BROKE,
        )
        async with self._connection_lock:
            self.connection.terminate()
            self.connection = await self._connect(self._application_name, self.command_seconds)
            ending = max(self.command_seconds, _ENDING_SECONDS)
            await self.connection.fetch(SQL["end_former_connections"], self._application_name, timeout=ending)
            if not await self.connection.fetchval(SQL["keep_lease"], self.epoch, _LEASE_DURATION):
                raise BookMoved("another engine has taken this database over")
        await self._connect_copiers()

    @asynccontextmanager
    async def borrow_connection(self) -> AsyncIterator[Connection]:
        """Borrow the lease's connection, one user at a time.

        A server that hangs reports nothing: when a command times out, all connections are terminated, so that no task
        goes on waiting for one.
        """
        async with self._connection_lock:
            try:
                yield self.connection
            except TimeoutError:
                self._failure_text = f"the database has answered nothing for {self.command_seconds} seconds"
                for connection in (self.connection, *self._copier_connections):
                    connection.terminate()
                self._broken.set()
                raise

    @property
    def _application_name(self) -> str:
        return f"crescendo/{self.epoch}"

    async def _connect_copiers(self) -> None:
        self._copier_connections = [
            await self._connect(self._application_name) for _ in range(self._copier_count)
        ]
        for connection in self._copier_connections:
            self.free_copiers.put_nowait(connection)

    async def _migrate(self) -> None:
        """Apply the missing migrations, without a time limit."""
        connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "crescendo"})
        try:
            await migrate(connection)
        finally:
            await connection.close()

    async def _connect(self, name: str, seconds: float | None = None) -> Connection:
        """Open a connection whose end is noted, unless a reconnection came first; ``seconds`` limits each command."""
        broken, server_settings = self._broken, {"application_name": name}
        limits = {"command_timeout": seconds, "timeout": self.command_seconds}
        try:
            connection = await asyncpg.connect(self._dsn, server_settings=server_settings, **limits)
        except TimeoutError:
            raise TimeoutError(
                f"no connection could be opened within {self.command_seconds} seconds"
            ) from None
        connection.add_termination_listener(lambda _: broken.set())
        return connection

    async def _renew(self) -> None:
        """Renew the lease well before it expires; ignore failures, as every commit checks the epoch."""
        while True:
            await asyncio.sleep(_RENEWAL_SECONDS)
            with suppress(*RETRIED_ERRORS):
                async with self.borrow_connection() as connection:
                    await connection.fetchval(SQL["renew_lease"], self.epoch, _LEASE_DURATION)
