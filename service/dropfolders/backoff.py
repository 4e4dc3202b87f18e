"""Retry times of files that failed for a technical reason: each waits longer every time and delays no other file."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

RETRY_SECONDS = 5
RETRY_SECONDS_MAX = 300


class _Delay(NamedTuple):
    due: float
    seconds: float
    """Seconds of the current wait."""


@dataclass(slots=True)
class RetryTimes:
    """When each file that failed is due again. Tests pass another clock, so that they do not wait."""

    clock: Callable[[], float] = time.monotonic
    _delays: dict[tuple[str, str], _Delay] = field(default_factory=dict)

    def is_due(self, sender: str, name: str) -> bool:
        """Return whether a file may be tried: it never failed, or has waited long enough."""
        delay = self._delays.get((sender, name))
        return delay is None or self.clock() >= delay.due

    def postpone(self, sender: str, name: str) -> float:
        """Make a file wait, twice as long each time; return the seconds."""
        previous = self._delays.get((sender, name))
        seconds = min(previous.seconds * 2, RETRY_SECONDS_MAX) if previous else RETRY_SECONDS
        self._delays[sender, name] = _Delay(self.clock() + seconds, seconds)
        return seconds

    def forget(self, sender: str, name: str) -> None:
        """Forget the failures of a file that succeeded."""
        self._delays.pop((sender, name), None)

    def forget_others(self, sender: str, names: set[str]) -> None:
        """Forget a sender's files except those of ``names``: the others no longer exist."""
        for key in [key for key in self._delays if key[0] == sender and key[1] not in names]:
            del self._delays[key]
