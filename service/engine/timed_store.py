"""A store that measures how long its commits take, step by step."""

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from posting.batch import BatchResult
from posting.store.journal_store import PostgresStore

STEPS = ("copy", "turn", "close")
"""The steps of a commit: copy the rows, wait for the previous batch, close the transaction and make it durable."""


class TimedStore(PostgresStore):
    """The store of the service, with the time its commits take."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.on_commit: Callable[[float], None] = lambda _: None
        """Called with the seconds of every commit, including the wait for the previous batch."""
        self.nanoseconds: dict[str, int] = dict.fromkeys(("connection", *STEPS), 0)
        """Total time of all batches, which overlap: waiting for a free connection, and in each step."""
        self._step_times: dict[int, list[int]] = {}
        """Times at which each batch under way began, was copied, and followed the previous batch."""

    async def borrow_copier(self) -> Any:
        """Return a free copying connection, and add the wait to ``nanoseconds``."""
        start = time.monotonic_ns()
        connection = await super().borrow_copier()
        self.nanoseconds["connection"] += time.monotonic_ns() - start
        return connection

    async def commit(self, connection: Any, result: BatchResult, previous: asyncio.Event) -> None:
        """Store a batch in one transaction, after the previous batch, and measure each step."""
        times = self._step_times[result.number] = [time.monotonic_ns()]
        try:
            await super().commit(connection, result, previous)
        finally:
            del self._step_times[result.number]
        times.append(time.monotonic_ns())
        for step, (start, end) in zip(STEPS, pairwise(times), strict=True):
            self.nanoseconds[step] += end - start
        self.on_commit((times[-1] - times[0]) / 1e9)

    async def copy_rows(self, connection: Any, result: BatchResult) -> None:
        """Copy the rows of a batch, and note when that is done."""
        await super().copy_rows(connection, result)
        self._step_times[result.number].append(time.monotonic_ns())

    async def close_batch(self, connection: Any, result: BatchResult, decision_time: float) -> None:
        """Note when the previous batch is committed, and complete this one."""
        self._step_times[result.number].append(time.monotonic_ns())
        await super().close_batch(connection, result, decision_time)
