"""The alert rules of ``monitoring/alerts/alerts.yml``, judged by the service itself from the metrics that it counts.

A test runs the cases of promtool through these rules, so that both fire alike.  One rule has no counterpart: a service that
does not answer cannot say so.
"""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from monitoring.alert_history import (
    FAULTS,
    AlertHistory,
    Labels,
    Reading,
    Values,
    compute_increases,
    compute_quantile,
    predict_value,
)

MINUTE, HOUR = 60, 3600
_FORM_BYTES = 2**26
_REFUSED_SHARE, _REFUSED_LINES, _REFUSED_FACTOR = 0.2, 100, 3


class Severity(StrEnum):
    """The severities of the alert rules: ``page`` wakes somebody, ``ticket`` waits for the morning."""

    PAGE = "page"
    TICKET = "ticket"


class AlertRule(NamedTuple):
    """A rule: the series for which its condition holds now, and how long it must hold."""

    name: str
    severity: Severity
    hold_seconds: int
    find_series: Callable[[AlertHistory], Mapping[str, float]]
    """Returns the value of each series that meets the condition, by the label that tells the series apart."""


class FiringAlert(NamedTuple):
    """A rule whose condition has held for long enough, for one series."""

    name: str
    severity: Severity
    label: str
    """A sender, route, code or measure; empty where the rule has one series."""
    value: float


class AlertWatch:
    """Judges the rules at each new reading, and keeps since when each condition holds."""

    def __init__(self) -> None:
        self._history = AlertHistory()
        self._starts: dict[tuple[str, str], float] = {}
        self.firing: list[FiringAlert] = []
        """The alerts that fire as of the last reading, in the order of ``RULES``."""

    def record(self, reading: Reading) -> None:
        """Judge all rules with a new reading."""
        self._history.add(reading)
        starts: dict[tuple[str, str], float] = {}
        self.firing = []
        for rule in RULES:
            for label, value in rule.find_series(self._history).items():
                start = starts[rule.name, label] = self._starts.get((rule.name, label), reading.at)
                if reading.at - start >= rule.hold_seconds:
                    self.firing.append(FiringAlert(rule.name, rule.severity, label, value))
        self._starts = starts


def _keep_single(values: Values, test: Callable[[float], bool]) -> dict[str, float]:
    """Return the value of a metric without labels if it meets the test."""
    matching = list(filter(test, values.values()))
    return {"": max(matching)} if matching else {}


def _find_not_ready(history: AlertHistory) -> Mapping[str, float]:
    return _keep_single(history.newest.find("ready"), lambda value: value == 0)


def _find_stuck(history: AlertHistory) -> Mapping[str, float]:
    batches = history.compute_increases("batches_total", 2 * MINUTE)
    is_still = bool(batches) and not any(batches.values())
    return _keep_single(
        history.newest.find("oldest_waiting_seconds"), lambda value: value > MINUTE and is_still
    )


def _find_repeated_commits(history: AlertHistory) -> Mapping[str, float]:
    return _keep_single(
        history.compute_increases("batches_failed_total", 15 * MINUTE), lambda value: value > 1.5
    )


def _find_slow_commits(history: AlertHistory) -> Mapping[str, float]:
    seconds = compute_quantile(history.compute_increases("commit_seconds", 5 * MINUTE), 0.99)
    return {"": seconds} if seconds > 5 else {}


def _find_late_queue(history: AlertHistory) -> Mapping[str, float]:
    empty = max(history.newest.find("queue_empty_seconds").values(), default=0)
    return _keep_single(history.newest.find("cut_off_seconds"), lambda value: 0 < value < empty)


def _find_old_work(history: AlertHistory) -> Mapping[str, float]:
    return _keep_single(history.newest.find("oldest_waiting_seconds"), lambda value: value > 15 * MINUTE)


_QUEUE_LIMITS: Mapping[str, float] = {
    "files_waiting": 1600,
    "forms_waiting": 16_000,
    "form_bytes": 0.8 * _FORM_BYTES,
    "form_bytes_of_one_sender": 0.4 * _FORM_BYTES,
}


def _find_full_queue(history: AlertHistory) -> Mapping[str, float]:
    values = [
        value
        for name, limit in _QUEUE_LIMITS.items()
        for value in history.newest.find(name).values()
        if value > limit
    ]
    return {"": values[0]} if values else {}


def _find_slow_forms(history: AlertHistory) -> Mapping[str, float]:
    increases = history.compute_increases("form_seconds", 5 * MINUTE)
    readings = history.list_since(5 * MINUTE)
    span, forms = readings[-1].at - readings[0].at, max(increases.values(), default=0)
    seconds = compute_quantile(increases, 0.99)
    return {"": seconds} if seconds > 0.25 and forms > span else {}


def _find_faults(history: AlertHistory) -> Mapping[str, float]:
    faults: dict[str, float] = {}
    for (_, route), value in history.compute_increases(FAULTS, 10 * MINUTE).items():
        faults[route] = faults.get(route, 0) + value
    return {route: value for route, value in faults.items() if value > 0}


