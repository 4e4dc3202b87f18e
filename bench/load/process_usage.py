"""What processes use while a load runs: memory second by second, and processor time from its begin to its end."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

POSTGRES = "postgres"


@dataclass(slots=True)
class Usage:
    """Of the service, its database and the load itself."""

    at: list[float] = field(default_factory=list)
    """Seconds of the load."""
    service_bytes: list[int] = field(default_factory=list)
    """Resident memory of the service's process."""
    core_seconds: dict[str, float] = field(default_factory=dict)
    """Processor time by whose it was."""

    @property
    def memory_growth_bytes(self) -> int:
        """What the service's memory grew by from the first look to the last."""
        return self.service_bytes[-1] - self.service_bytes[0] if self.service_bytes else 0


class UsageMonitor:
    """Looks at the service, its database and ourselves every second."""

    def __init__(self, service: int | None) -> None:
        """``service`` is its process, where it runs on this machine."""
        self._service = psutil.Process(service) if service else None
        self._start_seconds = self._read_core_seconds()
        self.usage = Usage()

    async def sample_memory(self, began: float) -> None:
        """Note memory until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            if self._service:
                self.usage.at.append(loop.time() - began)
                self.usage.service_bytes.append(self._service.memory_info().rss)
            await asyncio.sleep(1)

    def finish(self) -> Usage:
        """What was used since the begin."""
        spent = {
            name: seconds - self._start_seconds.get(name, 0.0)
            for name, seconds in self._read_core_seconds().items()
        }
        self.usage.core_seconds = {name: round(seconds, 2) for name, seconds in spent.items()}
        return self.usage

    def _read_core_seconds(self) -> dict[str, float]:
        own = psutil.Process()
        beside = [each for each in own.children() if not self._is_service(each)]
        found = {"load": _sum_core_seconds([own]), "files": _sum_core_seconds(beside)}
        if self._service:
            found["service"] = _sum_core_seconds([self._service])
            found[POSTGRES] = _sum_core_seconds(self._service.children(recursive=True))
        return found

    def _is_service(self, process: psutil.Process) -> bool:
        return self._service is not None and process.pid == self._service.pid


def _sum_core_seconds(processes: Sequence[psutil.Process]) -> float:
    total = 0.0
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            times = each.cpu_times()
            total += times.user + times.system
            if each.name() == POSTGRES:
                total += times.children_user + times.children_system
    return total
