"""Ctrl-C and SIGTERM: the first asks for a stop in good order, the second stops at once.

Both leave a state to go on from: what is committed is a whole number of batches.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from service.terminal.console import note

EXIT_INTERRUPTED = 130
Answer = TypeVar("Answer")


@dataclass(slots=True)
class Interruption:
    """What the next signal does."""

    stop: Callable[[], object]
    promise: str = ""
    is_asked: bool = False
    """Whether a signal came."""

    def hear(self) -> None:
        """Take a signal.

        Leaving at once is safe: the database ends with the process that started it, and an open transaction
        is rolled back.
        """
        if self.is_asked:
            note("Stopped at once.")
            os._exit(EXIT_INTERRUPTED)
        self.is_asked = True
        if self.promise:
            note(self.promise)
        self.stop()

    @contextmanager
    def meaning(self, stop: Callable[[], object], promise: str) -> Iterator[None]:
        """Let a signal mean ``stop`` for a while; one that came before means it too."""
        before = self.stop, self.promise
        self.stop, self.promise = stop, promise
        if self.is_asked:
            stop()
        try:
            yield
        finally:
            self.stop, self.promise = before


def _nothing() -> None:
    """Stop what has not begun."""


def run(work: Callable[[Interruption], Coroutine[Any, Any, Answer]]) -> Answer:
    """Run ``work`` to its end in an event loop of its own; a signal cancels it unless it says otherwise.

    Raises
    ------
    KeyboardInterrupt
        A signal came, and the work was cancelled.
    """
    import uvloop

    interruption = Interruption(_nothing)

    async def heard() -> Answer:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work(interruption))
        interruption.stop = task.cancel
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, interruption.hear)
        return await task

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(heard())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error
