"""Decoding ahead: what opening a file and reading its next lines cost is paid in a thread of its own.

Whoever prepares batches asks whether the next lines are at hand, and prepares forms as long as they are not.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import Any, Literal, TypeVar

Item = TypeVar("Item")


class Pending(Enum):
    """In place of a thing that is being made."""

    PENDING = "coming"


PENDING: Literal[Pending.PENDING] = Pending.PENDING


def run_in_loop(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Item]) -> Item:
    """What ``coroutine`` gives in ``loop``: another thread's way to ask the store."""
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()


class DecodeAhead:
    """Things made beside the one who uses them."""

    def __init__(self, notify: Callable[[], None]) -> None:
        """``told`` is called, in whichever thread, whenever something is made."""
        self._notify = notify
        self._executor = ThreadPoolExecutor(1, "decoder")
        self._awaited: Future[Any] | None = None

    @property
    def is_ready(self) -> bool:
        """Whether nothing is waited for."""
        awaited = self._awaited
        return awaited is None or awaited.done()

    def compute(self, work: Callable[[], Item]) -> Generator[Pending, None, Item]:
        """What ``work`` gives; ``COMING``, and again, until it is made."""
        return (yield from self._await_result(self._submit(work)))

    def prefetch(self, items: Iterator[Item]) -> Iterator[Item | Pending]:
        """The same things, each made while the one before is used; ``COMING``, and again, until the next one is."""
        coming = self._submit(lambda: next(items, None))
        while (thing := (yield from self._await_result(coming))) is not None:
            coming = self._submit(lambda: next(items, None))
            yield thing

    def reset(self) -> None:
        """Nobody waits any more for what was asked for."""
        self._awaited = None

    def _await_result(self, future: "Future[Item]") -> Generator[Pending, None, Item]:
        while not future.done():
            self._awaited = future
            yield PENDING
        self._awaited = None
        return future.result()

    def _submit(self, work: Callable[[], Item]) -> "Future[Item]":
        coming = self._executor.submit(work)
        coming.add_done_callback(lambda _: self._notify())
        return coming
