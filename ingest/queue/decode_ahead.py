"""Decoding ahead: what opening a file and reading its next lines cost is paid in a thread of its own.

Whoever prepares batches asks whether the next lines are at hand, and prepares forms as long as they are not.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import Any, Literal, TypeVar

Thing = TypeVar("Thing")


class Coming(Enum):
    """In place of a thing that is being made."""

    COMING = "coming"


COMING: Literal[Coming.COMING] = Coming.COMING


def waited(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Thing]) -> Thing:
    """What ``coroutine`` gives in ``loop``: another thread's way to ask the store."""
    return asyncio.run_coroutine_threadsafe(coroutine, loop).result()


class Ahead:
    """Things made beside the one who uses them."""

    def __init__(self, told: Callable[[], None]) -> None:
        """``told`` is called, in whichever thread, whenever something is made."""
        self._told = told
        self._maker = ThreadPoolExecutor(1, "decoder")
        self._awaited: Future[Any] | None = None

    @property
    def is_at_hand(self) -> bool:
        """Whether nothing is waited for."""
        awaited = self._awaited
        return awaited is None or awaited.done()

    def made(self, work: Callable[[], Thing]) -> Generator[Coming, None, Thing]:
        """What ``work`` gives; ``COMING``, and again, until it is made."""
        return (yield from self._there(self._begun(work)))

    def each(self, things: Iterator[Thing]) -> Iterator[Thing | Coming]:
        """The same things, each made while the one before is used; ``COMING``, and again, until the next one is."""
        coming = self._begun(lambda: next(things, None))
        while (thing := (yield from self._there(coming))) is not None:
            coming = self._begun(lambda: next(things, None))
            yield thing

    def begin_again(self) -> None:
        """Nobody waits any more for what was asked for."""
        self._awaited = None

    def _there(self, coming: "Future[Thing]") -> Generator[Coming, None, Thing]:
        while not coming.done():
            self._awaited = coming
            yield COMING
        self._awaited = None
        return coming.result()

    def _begun(self, work: Callable[[], Thing]) -> "Future[Thing]":
        coming = self._maker.submit(work)
        coming.add_done_callback(lambda _: self._told())
        return coming
