"""The figures behind the metrics: moved once a batch or a request, never once an act."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from core.catalog import CATALOG
from core.outcome_codes import REFUSALS
from core.outcome_codes import Outcome as Code
from monitoring.budget_gauges import Budget
from monitoring.drain_rate import Pace
from monitoring.file_states import Flows
from monitoring.file_states import State as FileState
from monitoring.metrics import METRICS, OTHERS, PREFIX, SECONDS, SENDERS_MAX, Sort
from monitoring.polled_metrics import READ, Reading, Readings, Sample, seconds
from posting.batch import Outcome, Submission, Tally
from posting.book.book_state import State

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HELD = int(Code.HELD)
_REFUSALS: Mapping[int, str] = {int(code): code.name for code in REFUSALS}
_OUTCOMES = ("accepted", "duplicate", "refused", "suspended")
WAYS = ("file", "form")
_COUNTED = ("accepted", "duplicate", "refused")
"""Outcomes that stay: a suspended line is counted once it has another one."""


@dataclass(slots=True)
class _Course:
    """A submission under way."""

    sender: str
    lines: int | None
    """None for forms: done after every batch, and never over."""
    counted: Tally
    at: float = field(default_factory=time.monotonic)
    """When it was first taken up."""
    is_taken: bool = True
    """Since the book was loaded."""

    @property
    def left(self) -> int:
        """Lines without an outcome that is committed."""
        return 0 if self.lines is None else self.lines - _ended(self.counted)


class Board:
    """All metrics of one service."""

    def __init__(self, stages: Mapping[str, int]) -> None:
        """``stages`` holds nanoseconds by stage, and goes on growing."""
        disable_created_metrics()  # a second series for each, which says when it began and which nobody asks for
        self.registry = CollectorRegistry()
        self._made = {name: self._make(name) for name in METRICS if name not in READ}
        self._figures: dict[tuple[str, ...], Any] = {}
        self._readings = Readings()
        self.registry.register(self._readings)
        ProcessCollector(registry=self.registry)
        self.budget, self.pace = Budget(), Pace()
        self._courses: dict[int, _Course] = {}
        self._senders: set[str] = set()
        self.flows = Flows(self._sender, self._count_files)
        self.expected: Callable[[], Iterable[str]] = tuple
        """Names senders whose lines may come."""
        self.lines_ended = 0
        """Lines committed since the start."""
        for code in REFUSALS:
            self._made["refusals_total"].labels(code.name)
        for outcome in ("taken", "refused", "failed"):
            self._made["drop_files_total"].labels(outcome)
        self.read_each("stage_seconds_total", seconds(stages))
        self.read_each("budget_opened_cents", lambda: _by_programme(self.budget, "opened"))
        self.read_each("budget_available_cents", lambda: _by_programme(self.budget, "available"))
        self.read_each("budget_nodes_near_exhaustion", lambda: _by_level(self.budget))
        self.read("file_lines_under_way", lambda: self.lines_under_way)
        self.read("drain_lines_per_second", self.pace.lines_a_second)

    def _make(self, name: str) -> Any:
        metric = METRICS[name]
        if metric.sort is Sort.HISTOGRAM:
            return Histogram(
                PREFIX + name, metric.help, metric.labels, registry=self.registry, buckets=SECONDS
            )
        kind = Counter if metric.sort is Sort.COUNTER else Gauge
        return kind(PREFIX + name, metric.help, metric.labels, registry=self.registry)

    def shown(self) -> bytes:
        """Everything, as Prometheus reads it.

        Who has sent nothing yet stands there with 0: Prometheus takes no notice of a counter's way to its first value.
        """
        for sender in self.expected():
            self._sender(sender)
        return generate_latest(self.registry)

    def values(self, name: str) -> dict[tuple[str, ...], float]:
        """What a counter or a gauge shows, by its labels; without any, the labels are ``()``."""
        if name in READ:
            return {labels: value for value, labels in self._readings.each[name]()}
        (family,) = self._made[name].collect()
        labels = METRICS[name].labels
        return {
            tuple(one.labels[each] for each in labels): one.value
            for one in family.samples
            if one.name == PREFIX + name
        }

    def buckets(self, name: str) -> list[tuple[float, int]]:
        """How many observations of a histogram without labels are at or below each bound; the last is all."""
        (family,) = self._made[name].collect()
        return [(float(one.labels["le"]), int(one.value)) for one in family.samples if "le" in one.labels]

    def read(self, name: str, value: Callable[[], float]) -> None:
        """Let a gauge read its figure when it is looked at."""
        self._made[name].set_function(value)

    def read_each(self, name: str, reading: Reading) -> None:
        """Let a metric of ``monitoring.polled_metrics`` read its values when it is looked at."""
        if name not in READ:
            raise KeyError(name)
        self._readings.each[name] = reading

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

    @property
    def lines_under_way(self) -> int:
        """Lines of the submissions being decided that are not committed."""
        return sum(course.left for course in self._courses.values())

    @property
    def oldest_seconds(self) -> float:
        """How long ago the first of the submissions was taken up that are not wholly committed; 0 when all are."""
        began = [course.at for course in self._courses.values() if course.left]
        return time.monotonic() - min(began) if began else 0.0

    def opened(self, state: State, last_batch: int) -> None:
        """A book is loaded as of ``last_batch`` with all that is unfinished taken up, and nothing is decided in it yet."""
        self._made["last_batch"].set(last_batch)
        self.budget.opened(state)
        for number, course in list(self._courses.items()):
            if course.lines is not None and not course.is_taken:
                del self._courses[number]  # its last commit succeeded, and only the answer was lost

    def failed(self) -> None:
        """A commit failed: the book is loaded again."""
        self.count("batches_failed_total")
        for course in self._courses.values():
            course.is_taken = False

    def received(self, sender: str, way: str, lines: int) -> None:
        """Count lines taken in, as a ``file`` or as a ``form``."""
        self._labelled("received_lines_total", (self._sender(sender), way)).inc(lines)

    def taken(self, submission: Submission) -> None:
        """A submission is taken up: what was committed of it before is not counted."""
        said = _Course(self._sender(submission.sender), submission.lines, _copied(submission.tally))
        self._courses.setdefault(submission.number, said).is_taken = True

    def committed(self, outcome: Outcome) -> None:
        """Count a committed batch."""
        before = self.lines_ended
        for row in outcome.progress:
            self._count_submission(self._courses[row.submission], row.tally)
            if row.stage.done and self._courses[row.submission].lines is not None:
                del self._courses[row.submission]
        self._count_ends(outcome.ended)
        self.budget.committed(outcome)
        self.flows.committed(outcome)
        self.pace.committed(self.lines_ended - before, self.lines_under_way)
        self._made["batches_total"].inc()
        self._made["batch_lines"].set(int(outcome.ended.sum()))
        self._made["last_batch"].set(outcome.number)
        self._made["last_commit_timestamp_seconds"].set(time.time())

    def _count_submission(self, course: _Course, tally: Tally) -> None:
        for name in _COUNTED:
            lines = getattr(tally, name) - getattr(course.counted, name)
            cents = getattr(tally, f"{name}_cents") - getattr(course.counted, f"{name}_cents")
            if lines:
                self._labelled("lines_total", (course.sender, name)).inc(lines)
                self._labelled("cents_total", (course.sender, name)).inc(max(cents, 0))
                self.lines_ended += lines
        course.counted = _copied(tally)

    def _sender(self, sender: str) -> str:
        """The sender's name, as long as there are not too many of them."""
        if sender not in self._senders and len(self._senders) < SENDERS_MAX:
            self._senders.add(sender)
            self._begin_at_zero(sender)
        return sender if sender in self._senders else OTHERS

    def _count_files(self, sender: str, state: FileState, files: int) -> None:
        self._made["submissions"].labels(sender, state.value).set(files)

    def _begin_at_zero(self, sender: str) -> None:
        for name in _COUNTED:
            self._made["lines_total"].labels(sender, name)
            self._made["cents_total"].labels(sender, name)
        for way in WAYS:
            self._made["received_lines_total"].labels(sender, way)

    def _count_ends(self, ended: np.ndarray) -> None:
        """``ended``: lines by kind and code."""
        kinds, codes = np.nonzero(ended)
        for kind, code, lines in zip(
            kinds.tolist(), codes.tolist(), ended[kinds, codes].tolist(), strict=True
        ):
            if code == _HELD:
                continue
            if code in _REFUSALS:
                self._labelled("refusals_total", (_REFUSALS[code],)).inc(lines)
            outcome = _OUTCOMES[min(code, 2)] if code < _HELD else "refused"
            self._labelled("lines_by_kind_total", (CATALOG[kind].name, outcome)).inc(lines)


def _by_programme(budget: Budget, name: str) -> Iterable[Sample]:
    """``opened`` or ``available`` of every programme, in both measures."""
    for each in budget.programmes():
        for measure, found in (("ae", each.ae), ("cp", each.cp)):
            yield Sample(getattr(found, name), (str(each.year), each.code, measure))


def _by_level(budget: Budget) -> Iterable[Sample]:
    return [Sample(each.nodes, (each.level.name.lower(), each.measure)) for each in budget.near()]


def _ended(tally: Tally) -> int:
    return tally.accepted + tally.duplicate + tally.refused


def _copied(tally: Tally) -> Tally:
    return Tally(*(getattr(tally, name) for name in Tally.__slots__))