def _find_rejections(history: AlertHistory) -> Mapping[str, float]:
    increases = history.compute_increases("turned_away_total", 10 * MINUTE)
    return {code: value for (code,), value in increases.items() if value > 100}


class _Refusals(NamedTuple):
    """The lines of a sender over some time."""

    refused: float = 0
    lines: float = 0

    @property
    def share(self) -> float:
        return self.refused / self.lines if self.lines else math.nan


def _count_refusals(first: Reading, last: Reading) -> dict[str, _Refusals]:
    counts: dict[str, _Refusals] = {}
    for (sender, outcome), lines in compute_increases("lines_total", first, last).items():
        before = counts.get(sender, _Refusals())
        refused = lines if outcome == "refused" else 0
        counts[sender] = _Refusals(before.refused + refused, before.lines + lines)
    return counts


def _find_refusal_jumps(history: AlertHistory) -> Mapping[str, float]:
    """Find senders with over a fifth of the lines refused, and three times the share of the six hours before.

    A sender without lines before is new only if the readings reach back six hours: the service may have restarted.
    """
    middle = history.find_before(15 * MINUTE)
    if middle is None:
        return {}
    is_complete = history.find_before(6 * HOUR + 15 * MINUTE) is not None
    first = history.list_since(6 * HOUR + 15 * MINUTE)[0]
    now, before = _count_refusals(middle, history.newest), _count_refusals(first, middle)
    return {
        sender: count.share
        for sender, count in now.items()
        if count.refused > _REFUSED_LINES
        and count.share > _REFUSED_SHARE
        and _is_jump(count, before.get(sender, _Refusals()), is_complete)
    }


def _is_jump(now: _Refusals, before: _Refusals, is_complete: bool) -> bool:
    return now.share >= _REFUSED_FACTOR * before.share if before.lines else is_complete


def _find_low_credits(history: AlertHistory) -> Mapping[str, float]:
    def read(reading: Reading) -> dict[Labels, float]:
        values = reading.find("budget_nodes_near_exhaustion").items()
        return {labels: value for labels, value in values if labels[0] == "programme"}

    earlier = history.find_before(HOUR)
    if earlier is None:
        return {}
    before, now = read(earlier), read(history.newest)
    return {
        labels[1]: value - before[labels]
        for labels, value in now.items()
        if labels in before and value > before[labels]
    }


def _find_filling_disk(history: AlertHistory) -> Mapping[str, float]:
    size = max(history.newest.find("disk_size_bytes").values(), default=0)
    in_four_hours = (
        predict_value("disk_free_bytes", history.list_since(HOUR), 4 * HOUR)
        if history.find_before(30 * MINUTE)
        else math.nan
    )
    return _keep_single(
        history.newest.find("disk_free_bytes"), lambda free: free < 0.1 * size or in_four_hours < 0
    )


def _find_full_disk(history: AlertHistory) -> Mapping[str, float]:
    values = [value for reading in history.list_since(MINUTE) for value in reading.find("disk_full").values()]
    return {"": 1.0} if any(values) else {}


def _find_open_files(history: AlertHistory) -> Mapping[str, float]:
    limit = max(history.newest.find("process_max_fds").values(), default=math.inf)
    return _keep_single(history.newest.find("process_open_fds"), lambda value: value > 0.8 * limit)


_P, _T = Severity.PAGE, Severity.TICKET
RULES: tuple[AlertRule, ...] = (
    AlertRule("CrescendoDiskFull", _P, MINUTE, _find_full_disk),
    AlertRule("CrescendoNotReady", _P, 5 * MINUTE, _find_not_ready),
    AlertRule("CrescendoStuck", _P, MINUTE, _find_stuck),
    AlertRule("CrescendoMissesCutOff", _P, 5 * MINUTE, _find_late_queue),
    AlertRule("CrescendoDiskFills", _P, 5 * MINUTE, _find_filling_disk),
    AlertRule("CrescendoCommitsFail", _T, 0, _find_repeated_commits),
    AlertRule("CrescendoCommitsSlow", _T, 10 * MINUTE, _find_slow_commits),
    AlertRule("CrescendoOldestWaits", _T, 5 * MINUTE, _find_old_work),
    AlertRule("CrescendoNearlyFull", _T, 2 * MINUTE, _find_full_queue),
    AlertRule("CrescendoFormsSlow", _T, 10 * MINUTE, _find_slow_forms),
    AlertRule("CrescendoErrors", _T, 0, _find_faults),
    AlertRule("CrescendoTurnedAway", _T, 0, _find_rejections),
    AlertRule("CrescendoRefusalsJump", _T, 5 * MINUTE, _find_refusal_jumps),
    AlertRule("CrescendoCreditsRunOut", _T, 5 * MINUTE, _find_low_credits),
    AlertRule("CrescendoConnectionsRunOut", _T, 2 * MINUTE, _find_open_files),
)
"""The most severe first."""
