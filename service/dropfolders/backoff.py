"""Files that failed for no fault of theirs: tried again, each time later, while the others go on."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

RETRY_SECONDS = 5
RETRY_SECONDS_MAX = 300


class _Delay(NamedTuple):
    due: float
    seconds: float
    """What it waits this time."""


@dataclass(slots=True)
class RetryTimes:
    """When each file that failed is due again.  The clock may be another, so that nobody has to wait for it."""

    clock: Callable[[], float] = time.monotonic
    _delays: dict[tuple[str, str], _Delay] = field(default_factory=dict)

    def is_due(self, sender: str, name: str) -> bool:
        """Whether a file may be tried: it never failed, or has waited."""
        found = self._delays.get((sender, name))
        return found is None or self.clock() >= found.due

    def postpone(self, sender: str, name: str) -> float:
        """Let a file wait, twice as long each time; the seconds."""
        before = self._delays.get((sender, name))
        seconds = min(before.seconds * 2, RETRY_SECONDS_MAX) if before else RETRY_SECONDS
        self._delays[sender, name] = _Delay(self.clock() + seconds, seconds)
        return seconds

    def forget(self, sender: str, name: str) -> None:
        """A file is done with."""
        self._delays.pop((sender, name), None)

    def forget_others(self, sender: str, names: set[str]) -> None:
        """Forget a sender's files but those of ``names``: the others are gone."""
        for one in [each for each in self._delays if each[0] == sender and each[1] not in names]:
            del self._delays[one]
