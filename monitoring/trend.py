"""The trend of the last minutes: totals observed once a second, and the rates between them."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

HISTORY_SECONDS = 120
"""The history of the trend line on the live page."""
RATE_WINDOW_SECONDS = 10
"""Rates are computed over this time: long enough to read steadily, short enough to fall to 0 soon after the work ends."""


class Observation(NamedTuple):
    """The totals at one moment."""

    at: float
    lines: int
    forms: int
    stages: Mapping[str, int]
    """Nanoseconds of processor time."""


class Trend:
    """The observations of the last ``HISTORY_SECONDS``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Tests pass a ``clock`` of their own, so that they need not wait."""
        self._clock = clock
        self._observations: deque[Observation] = deque(maxlen=HISTORY_SECONDS + 1)

    def record(self, lines: int, forms: int, stages: Mapping[str, int]) -> None:
        """Record the totals of this moment."""
        self._observations.append(Observation(self._clock(), lines, forms, dict(stages)))

    @property
    def forms_a_second(self) -> float:
        """Forms answered a second, over the last ``RATE_WINDOW_SECONDS``."""
        return self._compute_rate(lambda observation: observation.forms)

    def compute_share(self, stage: str) -> float:
        """Return the share of one core that a stage used over the last ``RATE_WINDOW_SECONDS``: 1 is a whole core."""
        return self._compute_rate(lambda observation: observation.stages.get(stage, 0)) / 1e9

    def _compute_rate(self, read_total: Callable[[Observation], int]) -> float:
        count = len(self._observations)
        if count < 2:
            return 0.0
        first, last = self._observations[-min(RATE_WINDOW_SECONDS + 1, count)], self._observations[-1]
        return (read_total(last) - read_total(first)) / max(last.at - first.at, 1e-9)

    def list_rates(self) -> list[int]:
        """Return the lines a second between each two observations, the latest last."""
        return [
            round((after.lines - before.lines) / max(after.at - before.at, 1e-9))
            for before, after in pairwise(list(self._observations))
        ]
