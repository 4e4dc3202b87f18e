"""Ctrl-C and SIGTERM: the first signal requests an orderly stop, the second stops at once.

Processing can continue after either: only whole batches are ever committed.
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


def report_interruption() -> int:
    """Print that a command was stopped in order, and return its exit code."""
    print_note("Stopped in good order, nothing is lost: run the same command again to continue from here.")
    return EXIT_INTERRUPTED


@dataclass(slots=True)
class Interruption:
    """What the next signal does: call ``stop`` and print ``message``."""

    stop: Callable[[], object]
    message: str = ""
    is_requested: bool = False
    """Whether a signal was received."""

    def receive_signal(self) -> None:
        """Stop in order at the first signal, and exit at the second.

        Exiting at once is safe: the database ends with the process that started it, and an open transaction
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
        """Have a signal call ``stop`` while the body runs; if one was received before, call it now."""
        previous = self.stop, self.message
        self.stop, self.message = stop, message
        if self.is_requested:
            stop()
        try:
            yield
        finally:
            self.stop, self.message = previous


def _do_nothing() -> None:
    """Do nothing: no work has begun that could be stopped."""


def run_interruptible(work: Callable[[Interruption], Coroutine[Any, Any, Value]]) -> Value:
    """Run ``work`` in a new event loop; a signal cancels it unless ``work`` sets another action.

    Raises
    ------
    KeyboardInterrupt
        A signal cancelled the work.
    """
    import uvloop

    interruption = Interruption(_do_nothing)

    async def run_work() -> Value:
        loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work(interruption))
        interruption.stop = task.cancel
        for signal_number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(signal_number, interruption.receive_signal)
        return await task

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run_work())
    except asyncio.CancelledError as error:
        raise KeyboardInterrupt from error
