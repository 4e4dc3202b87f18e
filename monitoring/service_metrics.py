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
from monitoring.budget_gauges import BudgetGauges
from monitoring.drain_rate import DrainRate
from monitoring.file_states import FileState, FileStates
from monitoring.metrics import BUCKET_SECONDS, METRICS, OTHER_SENDERS, PREFIX, SENDERS_MAX, MetricType
from monitoring.polled_metrics import POLLED, PolledMetrics, Sample, SampleReader, convert_to_seconds
from posting.batch import BatchResult, Submission, Tally
from posting.book.book_state import BookState

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HELD = int(Code.HELD)
_REFUSALS: Mapping[int, str] = {int(code): code.name for code in REFUSALS}
_OUTCOMES = ("accepted", "duplicate", "refused", "suspended")
RECEPTION_WAYS = ("file", "form")
_FINAL_OUTCOMES = ("accepted", "duplicate", "refused")
"""Outcomes that stay: a suspended line is counted once it has another one."""


@dataclass(slots=True)
class _ActiveSubmission:
    """A submission under way."""

    sender: str
    lines: int | None
    """None for forms: done after every batch, and never over."""
    counted_tally: Tally
    started_at: float = field(default_factory=time.monotonic)
    """When it was first taken up."""
    is_current: bool = True
    """Since the book was loaded."""

    @property
    def undecided_lines(self) -> int:
        """Lines without an outcome that is committed."""
        return 0 if self.lines is None else self.lines - _count_decided(self.counted_tally)


