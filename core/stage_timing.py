"""Processor time of each stage of the engine, added up per batch, never per act."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

ValueT = TypeVar("ValueT")


class StageTimes:
    """Processor time by stage, whichever thread did the work."""

    def __init__(self) -> None:
        self.nanoseconds: dict[str, int] = {}
        self.kernel_busy_nanoseconds = 0
        """Wall-clock time during which the kernel thread worked: divided by the elapsed time, its utilisation."""

    def measure_work(self, work: Callable[..., ValueT], *arguments: Any) -> ValueT:
        """Return the result of ``work``; add its wall-clock time to that of the kernel thread, which calls this."""
        start = time.perf_counter_ns()
        try:
            return work(*arguments)
        finally:
            self.kernel_busy_nanoseconds += time.perf_counter_ns() - start

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add the processor time that this thread spends in the body to ``stage``."""
        start = time.thread_time_ns()
        try:
            yield
        finally:
            self.add(stage, time.thread_time_ns() - start)

    def measure_iteration(self, stage: str, values: Iterator[ValueT]) -> Iterator[ValueT]:
        """Yield ``values`` unchanged; add the time it takes to produce each to ``stage``."""
        while True:
            with self.measure(stage):
                value = next(values, None)
            if value is None:
                return
            yield value

    def add(self, stage: str, nanoseconds: int) -> None:
        """Add processor time to a stage."""
        self.nanoseconds[stage] = self.nanoseconds.get(stage, 0) + nanoseconds
