"""The times at which forms are sent: fixed before the first is sent, whatever the service does (open loop)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PROFILES = ("steady", "year-end")
RISE_SECONDS, FALL_SECONDS = 60, 30
"""The time in which a year-end load rises to its peak, and falls from it."""

_EDGE_SHARE = 0.25
"""The share of the peak rate at which a year-end load begins and ends."""


@dataclass(frozen=True, slots=True)
class Load:
    """The load to put on the service; the same seed gives the same load."""

    seed: int = 1
    profile: str = "year-end"
    connections: int = 13_000
    rate: int = 2_000
    """Forms a second at the peak."""
    seconds: int = 300
    """Duration of the peak."""
    senders: int = 10
    file_lines: int = 200_000
    """Lines of each file sent beside the forms; 0 for no files."""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"--profile is {self.profile}, and must be one of {', '.join(PROFILES)}")
        if not 0 < self.senders <= min(self.connections, 90):
            raise ValueError(
                f"--senders is {self.senders}, and must be 1 to 90, and at most the number of --connections"
            )
        if min(self.rate, self.seconds) < 1 or self.file_lines < 0:
            raise ValueError("--rate and --seconds must be at least 1, and --file-lines at least 0")


class Arrivals(NamedTuple):
    """The seconds at which forms are due, and the begin and end of the peak."""

    due: NDArray[np.float64]
    peak: tuple[float, float]


def plan_arrivals(load: Load) -> Arrivals:
    """Draw the arrivals from a Poisson process, because users do not wait for each other.

    The process has one arrival per unit of expected forms; the load curve maps those units to seconds.
    """
    seconds, forms = _build_load_curve(load)
    rng = np.random.default_rng(load.seed)
    draws = int(forms[-1] + 8 * np.sqrt(forms[-1])) + 10
    ticks = np.cumsum(rng.exponential(size=draws))
    due = np.interp(ticks[ticks < forms[-1]], forms, seconds)
    peak = (0.0, float(load.seconds)) if load.profile == "steady" else _find_peak(load)
    return Arrivals(due, peak)


def _find_peak(load: Load) -> tuple[float, float]:
    return float(RISE_SECONDS), float(RISE_SECONDS + load.seconds)


def _build_load_curve(load: Load) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points in seconds, and the number of forms expected up to each."""
    if load.profile == "steady":
        seconds, rate = np.array([0.0, load.seconds]), np.array([1.0, 1.0])
    else:
        begin, end = _find_peak(load)
        seconds = np.concatenate([np.linspace(0, begin, 61), np.linspace(end, end + FALL_SECONDS, 31)])
        rate = np.interp(seconds, [0, begin, end, end + FALL_SECONDS], [_EDGE_SHARE, 1, 1, _EDGE_SHARE])
    steps = np.diff(seconds) * (rate[1:] + rate[:-1]) / 2
    return seconds, np.concatenate([[0.0], np.cumsum(steps)]) * load.rate
