"""Decoding ahead: a thread of its own opens files and decodes their next lines.

The reader thread asks whether the next lines are ready, and prepares forms while they are not.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import Any, Literal, TypeVar

Item = TypeVar("Item")
COROUTINE_SECONDS = 3_600
"""Limit on what another thread awaits: the longest hashes a whole file and reads some rows."""


class Pending(Enum):
    """In place of an item that is being computed."""

    PENDING = "pending"


PENDING: Literal[Pending.PENDING] = Pending.PENDING


def run_in_loop(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Item]) -> Item:
    """Run ``coroutine`` in ``loop``, for another thread, and return its result.

    Raises
    ------
    TimeoutError
        It has not ended within ``COROUTINE_SECONDS``, for example because the loop has stopped.
    """
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result(COROUTINE_SECONDS)


class DecodeAhead:
    """Computes items in a thread of its own."""

    def __init__(self, notify: Callable[[], None]) -> None:
        """``notify`` is called, in any thread, whenever an item is ready."""
        self._notify = notify
        self._executor = ThreadPoolExecutor(1, "decoder")
        self._awaited: Future[Any] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether no item is being waited for."""
        future = self._awaited
        return future is None or future.done()

    def compute(self, work: Callable[[], Item]) -> Generator[Pending, None, Item]:
        """Yield ``PENDING`` until ``work`` is done; return its result."""
        return (yield from self._await_result(self._submit(work)))

    def prefetch(self, items: Iterator[Item]) -> Iterator[Item | Pending]:
        """Yield the items, each computed while the one before is used; ``PENDING`` while the next one is not ready."""
        future = self._submit(lambda: next(items, None))
        while (item := (yield from self._await_result(future))) is not None:
            future = self._submit(lambda: next(items, None))
            yield item

    def reset(self) -> None:
        """Stop waiting for the item under way."""
        self._awaited = None

    def _await_result(self, future: "Future[Item]") -> Generator[Pending, None, Item]:
        while not future.done():
            self._awaited = future
            yield PENDING
        self._awaited = None
        return future.result()  # no time limit: it is done

    def _submit(self, work: Callable[[], Item]) -> "Future[Item]":
        future = self._executor.submit(work)
        future.add_done_callback(lambda _: self._notify())
        return future
