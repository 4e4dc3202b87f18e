"""Paused senders: their work waits until an operator resumes them; a running service follows the database."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from service.auth import access_queries
from service.auth.access_queries import CHANNEL, PauseChange, Pool
from service.database.change_listener import follow_changes

LOG = structlog.get_logger()
ApplyPauses = Callable[[Mapping[str, str]], None]
"""Receives the paused senders, each with the reason."""

REASON_LENGTH_MAX = 300
"""Characters of the reason that an operator gives."""


class SenderPauses:
    """Follows the pauses in the database, and stores new ones."""

    def __init__(self, pool: Pool, apply: ApplyPauses) -> None:
        self._pool, self._apply = pool, apply
        self._lock = asyncio.Lock()
        self._paused: Mapping[str, str] = {}

    @property
    def paused_count(self) -> int:
        """How many senders are paused."""
        return len(self._paused)

    async def follow(self, dsn: str) -> None:
        """Apply the stored pauses, and every change of them, as long as the connection to the database holds.

        Raises
        ------
        ConnectionError
            The connection is gone.
        """
        await follow_changes(dsn, CHANNEL, lambda _: self._reload(), subject="pauses")

    async def store_change(self, change: PauseChange) -> bool:
        """Pause or resume a sender: stored and applied on return; False if the sender is unknown."""
        if not await access_queries.store_pause_change(self._pool, change):
            return False
        await self._reload()
        return True

    async def _reload(self) -> None:
        """Read and apply the pauses; one reader at a time, so that older data never replace newer."""
        async with self._lock:
            paused = await access_queries.load_paused_senders(self._pool)
            if paused != self._paused:
                LOG.info("senders paused", senders=paused)
            self._paused = paused
            self._apply(paused)
