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
from posting.store.migrating import migrate
from posting.store.sql import queries

Connection = asyncpg.Connection
FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a fresh connection may mend.  asyncpg calls it internal when a connection dies in the middle of a COPY."""

SQL: Mapping[str, str] = queries("posting.store", "queries.sql")
_LEASE = timedelta(seconds=15)
_RENEWAL_SECONDS = 5


class Hold:
    """Who may write, and over what."""

    keeper: Any
    """A connection; by its types alone every row it fetches might be None."""

    def __init__(self, dsn: str, copiers: int) -> None:
        self._dsn, self._copiers = dsn, copiers
        self._all: list[Connection] = []
        self._broken = asyncio.Event()
        self._keeper_lock = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None
        self.free: asyncio.Queue[Connection] = asyncio.Queue()
        self.epoch = 0

    async def take(self, holder: str) -> None:
        """Connect, migrate, and take the lease.

        Raises
        ------
        LeaseHeld
            Another engine is alive on this database.
        """
        self.keeper = await self._connected("crescendo")
        await migrate(self.keeper)
        async with self.keeper.transaction():
            row = await self.keeper.fetchrow(SQL["engine_for_update"])
            if row["holder_lives"] and row["lease_runs"]:
                raise LeaseHeld(
                    f"{row['holder']} works on this database; stop it, or wait until its lease lapses"
                )
            taken = await self.keeper.fetchrow(SQL["take_lease"], holder, _LEASE)
            self.epoch = taken["epoch"]
        await self.keeper.execute(f"set application_name = '{self._name}'")
        await self.keeper.fetch(SQL["end_former_engines"], str(self.epoch))
        await self._connect_copiers()
        self._renewal = asyncio.create_task(self._renew())

    async def let_go(self) -> None:
        """Give the lease back and close everything."""
        if self._renewal:
            self._renewal.cancel()
        for connection in self._all:
            connection.terminate()
        keeper = getattr(self, "keeper", None)
        if keeper and not keeper.is_closed():
            if self.epoch:
                await keeper.execute(SQL["release_lease"], self.epoch)
            await keeper.close()

    async def lost(self) -> None:
        """Wait until a connection breaks, and raise what tells so."""
        await self._broken.wait()
        raise ConnectionError("a connection to the database broke")

    async def reconnect(self) -> None:
        """Fresh connections, once no former one of ours does anything any more."""
        for connection in self._all:
            connection.terminate()
        self.free, self._broken = asyncio.Queue(), asyncio.Event()
        async with self._keeper_lock:
            self.keeper.terminate()
            self.keeper = await self._connected(self._name)
            await self.keeper.fetch(SQL["end_former_connections"], self._name)
            if not await self.keeper.fetchval(SQL["keep_lease"], self.epoch, _LEASE):
                raise BookMoved("another engine took this database over")
        await self._connect_copiers()

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[Connection]:
        """The keeper's connection, one user at a time."""
        async with self._keeper_lock:
            yield self.keeper

    @property
    def _name(self) -> str:
        return f"crescendo/{self.epoch}"

    async def _connect_copiers(self) -> None:
        self._all = [await self._connected(self._name) for _ in range(self._copiers)]
        for connection in self._all:
            self.free.put_nowait(connection)

    async def _connected(self, name: str) -> Connection:
        """A connection whose end is noted, unless fresh ones were made before it."""
        broken = self._broken
        connection = await asyncpg.connect(self._dsn, server_settings={"application_name": name})
        connection.add_termination_listener(lambda _: broken.set())
        return connection

    async def _renew(self) -> None:
        """Renew well before the lease lapses; commits check the epoch anyway, and a broken connection tells itself."""
        while True:
            await asyncio.sleep(_RENEWAL_SECONDS)
            with suppress(*FAILURES):
                async with self.keeping() as keeper:
                    await keeper.fetchval(SQL["renew_lease"], self.epoch, _LEASE)
