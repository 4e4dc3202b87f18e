"""The lease on a database: the exclusive right of one engine to write to it."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from core.errors import BookMoved, LeaseHeld
from posting.store.connections import SQL, EngineConnections
from posting.store.failures import RETRIED_ERRORS, suppress_database_errors

_LEASE_DURATION = timedelta(seconds=15)
_RENEWAL_SECONDS = 5


class Lease:
    """The exclusive right of one engine to write to a database."""

    def __init__(self, connections: EngineConnections) -> None:
        self._connections = connections
        self._renewal: asyncio.Task[None] | None = None
        self.epoch = 0

    async def acquire(self, owner: str) -> None:
        """Connect, migrate, and acquire the lease.

        Raises
        ------
        LeaseHeld
            Another running engine owns the lease of this database.
        """
        await self._connections.connect()
        connection = self._connections.main
        async with connection.transaction():
            row = await connection.fetchrow(SQL["engine_for_update"])
            if row["holder_lives"] and row["lease_runs"]:
                raise LeaseHeld(
                    f"{row['holder']} works on this database; stop that process, or wait until its lease expires"
                )
            acquired = await connection.fetchrow(SQL["take_lease"], owner, _LEASE_DURATION)
            self.epoch = acquired["epoch"]
        await connection.execute(f"set application_name = '{self._application_name}'")
        await connection.fetch(SQL["end_former_engines"], str(self.epoch))
        await self._connections.connect_copiers(self._application_name)
        self._renewal = asyncio.create_task(self._renew())

    async def release(self) -> None:
        """Release the lease and close all connections, after the query that is running on the lease's connection."""
        if self._renewal:
            self._renewal.cancel()
        async with self._connections.close() as connection:
            if connection and self.epoch:
                with suppress(
                    *RETRIED_ERRORS
                ):  # on a full disk, for example: then the lease expires by itself
                    await connection.execute(SQL["release_lease"], self.epoch)

    async def reconnect(self) -> None:
        """Open new connections once all former connections of this engine have ended.

        Raises
        ------
        BookMoved
            Another engine has taken the database over.
        """
        async with self._connections.reconnect(self._application_name) as connection:
            if not await connection.fetchval(SQL["keep_lease"], self.epoch, _LEASE_DURATION):
                raise BookMoved("another engine has taken this database over")

    @property
    def _application_name(self) -> str:
        return f"crescendo/{self.epoch}"

    async def _renew(self) -> None:
        """Renew the lease well before it expires; ignore failures, as every commit checks the epoch."""
        while True:
            await asyncio.sleep(_RENEWAL_SECONDS)
            with suppress_database_errors():
                async with self._connections.borrow() as connection:
                    await connection.fetchval(SQL["renew_lease"], self.epoch, _LEASE_DURATION)
