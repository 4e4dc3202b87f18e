"""A store that tells how long its commits take, and at what."""

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from posting.batch import BatchResult
from posting.store.journal_store import PostgresStore

STEPS = ("copy", "turn", "close")
"""Of a commit: its rows are copied, the batch before is waited for, the transaction is closed and made durable."""


class TimedStore(PostgresStore):
    """The store of the service."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.on_commit: Callable[[float], None] = lambda _: None
        """Told the seconds of every commit, its turn waited for."""
        self.nanoseconds: dict[str, int] = dict.fromkeys(("connection", *STEPS), 0)
        """Waited by all batches together, side by side: for a free connection, and at each step."""
        self._step_times: dict[int, list[int]] = {}
        """When each batch under way began, was copied, and had its turn."""

    async def borrow_copier(self) -> Any:
        """A free copying connection."""
        start = time.monotonic_ns()
        connection = await super().borrow_copier()
        self.nanoseconds["connection"] += time.monotonic_ns() - start
        return connection

    async def commit(self, connection: Any, result: BatchResult, previous: asyncio.Event) -> None:
        """Store ``result`` in one transaction, after the batch before it."""
        reached = self._step_times[result.number] = [time.monotonic_ns()]
        try:
            await super().commit(connection, result, previous)
        finally:
            del self._step_times[result.number]
        reached.append(time.monotonic_ns())
        for step, (start, end) in zip(STEPS, pairwise(reached), strict=True):
            self.nanoseconds[step] += end - start
        self.on_commit((reached[-1] - reached[0]) / 1e9)

    async def _copy(self, connection: Any, result: BatchResult) -> None:
        await super()._copy(connection, result)
        self._step_times[result.number].append(time.monotonic_ns())

    async def _close_batch(self, connection: Any, result: BatchResult) -> None:
        self._step_times[result.number].append(time.monotonic_ns())
        await super()._close_batch(connection, result)
