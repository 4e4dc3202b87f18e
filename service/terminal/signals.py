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

from service.terminal.console import print_note

EXIT_INTERRUPTED = 130
Value = TypeVar("Value")


@dataclass(slots=True)
class Interruption:
    """What the next signal does."""

    stop: Callable[[], object]
    message: str = ""
    is_requested: bool = False
    """Whether a signal came."""

    def receive_signal(self) -> None:
        """Take a signal.

        Leaving at once is safe: the database ends with the process that started it, and an open transaction
        is rolled back.
        """
        if self.is_requested:
            print_note("Stopped at once.")
            os._exit(EXIT_INTERRUPTED)
        self.is_requested = True
        if self.message:
            print_note(self.message)
        self.stop()

    @contextmanager
    def stop_with(self, stop: Callable[[], object], message: str) -> Iterator[None]:
        """Let a signal mean ``stop`` for a while; one that came before means it too."""
        before = self.stop, self.message
        self.stop, self.message = stop, message
        if self.is_requested:
            stop()
        try:
            yield
        finally:
            self.stop, self.message = before


def _do_nothing() -> None:
    """Stop what has not begun."""


def run_interruptible(work: Callable[[Interruption], Coroutine[Any, Any, Value]]) -> Value:
    """Run ``work`` to its end in an event loop of its own; a signal cancels it unless it says otherwise.

    Raises
    ------
    KeyboardInterrupt
        A signal came, and the work was cancelled.
    """
    import uvloop

    interruption = Interruption(_do_nothing)

    async def heard() -> Value:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work(interruption))
        interruption.stop = task.cancel
        for each in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(each, interruption.receive_signal)
        return await task

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(heard())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error
