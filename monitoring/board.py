"""The figures behind the metrics: moved once a batch or a request, never once an act."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from core.catalog import CATALOG
from core.codes import REFUSALS
from core.codes import Outcome as Code
from monitoring.metrics import METRICS, OTHERS, PREFIX, SECONDS, SENDERS_MAX, Sort
from posting.batch import Outcome, Submission, Tally

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_OUTCOMES = ("accepted", "duplicate", "refused", "suspended")
_COUNTED = ("accepted", "duplicate", "refused")
"""Outcomes that stay: a suspended line is counted once it has another one."""


class Board:
    """All metrics of one service."""

    def __init__(self, stages: Mapping[str, int]) -> None:
        """``stages`` holds nanoseconds by stage, and goes on growing."""
        self.registry = CollectorRegistry()
        self._made = {name: self._make(name) for name in METRICS if name != "stage_seconds_total"}
        self._figures: dict[tuple[str, ...], Any] = {}
        self.registry.register(_Stages(stages))
        ProcessCollector(registry=self.registry)
        self._before: dict[int, tuple[str, Tally]] = {}
        """Of each submission under way: who sent it, and what of it is counted."""
        self._senders: set[str] = set()
        self._endless: set[int] = set()
        """Submissions of forms: done after every batch, and never over."""

    def _make(self, name: str) -> Any:
        metric = METRICS[name]
        if metric.sort is Sort.HISTOGRAM:
            return Histogram(
                PREFIX + name, metric.help, metric.labels, registry=self.registry, buckets=SECONDS
            )
        kind = Counter if metric.sort is Sort.COUNTER else Gauge
        return kind(PREFIX + name, metric.help, metric.labels, registry=self.registry)

    def shown(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self.registry)

    def read(self, name: str, value: Callable[[], float]) -> None:
        """Let a gauge read its figure when it is looked at."""
        self._made[name].set_function(value)

    def count(self, name: str, *labels: str) -> None:
        """Count one more."""
        self._labelled(name, labels).inc()

    def took(self, name: str, seconds: float, *labels: str) -> None:
        """Note how long something took."""
        self._labelled(name, labels).observe(seconds)

    def _labelled(self, name: str, labels: tuple[str, ...]) -> Any:
        """The figure of these labels, looked up by the library but once: it checks and locks each time."""
        found = self._figures.get((name, *labels))
        if found is None:
            made = self._made[name]
            found = self._figures[name, *labels] = made.labels(*labels) if labels else made
        return found

    def taken(self, submission: Submission) -> None:
        """A submission is taken up: what was committed of it before is not counted."""
        said = (self._sender(submission.sender), _copied(submission.tally))
        self._before.setdefault(submission.number, said)
        if submission.lines is None:
            self._endless.add(submission.number)

    def committed(self, outcome: Outcome) -> None:
        """Count a committed batch."""
        for row in outcome.progress:
            self._count_submission(row.submission, row.tally)
            if row.stage.done and row.submission not in self._endless:
                del self._before[row.submission]
        self._count_ends(outcome.ended)
        self._made["batches_total"].inc()
        self._made["batch_lines"].set(int(outcome.ended.sum()))
        self._made["last_batch"].set(outcome.number)
        self._made["last_commit_timestamp_seconds"].set(time.time())

    def _count_submission(self, submission: int, tally: Tally) -> None:
        sender, before = self._before[submission]
        for name in _COUNTED:
            lines = getattr(tally, name) - getattr(before, name)
            cents = getattr(tally, f"{name}_cents") - getattr(before, f"{name}_cents")
            if lines:
                self._made["lines_total"].labels(sender, name).inc(lines)
                self._made["cents_total"].labels(sender, name).inc(max(cents, 0))
        self._before[submission] = sender, _copied(tally)

    def _sender(self, sender: str) -> str:
        """The sender's name, as long as there are not too many of them."""
        if len(self._senders) < SENDERS_MAX:
            self._senders.add(sender)
        return sender if sender in self._senders else OTHERS

    def _count_ends(self, ended: np.ndarray) -> None:
        """``ended``: lines by kind and code."""
        for kind, code in zip(*np.nonzero(ended), strict=True):
            lines = int(ended[kind, code])
            if code == Code.HELD:
                continue
            if code in REFUSALS:
                self._made["refusals_total"].labels(Code(int(code)).name).inc(lines)
            outcome = _OUTCOMES[min(int(code), 2)] if code < Code.HELD else "refused"
            self._made["lines_by_kind_total"].labels(CATALOG[kind].name, outcome).inc(lines)


class _Stages(Collector):
    """Processor time by stage, read when it is looked at."""

    def __init__(self, nanoseconds: Mapping[str, int]) -> None:
        self._nanoseconds = nanoseconds

    def collect(self) -> Iterable[CounterMetricFamily]:
        """One family."""
        name = "stage_seconds_total"
        family = CounterMetricFamily(PREFIX + name, METRICS[name].help, labels=METRICS[name].labels)
        for stage, spent in sorted(self._nanoseconds.items()):
            family.add_metric([stage], spent / 1e9)
        yield family


def _copied(tally: Tally) -> Tally:
    return Tally(*(getattr(tally, name) for name in Tally.__slots__))
