"""Senders whose work waits until an operator resumes it: known to a running service as soon as it is stored."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from service.auth import access_queries
from service.auth.access_queries import PauseChange, Pool

LOG = structlog.get_logger()
ApplyPauses = Callable[[Mapping[str, str]], None]
"""Told which senders are paused, and why."""


class SenderPauses:
    """Follows the pauses in the database, and adds to them."""

    def __init__(self, pool: Pool, apply: ApplyPauses) -> None:
        self._pool, self._apply = pool, apply
        self._lock = asyncio.Lock()
        self._paused: Mapping[str, str] = {}

    @property
    def paused_count(self) -> int:
        """How many senders are paused."""
        return len(self._paused)

    async def follow(self, dsn: str) -> None:
        """Let what is stored be in force, for as long as the database answers.

        Raises
        ------
        ConnectionError
            It does not any more.
        """
        await access_queries.follow_changes(dsn, lambda _: self._reload(), "pauses")

    async def store_change(self, change: PauseChange) -> bool:
        """Pause a sender or resume it: stored and in force once this returns; False where nobody knows that sender."""
        if not await access_queries.store_pause_change(self._pool, change):
            return False
        await self._reload()
        return True

    async def _reload(self) -> None:
        """One read after the other, so that an older answer never replaces a newer one."""
        async with self._lock:
            found = await access_queries.load_paused_senders(self._pool)
            if found != self._paused:
                LOG.info("senders paused", senders=found)
            self._paused = found
            self._apply(found)
