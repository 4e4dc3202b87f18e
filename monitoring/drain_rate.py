"""How fast the queue drains, and when it will be empty."""

import math
import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 30.0
"""Long enough to even out batches, short enough to follow a peak."""

_SHORTEST_SECONDS = 1.0
"""A rest is at least as long, and so is the time that a rate is taken over."""


class DrainRate:
    """Lines committed lately."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._commits: deque[tuple[float, int]] = deque()
        self._lines = 0
        self._started_at = 0.0
        self._is_idle = True

    def record_commit(self, lines: int, left: int) -> None:
        """Note a batch, and how many lines of its files are ``left``; after a rest, the pace begins anew."""
        now = self._drop_old_commits()
        if self._is_idle and self._commits and now - self._commits[-1][0] > _SHORTEST_SECONDS:
            self._commits.clear()
            self._lines = 0
        if not self._commits:
            self._started_at = now
        self._is_idle = not left
        self._commits.append((now, lines))
        self._lines += lines

    def compute_lines_a_second(self) -> float:
        """Lines committed a second in the window, or since work began in it; 0 when nothing was."""
        now = self._drop_old_commits()
        return self._lines / min(max(now - self._started_at, _SHORTEST_SECONDS), WINDOW_SECONDS)

    def estimate_seconds_to_empty(self, lines: int) -> float:
        """How long ``lines`` will take at this pace; infinite while nothing moves."""
        if not lines:
            return 0.0
        pace = self.compute_lines_a_second()
        return lines / pace if pace else math.inf

    def _drop_old_commits(self) -> float:
        """Drop what lies before the window; what the time is."""
        now = self._clock()
        while self._commits and self._commits[0][0] <= now - WINDOW_SECONDS:
            self._lines -= self._commits.popleft()[1]
        return now
