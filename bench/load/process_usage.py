"""Memory of the service second by second, and processor time of all processes, during a load."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

POSTGRES = "postgres"


@dataclass(slots=True)
class Usage:
    """The resources used by the service, its database and the load itself."""

    at: list[float] = field(default_factory=list)
    """Seconds since the load began."""
    service_bytes: list[int] = field(default_factory=list)
    """Resident memory of the service's process."""
    core_seconds: dict[str, float] = field(default_factory=dict)
    """Processor time by process: ``load``, ``files``, ``service``, ``postgres``."""

    @property
    def memory_growth_bytes(self) -> int:
        """The growth of the service's memory from the first sample to the last."""
        return self.service_bytes[-1] - self.service_bytes[0] if self.service_bytes else 0


class UsageMonitor:
    """Samples the memory of the service every second, and measures the processor time of all processes."""

    def __init__(self, service: int | None) -> None:
        """``service`` is the process id of the service, if it runs on this machine."""
        self._service = psutil.Process(service) if service else None
        self._start_seconds = self._read_core_seconds()
        self.usage = Usage()

    async def sample_memory(self, start: float) -> None:
        """Sample the memory until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            if self._service:
                self.usage.at.append(loop.time() - start)
                self.usage.service_bytes.append(self._service.memory_info().rss)
            await asyncio.sleep(1)

    def finish(self) -> Usage:
        """Return what was used since the monitor was created."""
        used = {
            name: seconds - self._start_seconds.get(name, 0.0)
            for name, seconds in self._read_core_seconds().items()
        }
        self.usage.core_seconds = {name: round(seconds, 2) for name, seconds in used.items()}
        return self.usage

    def _read_core_seconds(self) -> dict[str, float]:
        own = psutil.Process()
        children = [child for child in own.children() if not self._is_service(child)]
        seconds = {"load": _sum_core_seconds([own]), "files": _sum_core_seconds(children)}
        if self._service:
            seconds["service"] = _sum_core_seconds([self._service])
            seconds[POSTGRES] = _sum_core_seconds(self._service.children(recursive=True))
        return seconds

    def _is_service(self, process: psutil.Process) -> bool:
        return self._service is not None and process.pid == self._service.pid


def _sum_core_seconds(processes: Sequence[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
            if process.name() == POSTGRES:
                total += times.children_user + times.children_system
    return total
