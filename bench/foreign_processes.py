"""The load that other programs put on the machine during a measurement: with it the figures are too low."""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

import psutil

QUIET_CORES = 0.1
"""The processor time, in cores, that the services of an idle machine use at most."""
_KERNEL_THREADS = 2
"""The process whose children are the kernel's threads.  They write what all processes changed: nobody's in particular."""


@dataclass(frozen=True, slots=True)
class ForeignLoad:
    """What other programs used of the processors during a measurement."""

    cores: float
    """Processor time of other processes, over the duration."""
    stolen_cores: float
    """Processor time that the host of a virtual machine gave to other machines, over the duration."""

    @property
    def is_quiet(self) -> bool:
        """Whether the load is so small that the figures count."""
        return self.cores + self.stolen_cores <= QUIET_CORES

    def describe(self) -> str:
        """Describe the load."""
        stolen = (
            f", and the host took {self.stolen_cores:.2f}" if self.stolen_cores >= QUIET_CORES / 10 else ""
        )
        return f"{self.cores:.2f} cores{stolen}"


class _Counters(NamedTuple):
    """Seconds since the machine was started."""

    at: float
    busy: float
    """Processor time of all processes; that of interrupts is nobody's in particular."""
    stolen: float
    own: float
    """Processor time of this process, of all that it started, and of the kernel's threads."""


class ForeignLoadMeter:
    """Measures the processor time of other processes from its creation on."""

    def __init__(self) -> None:
        self._start = _read_counters()

    def finish(self) -> ForeignLoad:
        """Return the load since the meter was created."""
        start, end = self._start, _read_counters()
        seconds = max(end.at - start.at, 1e-9)
        foreign = (end.busy - start.busy) - (end.own - start.own)
        stolen = end.stolen - start.stolen
        return ForeignLoad(round(max(foreign, 0.0) / seconds, 3), round(max(stolen, 0.0) / seconds, 3))


def find_largest(loads: list[ForeignLoad]) -> ForeignLoad:
    """Return the largest load."""
    return max(loads, key=lambda load: load.cores + load.stolen_cores)


def _read_counters() -> _Counters:
    times = psutil.cpu_times()
    own = sum(map(_sum_processor_time, _list_own_processes()))
    busy = sum(getattr(times, name, 0.0) for name in ("user", "nice", "system"))
    return _Counters(time.monotonic(), busy, getattr(times, "steal", 0.0), own)


def _list_own_processes() -> list[psutil.Process]:
    own = psutil.Process()
    threads = [process for process in psutil.process_iter() if _is_kernel_thread(process)]
    return [own, *own.children(recursive=True), *threads]


def _is_kernel_thread(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.ppid() == _KERNEL_THREADS
    return False


def _sum_processor_time(process: psutil.Process) -> float:
    """Sum up the processor time of a process, and of its children that have ended."""
    with suppress(psutil.Error):
        times = process.cpu_times()
        return times.user + times.system + times.children_user + times.children_system
    return 0.0
