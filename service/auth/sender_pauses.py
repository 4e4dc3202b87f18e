"""Senders whose work waits until an operator resumes it: known to a running service as soon as it is stored."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from service.auth import access_queries
from service.auth.access_queries import Change, Pool

LOG = structlog.get_logger()
Apply = Callable[[Mapping[str, str]], None]
"""Told which senders are paused, and why."""


class Pauses:
    """Follows the pauses in the database, and adds to them."""

    def __init__(self, pool: Pool, apply: Apply) -> None:
        self._pool, self._apply = pool, apply
        self._lock = asyncio.Lock()
        self._known: Mapping[str, str] = {}

    @property
    def senders(self) -> int:
        """How many senders are paused."""
        return len(self._known)

    async def follow(self, dsn: str) -> None:
        """Let what is stored be in force, for as long as the database answers.

        Raises
        ------
        ConnectionError
            It does not any more.
        """
        await access_queries.follow(dsn, lambda _: self._read(), "pauses")

    async def change(self, change: Change) -> bool:
        """Pause a sender or resume it: stored and in force once this returns; False where nobody knows that sender."""
        if not await access_queries.pause(self._pool, change):
            return False
        await self._read()
        return True

    async def _read(self) -> None:
        """One read after the other, so that an older answer never replaces a newer one."""
        async with self._lock:
            found = await access_queries.paused(self._pool)
            if found != self._known:
                LOG.info("senders paused", senders=found)
            self._known = found
            self._apply(found)
