"""How it went lately: totals looked at once a second, and what they moved by."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

HISTORY_SECONDS = 120
"""Seconds that are remembered, for the line on the page."""
RATE_WINDOW_SECONDS = 10
"""Seconds that a rate is taken over: steady enough to be read, and gone soon after the work is."""


class Observation(NamedTuple):
    """Totals at one moment."""

    at: float
    lines: int
    forms: int
    stages: Mapping[str, int]
    """Nanoseconds of processor time."""


class Trend:
    """The last looks.  The clock may be another, so that nobody has to wait for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._observations: deque[Observation] = deque(maxlen=HISTORY_SECONDS + 1)

    def record(self, lines: int, forms: int, stages: Mapping[str, int]) -> None:
        """Note the totals of this moment."""
        self._observations.append(Observation(self._clock(), lines, forms, dict(stages)))

    @property
    def forms_a_second(self) -> float:
        """Forms answered a second, lately."""
        return self._compute_rate(lambda look: look.forms)

    def compute_share(self, stage: str) -> float:
        """How much of one core a stage has taken, lately: 1 is all of it."""
        return self._compute_rate(lambda look: look.stages.get(stage, 0)) / 1e9

    def _compute_rate(self, total: Callable[[Observation], int]) -> float:
        if len(self._observations) < 2:
            return 0.0
        first, last = (
            self._observations[-min(RATE_WINDOW_SECONDS + 1, len(self._observations))],
            self._observations[-1],
        )
        return (total(last) - total(first)) / max(last.at - first.at, 1e-9)

    def list_rates(self) -> list[int]:
        """Lines a second between every two looks, the latest last."""
        looks = list(self._observations)
        return [
            round((after.lines - before.lines) / max(after.at - before.at, 1e-9))
            for before, after in pairwise(looks)
        ]
