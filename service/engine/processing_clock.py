"""Measurement of file processing: time, processor time and memory up to the last commit."""

import os
import resource
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core.stage_timing import StageTimes
from posting.batch import BatchResult, Tally
from service.engine.processing_result import Speed
from service.terminal.processing_progress import ProcessingProgress


@dataclass(slots=True)
class ProcessingClock:
    """Records commits in the progress, and when the last one was."""

    progress: ProcessingProgress
    stages: StageTimes = field(default_factory=StageTimes)
    started_at: float = field(default_factory=time.time)
    processor_start: float = field(default_factory=time.process_time)
    last_commit: float = field(default_factory=time.time)
    processor_seconds: float = 0.0
    """Processor seconds up to the last commit."""
    indexing_seconds: float = 0.0
    requests_without_invoice: int | None = None
    """In the batches of this process; None if it has decided none."""

    def record_commit(self, result: BatchResult, submissions: list[int]) -> None:
        """Record a committed batch; ``submissions`` are in the order of their files."""
        count = (self.requests_without_invoice or 0) + result.requests_without_invoice
        self.requests_without_invoice = count
        self.record_decided_lines(
            ((row.submission, _count_decided_lines(row.tally)) for row in result.progress), submissions
        )

    def record_decided_lines(self, decided: Iterable[tuple[int, int]], submissions: list[int]) -> None:
        """Record the lines decided by submission; ``submissions`` are in the order of their files."""
        self.progress.advance(decided, submissions)
        self.last_commit, self.processor_seconds = time.time(), time.process_time() - self.processor_start

    @contextmanager
    def time_indexing(self) -> Iterator[None]:
        """Record how long the body takes."""
        start = time.perf_counter()
        yield
        self.indexing_seconds = time.perf_counter() - start

    def measure_speed(self) -> Speed:
        """Return the speed from the start of this process to the last commit."""
        lines = self.progress.committed_lines
        seconds = self.last_commit - read_start_time()
        unit = 1 if sys.platform == "darwin" else 1024
        return Speed(
            lines=lines,
            seconds=round(seconds, 3),
            lines_a_second=round(lines / seconds),
            working_seconds=round(self.last_commit - self.started_at, 3),
            indexing_seconds=round(self.indexing_seconds, 3),
            core_microseconds_a_line=round(self.processor_seconds * 1e6 / max(lines, 1), 3),
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
            stage_microseconds_a_line={
                stage: round(nanoseconds / 1e3 / max(lines, 1), 4)
                for stage, nanoseconds in self.stages.nanoseconds.items()
            },
        )


def read_start_time() -> float:
    """Return when this process started, in seconds since 1970.

    On Linux the start is known in ticks since boot, but the time of the boot only in whole seconds. The clock since
    boot, read now, gives the difference exactly.
    """
    if sys.platform != "linux":
        return psutil.Process().create_time()
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


def _count_decided_lines(tally: Tally) -> int:
    return tally.accepted + tally.duplicate + tally.refused + tally.suspended
