"""The recovery under a running engine: the embedded server is started again, a full disk or a clock set back is waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from core.errors import ClockSetBack, CrescendoError, DatabaseUnfit
from posting.pipeline_settings import RetryPreparation
from posting.store.failures import RETRIED_ERRORS, is_disk_full, raise_pending_cancellation
from posting.store.ledger_clock import LedgerClock
from service.database.disk_space import DataDisks
from service.database.embedded_server import Database

PAUSE_SECONDS, PAUSE_SECONDS_MAX = 1, 30
"""The first pause after a full disk, and the longest: each doubles the one before, until a batch is committed."""


class RecoveryStopped(CrescendoError):
    """The service stops while a disk is full or a clock is set back; nothing that was acknowledged is lost."""


async def restart_ended_server(database: Database, seconds: float) -> bool:
    """Start the embedded server again if it has ended or is ending; return whether it was started.

    Raises
    ------
    DatabaseUnfit
        It does not start, or it neither ends nor serves within ``seconds``.
    """
    server = database.server
    if server is None or await server.is_serving(seconds):
        return False
    await server.start()
    return True


class DatabaseRecovery:
    """Prepares the retries of a running service, and tells its other parts when the embedded server was started again."""

    def __init__(
        self,
        database: Database,
        disks: DataDisks,
        seconds: float,
        *,
        on_full: Callable[[BaseException], None],
        clock: LedgerClock,
        on_setback: Callable[[ClockSetBack], None],
    ) -> None:
        """``on_full`` and ``on_setback`` are called with the cause when a wait for room, or for the right time, begins."""
        self._database, self._disks, self._seconds, self._on_full = database, disks, seconds, on_full
        self._clock, self._on_setback = clock, on_setback
        self._pause_seconds: float = PAUSE_SECONDS
        self._stopped, self._started_again = asyncio.Event(), asyncio.Event()

    async def prepare_retry(self, cause: BaseException) -> RetryPreparation:
        """Return once a retry may succeed: the server runs, no disk is full, and no clock is set back.

        That a disk was full or a clock set back does not count.

        Raises
        ------
        DatabaseUnfit
            The embedded server does not start.
        RecoveryStopped
            The service stops.
        """
        if isinstance(cause, ClockSetBack):
            await self._wait_for_clocks(cause)
            return RetryPreparation(is_counted=False)
        server = self._database.server
        is_gone = server is not None and not await server.is_serving(self._seconds)
        is_full = is_disk_full(cause) or (is_gone and self._disks.measure_fullest().is_full)
        if is_full:
            await self._wait_for_room(cause)
        return RetryPreparation(not is_full, await self._restart_server())

    async def follow(self, follow: Callable[[], Awaitable[None]]) -> None:
        """Run ``follow``, which ends with its connection to the database, again whenever the server was started again.

        Raises
        ------
        PostgresError, ConnectionError
            Its connection broke although the server runs.
        """
        server = self._database.server
        while True:
            starts = server.starts if server else 0
            try:
                await follow()
            except RETRIED_ERRORS:
                raise_pending_cancellation()
                if server is None or (server.starts == starts and await server.is_serving(self._seconds)):
                    raise
                while server.starts == starts:
                    # no time limit: the engine starts the server again, or fails and ends the service
                    await self._started_again.wait()

    def note_commit(self) -> None:
        """Let the next wait for room begin with a short pause."""
        self._pause_seconds = PAUSE_SECONDS

    def stop(self) -> None:
        """End a wait for room, as the service stops."""
        self._stopped.set()

    async def _restart_server(self) -> bool:
        """Start the server again if it has ended; return whether it was started."""
        while True:
            try:
                is_restarted = await restart_ended_server(self._database, self._seconds)
            except (DatabaseUnfit, OSError) as error:
                if not self._disks.measure_fullest().is_full:
                    raise
                await self._wait_for_room(error)
            else:
                break
        if is_restarted:
            started, self._started_again = self._started_again, asyncio.Event()
            started.set()
        return is_restarted

    async def _wait_for_room(self, cause: BaseException) -> None:
        """Wait a while, and then as long as a disk of the data folder has no room.

        The disk of another server is not seen from here: the next attempt shows whether it has room.  The wait has no limit,
        as room comes when people make it; a stop of the service ends it.
        """
        self._on_full(cause)
        await self._pause(self._pause_seconds)
        self._pause_seconds = min(2 * self._pause_seconds, PAUSE_SECONDS_MAX)
        while not self._disks.measure_fullest().has_room:
            await self._pause(PAUSE_SECONDS)

    async def _wait_for_clocks(self, cause: ClockSetBack) -> None:
        """Wait until both clocks are right: people set them.  Whoever watches the lease reads the database's clock again."""
        self._on_setback(cause)
        await self._pause(PAUSE_SECONDS)
        while self._clock.find_setback():
            await self._pause(PAUSE_SECONDS)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
        if self._stopped.is_set():
            raise RecoveryStopped("the service stops while it waits")