class ServiceMetrics:
    """All metrics of one service."""

    def __init__(self, stages: Mapping[str, int]) -> None:
        """``stages`` holds nanoseconds by stage, and goes on growing."""
        disable_created_metrics()  # a second series for each, which says when it began and which nobody asks for
        self.registry = CollectorRegistry()
        self._metrics = {name: self._create_metric(name) for name in METRICS if name not in POLLED}
        self._labelled_metrics: dict[tuple[str, ...], Any] = {}
        self._polled = PolledMetrics()
        self.registry.register(self._polled)
        ProcessCollector(registry=self.registry)
        self.budget_gauges, self.drain_rate = BudgetGauges(), DrainRate()
        self._active: dict[int, _ActiveSubmission] = {}
        self._senders: set[str] = set()
        self.file_states = FileStates(self._label_sender, self._set_file_count)
        self.list_expected_senders: Callable[[], Iterable[str]] = tuple
        """Names senders whose lines may come."""
        self.decided_lines = 0
        """Lines committed since the start."""
        for code in REFUSALS:
            self._metrics["refusals_total"].labels(code.name)
        for outcome in ("taken", "refused", "failed"):
            self._metrics["drop_files_total"].labels(outcome)
        self.bind_samples("stage_seconds_total", convert_to_seconds(stages))
        self.bind_samples("budget_opened_cents", lambda: _sample_programmes(self.budget_gauges, "opened"))
        self.bind_samples(
            "budget_available_cents", lambda: _sample_programmes(self.budget_gauges, "available")
        )
        self.bind_samples("budget_nodes_near_exhaustion", lambda: _sample_levels(self.budget_gauges))
        self.bind("file_lines_under_way", lambda: self.lines_under_way)
        self.bind("drain_lines_per_second", self.drain_rate.compute_lines_a_second)

    def _create_metric(self, name: str) -> Any:
        metric = METRICS[name]
        if metric.metric_type is MetricType.HISTOGRAM:
            return Histogram(
                PREFIX + name, metric.help, metric.labels, registry=self.registry, buckets=BUCKET_SECONDS
            )
        kind = Counter if metric.metric_type is MetricType.COUNTER else Gauge
        return kind(PREFIX + name, metric.help, metric.labels, registry=self.registry)

    def render(self) -> bytes:
        """Everything, as Prometheus reads it.

        Who has sent nothing yet stands there with 0: Prometheus takes no notice of a counter's way to its first value.
        """
        for sender in self.list_expected_senders():
            self._label_sender(sender)
        return generate_latest(self.registry)

    def read_values(self, name: str) -> dict[tuple[str, ...], float]:
        """What a counter or a gauge shows, by its labels; without any, the labels are ``()``."""
        if name in POLLED:
            return {labels: value for value, labels in self._polled.readers[name]()}
        (family,) = self._metrics[name].collect()
        labels = METRICS[name].labels
        return {
            tuple(one.labels[each] for each in labels): one.value
            for one in family.samples
            if one.name == PREFIX + name
        }

    def read_buckets(self, name: str) -> list[tuple[float, int]]:
        """How many observations of a histogram without labels are at or below each bound; the last is all."""
        (family,) = self._metrics[name].collect()
        return [(float(one.labels["le"]), int(one.value)) for one in family.samples if "le" in one.labels]

    def bind(self, name: str, value: Callable[[], float]) -> None:
        """Let a gauge read its figure when it is looked at."""
        self._metrics[name].set_function(value)

    def bind_samples(self, name: str, reading: SampleReader) -> None:
        """Let a metric of ``monitoring.polled_metrics`` read its values when it is looked at."""
        if name not in POLLED:
            raise KeyError(name)
        self._polled.readers[name] = reading

    def increment(self, name: str, *labels: str) -> None:
        """Count one more."""
        self._find_labelled(name, labels).inc()

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Note how long something took."""
        self._find_labelled(name, labels).observe(seconds)

    def _find_labelled(self, name: str, labels: tuple[str, ...]) -> Any:
        """The figure of these labels, looked up by the library but once: it checks and locks each time."""
        found = self._labelled_metrics.get((name, *labels))
        if found is None:
            made = self._metrics[name]
            found = self._labelled_metrics[name, *labels] = made.labels(*labels) if labels else made
        return found

    @property
    def lines_under_way(self) -> int:
        """Lines of the submissions being decided that are not committed."""
        return sum(course.undecided_lines for course in self._active.values())

    @property
    def oldest_seconds(self) -> float:
        """How long ago the first of the submissions was taken up that are not wholly committed; 0 when all are."""
        began = [course.started_at for course in self._active.values() if course.undecided_lines]
        return time.monotonic() - min(began) if began else 0.0

    def record_book_loaded(self, state: BookState, last_batch: int) -> None:
        """A book is loaded as of ``last_batch`` with all that is unfinished taken up, and nothing is decided in it yet."""
        self._metrics["last_batch"].set(last_batch)
        self.budget_gauges.load(state)
        for number, course in list(self._active.items()):
            if course.lines is not None and not course.is_current:
                del self._active[number]  # its last commit succeeded, and only the answer was lost

    def record_failed_commit(self) -> None:
        """A commit failed: the book is loaded again."""
        self.increment("batches_failed_total")
        for course in self._active.values():
            course.is_current = False

    def record_received(self, sender: str, way: str, lines: int) -> None:
        """Count lines taken in, as a ``file`` or as a ``form``."""
        self._find_labelled("received_lines_total", (self._label_sender(sender), way)).inc(lines)

    def record_started(self, submission: Submission) -> None:
        """A submission is taken up: what was committed of it before is not counted."""
        said = _ActiveSubmission(
            self._label_sender(submission.sender), submission.lines, _copy_tally(submission.tally)
        )
        self._active.setdefault(submission.number, said).is_current = True

    def record_commit(self, outcome: BatchResult) -> None:
        """Count a committed batch."""
        before = self.decided_lines
        for row in outcome.progress:
            self._count_submission(self._active[row.submission], row.tally)
            if row.progress.is_done and self._active[row.submission].lines is not None:
                del self._active[row.submission]
        self._count_outcomes(outcome.outcome_counts)
        self.budget_gauges.apply_commit(outcome)
        self.file_states.apply_commit(outcome)
        self.drain_rate.record_commit(self.decided_lines - before, self.lines_under_way)
        self._metrics["batches_total"].inc()
        self._metrics["batch_lines"].set(int(outcome.outcome_counts.sum()))
        self._metrics["last_batch"].set(outcome.number)
        self._metrics["last_commit_timestamp_seconds"].set(time.time())

    def _count_submission(self, course: _ActiveSubmission, tally: Tally) -> None:
        for name in _FINAL_OUTCOMES:
            lines = getattr(tally, name) - getattr(course.counted_tally, name)
            cents = getattr(tally, f"{name}_cents") - getattr(course.counted_tally, f"{name}_cents")
            if lines:
                self._find_labelled("lines_total", (course.sender, name)).inc(lines)
                self._find_labelled("cents_total", (course.sender, name)).inc(max(cents, 0))
                self.decided_lines += lines
        course.counted_tally = _copy_tally(tally)

    def _label_sender(self, sender: str) -> str:
        """The sender's name, as long as there are not too many of them."""
        if sender not in self._senders and len(self._senders) < SENDERS_MAX:
            self._senders.add(sender)
            self._create_zero_series(sender)
        return sender if sender in self._senders else OTHER_SENDERS

    def _set_file_count(self, sender: str, state: FileState, files: int) -> None:
        self._metrics["submissions"].labels(sender, state.value).set(files)

    def _create_zero_series(self, sender: str) -> None:
        for name in _FINAL_OUTCOMES:
            self._metrics["lines_total"].labels(sender, name)
            self._metrics["cents_total"].labels(sender, name)
        for way in RECEPTION_WAYS:
            self._metrics["received_lines_total"].labels(sender, way)

    def _count_outcomes(self, ended: np.ndarray) -> None:
        """``ended``: lines by kind and code."""
        kinds, codes = np.nonzero(ended)
        for kind, code, lines in zip(
            kinds.tolist(), codes.tolist(), ended[kinds, codes].tolist(), strict=True
        ):
            if code == _HELD:
                continue
            if code in _REFUSALS:
                self._find_labelled("refusals_total", (_REFUSALS[code],)).inc(lines)
            outcome = _OUTCOMES[min(code, 2)] if code < _HELD else "refused"
            self._find_labelled("lines_by_kind_total", (CATALOG[kind].name, outcome)).inc(lines)


def _sample_programmes(budget: BudgetGauges, name: str) -> Iterable[Sample]:
    """``opened`` or ``available`` of every programme, in both measures."""
    for each in budget.list_programmes():
        for measure, found in (("ae", each.ae), ("cp", each.cp)):
            yield Sample(getattr(found, name), (str(each.year), each.code, measure))


def _sample_levels(budget: BudgetGauges) -> Iterable[Sample]:
    return [
        Sample(each.nodes, (each.level.name.lower(), each.measure)) for each in budget.count_near_exhaustion()
    ]


def _count_decided(tally: Tally) -> int:
    return tally.accepted + tally.duplicate + tally.refused


def _copy_tally(tally: Tally) -> Tally:
    return Tally(*(getattr(tally, name) for name in Tally.__slots__))
