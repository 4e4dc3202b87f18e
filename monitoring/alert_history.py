"""The recent values of the metrics that the alert rules read, so that the service can judge its alerts without Prometheus.

Readings are taken every ``READING_SECONDS``.  Those of the last quarter of an hour are all kept, older ones every
``LONG_STEP_SECONDS``, for as far back as a rule looks.
"""

import math
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np

Labels = tuple[str, ...]
Values = Mapping[Labels, float]

READING_SECONDS = 10
SHORT_SECONDS = 15 * 60
LONG_STEP_SECONDS = 5 * 60
LONG_SECONDS = 6.5 * 3600
"""The rule on refusals compares a quarter of an hour with the six hours before it."""
_PREDICTION_STEP_SECONDS = 60

GAUGES = (
    *("ready", "oldest_waiting_seconds", "cut_off_seconds", "queue_empty_seconds", "files_waiting"),
    *("forms_waiting", "form_bytes", "form_bytes_of_one_sender", "disk_free_bytes", "disk_size_bytes"),
    *("disk_full", "budget_nodes_near_exhaustion"),
)
COUNTERS = ("batches_total", "batches_failed_total", "turned_away_total", "lines_total")
HISTOGRAMS = ("commit_seconds", "form_seconds")
FAULTS = "requests_failed"
"""Requests answered with 500, by method and route: of the many series of ``requests_total`` a rule reads only these."""
PROCESS = ("process_open_fds", "process_max_fds")


class Reading(NamedTuple):
    """The values at one moment: by metric and labels; a histogram's by the upper bound of the bucket."""

    at: float
    values: Mapping[str, Values]

    def find(self, name: str) -> Values:
        """Return the values of a metric; none if it has none."""
        return self.values.get(name, {})


class AlertHistory:
    """Readings, the oldest first."""

    def __init__(self) -> None:
        self._recent: deque[Reading] = deque()
        self._older: deque[Reading] = deque()

    def add(self, reading: Reading) -> None:
        """Add the newest reading, and drop those that no rule looks back to."""
        self._recent.append(reading)
        while self._recent[0].at < reading.at - SHORT_SECONDS - READING_SECONDS:
            oldest = self._recent.popleft()
            if not self._older or oldest.at >= self._older[-1].at + LONG_STEP_SECONDS:
                self._older.append(oldest)
        while self._older and self._older[0].at < reading.at - LONG_SECONDS:
            self._older.popleft()

    @property
    def newest(self) -> Reading:
        """The last reading."""
        return self._recent[-1]

    def list_since(self, seconds: float) -> list[Reading]:
        """Return the readings of the last ``seconds``."""
        readings = [*self._older, *self._recent]
        return readings[self._find_start(readings, self.newest.at - seconds) :]

    def find_before(self, seconds: float) -> Reading | None:
        """Return the last reading that is at least ``seconds`` old; None if there is none."""
        readings = [*self._older, *self._recent]
        end = bisect_right(readings, self.newest.at - seconds, key=lambda reading: reading.at)
        return readings[end - 1] if end else None

    def compute_increases(self, name: str, seconds: float) -> dict[Labels, float]:
        """Return the increase of each series of a counter or histogram over the last ``seconds``."""
        return compute_increases(name, self.list_since(seconds)[0], self.newest)

    @staticmethod
    def _find_start(readings: list[Reading], at: float) -> int:
        return min(bisect_left(readings, at, key=lambda reading: reading.at), len(readings) - 1)


def compute_increases(name: str, first: Reading, last: Reading) -> dict[Labels, float]:
    """Return the increase of each series between two readings; a series that the first lacks began at 0."""
    before = first.find(name)
    return {labels: value - before.get(labels, 0) for labels, value in last.find(name).items()}


def compute_quantile(buckets: Values, share: float) -> float:
    """Return the value below which ``share`` of the observations lie, as Prometheus does; NaN without observations.

    ``buckets`` holds, by upper bound, the observations up to it.
    """
    counts = sorted((float(bound), count) for (bound,), count in buckets.items())
    if not counts or not counts[-1][1]:
        return math.nan
    rank, low, below = share * counts[-1][1], 0.0, 0.0
    for high, count in counts:
        if count >= rank:
            return low if math.isinf(high) else low + (high - low) * (rank - below) / (count - below)
        low, below = high, count
    return low


def predict_value(name: str, readings: Iterable[Reading], seconds: float) -> float:
    """Return the value of a gauge in ``seconds``, on the line of least squares through one value a minute.

    Older readings lie further apart than recent ones, so they would count for less; the values between them lie on straight
    lines.
    """
    points = [(reading.at, value) for reading in readings for value in reading.find(name).values()]
    if len(points) < 2 or points[-1][0] < points[0][0] + _PREDICTION_STEP_SECONDS:
        return math.nan
    times, values = np.array(points).T
    ages = np.arange(0, times[-1] - times[0] + 1, _PREDICTION_STEP_SECONDS)
    slope, value = np.polyfit(-ages, np.interp(times[-1] - ages, times, values), 1)
    return float(value + slope * seconds)


def read_metrics(
    at: float, read_values: Callable[[str], Values], read_buckets: Callable[[str], Values]
) -> Reading:
    """Read the metrics that the rules look at."""
    values = {name: read_values(name) for name in (*GAUGES, *COUNTERS, *PROCESS)}
    requests = read_values("requests_total").items()
    values[FAULTS] = {
        (method, route): value for (method, route, status), value in requests if status == "500"
    }
    return Reading(at, values | {name: read_buckets(name) for name in HISTOGRAMS})
