"""When forms are sent: known before the first one is, whatever the service does (open loop)."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

PROFILES = ("steady", "year-end")
RISE_SECONDS, FALL_SECONDS = 60, 30
"""Of the year's end: how long the load grows to its peak, and falls from it."""

_EDGE_SHARE = 0.25
"""The part of the peak that a year's end begins and ends with."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked of the service, and for how long; the same seed asks the same."""

    seed: int = 1
    profile: str = "year-end"
    connections: int = 13_000
    rate: int = 2_000
    """Forms a second at the peak."""
    seconds: int = 300
    """How long the peak lasts."""
    senders: int = 10
    file_lines: int = 200_000
    """Lines of each of the files that are sent meanwhile; 0 for no files."""

    def __post_init__(self) -> None:
        if self.profile not in PROFILES:
            raise ValueError(f"profile {self.profile}: one of {', '.join(PROFILES)}")
        if not 0 < self.senders <= min(self.connections, 90):
            raise ValueError(f"{self.senders} senders: from 1 to 90, and a connection each")
        if min(self.rate, self.seconds) < 1 or self.file_lines < 0:
            raise ValueError("rate and seconds begin at 1, lines of a file at 0")


class Arrivals(NamedTuple):
    """The seconds at which forms are due, and between which of them the peak lasts."""

    due: NDArray[np.float64]
    peak: tuple[float, float]


def plan_arrivals(load: Load) -> Arrivals:
    """A Poisson process: users do not wait for each other.

    Its intensity is stretched time: a process of one arrival a second, read where the load has come to.
    """
    at, forms = _build_load_curve(load)
    rng = np.random.default_rng(load.seed)
    most = int(forms[-1] + 8 * np.sqrt(forms[-1])) + 10
    ticks = np.cumsum(rng.exponential(size=most))
    due = np.interp(ticks[ticks < forms[-1]], forms, at)
    peak = (0.0, float(load.seconds)) if load.profile == "steady" else _find_peak(load)
    return Arrivals(due, peak)


def _find_peak(load: Load) -> tuple[float, float]:
    return float(RISE_SECONDS), float(RISE_SECONDS + load.seconds)


def _build_load_curve(load: Load) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds, and the forms that are expected to have come by then."""
    if load.profile == "steady":
        at, rate = np.array([0.0, load.seconds]), np.array([1.0, 1.0])
    else:
        swell, peak = _find_peak(load)
        at = np.concatenate([np.linspace(0, swell, 61), np.linspace(peak, peak + FALL_SECONDS, 31)])
        rate = np.interp(at, [0, swell, peak, peak + FALL_SECONDS], [_EDGE_SHARE, 1, 1, _EDGE_SHARE])
    steps = np.diff(at) * (rate[1:] + rate[:-1]) / 2
    return at, np.concatenate([[0.0], np.cumsum(steps)]) * load.rate
