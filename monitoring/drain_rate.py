"""The rate at which the queue drains, and the time until it is empty."""

import math
import time
from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 30.0
"""Long enough to even out batches, short enough to follow a peak."""

_SHORTEST_SECONDS = 1.0
"""The shortest pause between commits that counts as a rest, and the shortest time that a rate is computed over."""


class DrainRate:
    """The rate of committed lines over the last ``WINDOW_SECONDS`` of work."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._commits: deque[tuple[float, int]] = deque()
        self._lines = 0
        self._started_at = 0.0
        self._is_idle = True

    def record_commit(self, lines: int, remaining: int) -> None:
        """Record a batch, and how many lines of its files remain; after a rest, the rate starts again."""
        now = self._drop_old_commits()
        if self._is_idle and self._commits and now - self._commits[-1][0] > _SHORTEST_SECONDS:
            self._commits.clear()
            self._lines = 0
        if not self._commits:
            self._started_at = now
        self._is_idle = not remaining
        self._commits.append((now, lines))
        self._lines += lines

    def compute_lines_a_second(self) -> float:
        """Return the lines committed a second in the window, or since work began in it; 0 without commits."""
        now = self._drop_old_commits()
        return self._lines / min(max(now - self._started_at, _SHORTEST_SECONDS), WINDOW_SECONDS)

    def estimate_seconds_to_empty(self, lines: int) -> float:
        """Return the seconds that ``lines`` will take at the present rate; infinite while nothing is committed."""
        if not lines:
            return 0.0
        rate = self.compute_lines_a_second()
        return lines / rate if rate else math.inf

    def _drop_old_commits(self) -> float:
        """Drop the commits before the window; return the present time."""
        now = self._clock()
        while self._commits and self._commits[0][0] <= now - WINDOW_SECONDS:
            self._lines -= self._commits.popleft()[1]
        return now
