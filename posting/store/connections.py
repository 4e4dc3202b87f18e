"""The connections of the engine to its database, and their reconnection.

One connection runs the queries; several others, the copiers, copy batches at the same time.  When a connection breaks,
asyncpg leaves a COPY that is being written waiting for ever: so every connection has a listener that notes its end.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from core.sql_files import read_queries
from posting.store.limited_connections import SESSION_LIMITS, open_limited_connection
from posting.store.migrate import migrate

Connection = asyncpg.Connection

SQL: Mapping[str, str] = read_queries("posting.store", "queries.sql")
COMMAND_SECONDS = 60
"""Limit on a command of a few rows, after which the server counts as unavailable; copies and indexing may take longer."""
_ENDING_SECONDS = 120
"""Time to end the former connections: one after the other, within 10 seconds each."""
_CONNECTION_BROKE = "a connection to the database broke"


class EngineConnections:
    """The connection that runs the queries of the engine, and those that copy its batches."""

    main: Any
    """The connection that runs queries.  ``Any``, as by asyncpg's types every row that it fetches might be None."""

    def __init__(self, dsn: str, copiers: int) -> None:
        self._dsn, self._copier_count = dsn, copiers
        self.command_seconds: int = COMMAND_SECONDS
        self.free_copiers: asyncio.Queue[Connection] = asyncio.Queue()
        self._failure_text = _CONNECTION_BROKE
        self._copiers: list[Connection] = []
        self._broken = asyncio.Event()
        self._main_lock = asyncio.Lock()

    async def connect(self) -> None:
        """Apply the missing migrations, and open the connection that runs queries."""
        settings = {"application_name": "crescendo"}
        async with open_limited_connection(self._dsn, settings, self.command_seconds) as migration:
            await migrate(migration)
        self.main = await self._connect("crescendo", self.command_seconds)

    async def connect_copiers(self, application_name: str) -> None:
        """Open the connections that copy batches, all at once; those that open are closed by ``close`` if one does not."""
        opening = (self._connect(application_name) for _ in range(self._copier_count))
        results = await asyncio.gather(*opening, return_exceptions=True)
        self._copiers = [result for result in results if not isinstance(result, BaseException)]
        for failure in results:
            if isinstance(failure, BaseException):
                raise failure
        for connection in self._copiers:
            self.free_copiers.put_nowait(connection)

    @asynccontextmanager
    async def lend_copier(self) -> AsyncIterator[Connection]:
        """Lend a free copying connection to a reader."""
        # no time limit: a broken connection ends the attempt, and all its tasks
        connection = await self.free_copiers.get()
        try:
            yield connection
        finally:
            self.free_copiers.put_nowait(connection)

    @asynccontextmanager
    async def reconnect(self, application_name: str) -> AsyncIterator[Any]:
        """Open a new connection once all former ones of that name have ended; yield it, then open new copiers."""
        for connection in self._copiers:
            connection.terminate()
        self.free_copiers, self._broken, self._failure_text = (
            asyncio.Queue(),
            asyncio.Event(),
            _CONNECTION_BROKE,
        )
        async with self._main_lock:
            self.main.terminate()
            self.main = await self._connect(application_name, self.command_seconds)
            ending = max(self.command_seconds, _ENDING_SECONDS)
            await self.main.fetch(SQL["end_former_connections"], application_name, timeout=ending)
            yield self.main
        await self.connect_copiers(application_name)

    async def wait_until_broken(self) -> None:
        """Wait until a connection breaks, then raise ``ConnectionError``."""
        await self._broken.wait()  # no time limit: that nothing breaks is the normal state
        raise ConnectionError(self._failure_text)

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Any]:
        """Borrow the connection that runs queries, one user at a time.

        A server that hangs reports nothing: when a command times out, all connections are terminated, so that no task
        goes on waiting for one.
        """
        async with self._main_lock:
            try:
                yield self.main
            except TimeoutError:
                self._failure_text = f"the database has answered nothing for {self.command_seconds} seconds"
                for connection in (self.main, *self._copiers):
                    connection.terminate()
                self._broken.set()
                raise

    @asynccontextmanager
    async def close(self) -> AsyncIterator[Any]:
        """Yield the connection that runs queries once it is free, unless it is closed or was never opened; close all."""
        for copier in self._copiers:
            copier.terminate()
        main = getattr(self, "main", None)
        async with self._main_lock:
            is_open = main is not None and not main.is_closed()
            yield main if is_open else None
            if main is not None and is_open:
                await main.close(timeout=self.command_seconds)

    async def _connect(self, name: str, seconds: float | None = None) -> Connection:
        """Open a connection whose end is noted, unless a reconnection came first; ``seconds`` limits each command.

        A copy has no limit of its own, as it may be large: a server that hangs shows on the connection that runs queries,
        which renews the lease every few seconds, and then all connections are cut.
        """
        broken, server_settings = self._broken, {**SESSION_LIMITS, "application_name": name}
        limits = {"command_timeout": seconds, "timeout": self.command_seconds}
        try:
            connection = await asyncpg.connect(self._dsn, server_settings=server_settings, **limits)
        except TimeoutError:
            raise TimeoutError(
                f"no connection could be opened within {self.command_seconds} seconds"
            ) from None
        connection.add_termination_listener(lambda _: broken.set())
        return connection
