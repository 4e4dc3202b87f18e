"""The lease on a database, and the connections of the one engine that has it.

A keeper holds the lease and asks; several copiers copy batches at once.  A connection may break at any moment, and asyncpg
then leaves a COPY that is being written waiting for ever: so every connection tells when it ends.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import asyncpg

from core.errors import BookMoved, LeaseHeld
from posting.store.migrate import migrate
from posting.store.sql_files import read_queries

Connection = asyncpg.Connection
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a fresh connection may mend.  asyncpg calls it internal when a connection dies in the middle of a COPY."""

SQL: Mapping[str, str] = read_queries("posting.store", "queries.sql")
_LEASE_DURATION = timedelta(seconds=15)
_RENEWAL_SECONDS = 5
COMMAND_SECONDS = 60
"""A server that answers no command of a few rows within so long counts as gone; copies and indexing may take longer."""
_ENDING_SECONDS = 120
"""Former connections are ended one after the other, within 10 seconds each."""
_CONNECTION_BROKE = "a connection to the database broke"


class Lease:
    """Who may write, and over what."""

    connection: Any
    """A connection; by its types alone every row it fetches might be None."""

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
        """Connect, migrate, and take the lease.

        Raises
        ------
        LeaseHeld
            Another engine is alive on this database.
        """
        await self._migrate()
        self.connection = await self._connect("crescendo", self.command_seconds)
        async with self.connection.transaction():
            row = await self.connection.fetchrow(SQL["engine_for_update"])
            if row["holder_lives"] and row["lease_runs"]:
                raise LeaseHeld(
                    f"{row['holder']} works on this database; stop it, or wait until its lease lapses"
                )
            taken = await self.connection.fetchrow(SQL["take_lease"], owner, _LEASE_DURATION)
            self.epoch = taken["epoch"]
        await self.connection.execute(f"set application_name = '{self._application_name}'")
        await self.connection.fetch(SQL["end_former_engines"], str(self.epoch))
        await self._connect_copiers()
        self._renewal = asyncio.create_task(self._renew())

    async def release(self) -> None:
        """Give the lease back and close everything; whoever asks something at that moment has the answer first."""
        if self._renewal:
            self._renewal.cancel()
        for connection in self._copier_connections:
            connection.terminate()
        keeper = getattr(self, "connection", None)
        async with self._connection_lock:
            if keeper and not keeper.is_closed():
                if self.epoch:
                    await keeper.execute(SQL["release_lease"], self.epoch)
                await keeper.close(timeout=self.command_seconds)

    async def wait_until_broken(self) -> None:
        """Wait until a connection breaks, and raise what tells so."""
        await self._broken.wait()
        raise ConnectionError(self._failure_text)

    async def reconnect(self) -> None:
        """Fresh connections, once no former one of ours does anything any more."""
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
                raise BookMoved("another engine took this database over")
        await self._connect_copiers()

    @asynccontextmanager
    async def borrow_connection(self) -> AsyncIterator[Connection]:
        """The keeper's connection, one user at a time.

        A server that hangs tells nothing: when a command has had its time all connections are dropped, so that whoever
        waits on one goes home.
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
        """Bring the tables up to date, however long that takes."""
        connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "crescendo"})
        try:
            await migrate(connection)
        finally:
            await connection.close()

    async def _connect(self, name: str, seconds: float | None = None) -> Connection:
        """A connection whose end is noted, unless fresh ones were made before it; its commands have so many seconds."""
        broken, said = self._broken, {"application_name": name}
        limits = {"command_timeout": seconds, "timeout": self.command_seconds}
        try:
            connection = await asyncpg.connect(self._dsn, server_settings=said, **limits)
        except TimeoutError:
            raise TimeoutError(f"it takes no connection within {self.command_seconds} seconds") from None
        connection.add_termination_listener(lambda _: broken.set())
        return connection

    async def _renew(self) -> None:
        """Renew well before the lease lapses; commits check the epoch anyway, and a broken connection tells itself."""
        while True:
            await asyncio.sleep(_RENEWAL_SECONDS)
            with suppress(*FAILURES):
                async with self.borrow_connection() as keeper:
                    await keeper.fetchval(SQL["renew_lease"], self.epoch, _LEASE_DURATION)
