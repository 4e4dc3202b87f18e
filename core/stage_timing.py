"""Where the time goes: processor seconds of each stage, added up a batch at a time, never an act at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

ValueT = TypeVar("ValueT")


class StageTimes:
    """Processor time by stage, of whichever thread did the work."""

    def __init__(self) -> None:
        self.nanoseconds: dict[str, int] = {}
        self.kernel_busy_nanoseconds = 0
        """How long the kernel thread was at work, on the clock: against the time that passed, how near its limit it is."""

    def run_timed(self, work: Callable[..., ValueT], *arguments: Any) -> ValueT:
        """What ``work`` gives; how long that takes is added to what the kernel thread, which calls this, was busy."""
        start = time.perf_counter_ns()
        try:
            return work(*arguments)
        finally:
            self.kernel_busy_nanoseconds += time.perf_counter_ns() - start

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add what the body takes of this thread's processor time."""
        start = time.thread_time_ns()
        try:
            yield
        finally:
            self.add(stage, time.thread_time_ns() - start)

    def iterate_timed(self, stage: str, things: Iterator[ValueT]) -> Iterator[ValueT]:
        """The same things; what it takes to produce each counts for ``stage``."""
        while True:
            with self.measure(stage):
                thing = next(things, None)
            if thing is None:
                return
            yield thing

    def add(self, stage: str, nanoseconds: int) -> None:
        """Add to a stage."""
        self.nanoseconds[stage] = self.nanoseconds.get(stage, 0) + nanoseconds
