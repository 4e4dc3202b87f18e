"""How it went lately: totals looked at once a second, and what they moved by."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

LOOKS = 120
"""Seconds that are remembered, for the line on the page."""
WINDOW = 10
"""Seconds that a rate is taken over: steady enough to be read, and gone soon after the work is."""


class Look(NamedTuple):
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
        self._looks: deque[Look] = deque(maxlen=LOOKS + 1)

    def look(self, lines: int, forms: int, stages: Mapping[str, int]) -> None:
        """Note the totals of this moment."""
        self._looks.append(Look(self._clock(), lines, forms, dict(stages)))

    @property
    def forms_a_second(self) -> float:
        """Forms answered a second, lately."""
        return self._rate(lambda look: look.forms)

    def share(self, stage: str) -> float:
        """How much of one core a stage has taken, lately: 1 is all of it."""
        return self._rate(lambda look: look.stages.get(stage, 0)) / 1e9

    def _rate(self, total: Callable[[Look], int]) -> float:
        if len(self._looks) < 2:
            return 0.0
        first, last = self._looks[-min(WINDOW + 1, len(self._looks))], self._looks[-1]
        return (total(last) - total(first)) / max(last.at - first.at, 1e-9)

    def series(self) -> list[int]:
        """Lines a second between every two looks, the latest last."""
        looks = list(self._looks)
        return [
            round((after.lines - before.lines) / max(after.at - before.at, 1e-9))
            for before, after in pairwise(looks)
        ]
