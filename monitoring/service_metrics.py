"""The metrics of the service: updated once a batch or a request, never once an act."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

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
"""Outcomes that do not change; a suspended line is counted once it has one of them."""


@dataclass(slots=True)
class _ActiveSubmission:
    """A submission that the engine works on."""

    sender: str
    lines: int | None
    """None for forms, which are done after every batch and never end."""
    counted_tally: Tally
    started_at: float = field(default_factory=time.monotonic)
    """When the engine first started on it."""
    is_current: bool = True
    """Whether the engine has started on it since the book was loaded."""

    @property
    def undecided_lines(self) -> int:
        """Lines without a committed outcome."""
        return 0 if self.lines is None else self.lines - _count_decided_lines(self.counted_tally)


class Bucket(NamedTuple):
    """A bucket of a histogram: its upper bound, and the observations up to it."""

    bound: float
    observations: int


class ServiceMetrics:
    """All metrics of one service."""

    def __init__(self, stages: Mapping[str, int]) -> None:
        """``stages`` holds nanoseconds by pipeline stage and keeps growing."""
        disable_created_metrics()  # they would add a second series to each counter, which nothing reads
        self.registry = CollectorRegistry()
        self._metrics = {name: self._create_metric(name) for name in METRICS if name not in POLLED}
        self._labelled_metrics: dict[tuple[str, ...], Any] = {}
        self._polled = PolledMetrics()
        self.registry.register(self._polled)
        self._process = ProcessCollector(registry=self.registry)
        self.budget_gauges, self.drain_rate = BudgetGauges(), DrainRate()
        self._active: dict[int, _ActiveSubmission] = {}
        self._senders: set[str] = set()
        self.file_states = FileStates(self._label_sender, self._set_file_count)
        self.list_expected_senders: Callable[[], Iterable[str]] = tuple
        """Returns the senders that may submit lines; set by the service."""
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
        metric_class = Counter if metric.metric_type is MetricType.COUNTER else Gauge
        return metric_class(PREFIX + name, metric.help, metric.labels, registry=self.registry)

    def render(self) -> bytes:
        """Return all metrics in the text format of Prometheus.

        Senders that have sent nothing yet have series with 0: Prometheus does not see the increase of a counter from no
        series to its first value.
        """
        for sender in self.list_expected_senders():
            self._label_sender(sender)
        return generate_latest(self.registry)

    def read_values(self, name: str) -> dict[tuple[str, ...], float]:
        """Return the values of a counter or gauge by labels; without labels the key is ``()``.

        Names that start with ``process_`` are those of the operating system's figures.
        """
        if name in POLLED:
            return {labels: value for value, labels in self._polled.readers[name]()}
        if name.startswith("process_"):
            families = [family for family in self._process.collect() if family.name == name]
            return {
                tuple(sample.labels.values()): sample.value
                for family in families
                for sample in family.samples
            }
        (family,) = self._metrics[name].collect()
        labels = METRICS[name].labels
        return {
            tuple(sample.labels[label] for label in labels): sample.value
            for sample in family.samples
            if sample.name == PREFIX + name
        }

    def read_buckets(self, name: str) -> list[Bucket]:
        """Return each bucket bound of a histogram without labels and the observations up to it; the last counts all."""
        (family,) = self._metrics[name].collect()
        return [
            Bucket(float(sample.labels["le"]), int(sample.value))
            for sample in family.samples
            if "le" in sample.labels
        ]

    def bind(self, name: str, read_value: Callable[[], float]) -> None:
        """Let a gauge call ``read_value`` whenever it is read."""
        self._metrics[name].set_function(read_value)

    def bind_samples(self, name: str, read_samples: SampleReader) -> None:
        """Let a metric of ``monitoring.polled_metrics`` call ``read_samples`` whenever it is read."""
        if name not in POLLED:
            raise KeyError(name)
        self._polled.readers[name] = read_samples

    def increment(self, name: str, *labels: str, times: int = 1) -> None:
        """Increment a counter; 0 ``times`` only create its series, so that Prometheus sees its first increase."""
        self._find_metric(name, labels).inc(times)

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Record a duration in a histogram."""
        self._find_metric(name, labels).observe(seconds)

    def _find_metric(self, name: str, labels: tuple[str, ...]) -> Any:
        """Return the metric with these labels, cached: the library checks and locks at each look-up."""
        labelled = self._labelled_metrics.get((name, *labels))
        if labelled is None:
            metric = self._metrics[name]
            labelled = metric.labels(*labels) if labels else metric
            self._labelled_metrics[name, *labels] = labelled
        return labelled

    @property
    def lines_under_way(self) -> int:
        """Lines of the submissions being decided that are not committed."""
        return sum(active.undecided_lines for active in self._active.values())

    @property
    def oldest_seconds(self) -> float:
        """Seconds since the engine started on the oldest submission that is not wholly committed; 0 if all are."""
        starts = [active.started_at for active in self._active.values() if active.undecided_lines]
        return time.monotonic() - min(starts) if starts else 0.0

    def record_loaded_book(self, state: BookState, last_batch: int) -> None:
        """Record that a book is loaded as of ``last_batch``.

        The unfinished submissions have been recorded as started; nothing is decided in the book yet.
        """
        self._metrics["last_batch"].set(last_batch)
        self.budget_gauges.load(state)
        for number, active in list(self._active.items()):
            if active.lines is not None and not active.is_current:
                del self._active[number]  # its last commit succeeded; only the database's reply was lost

    def record_failed_commit(self) -> None:
        """Record a failed commit, after which the book is loaded again."""
        self.increment("batches_failed_total")
        for active in self._active.values():
            active.is_current = False

    def record_receipt(self, sender: str, way: str, lines: int) -> None:
        """Count lines received, with ``way`` ``file`` or ``form``."""
        self._find_metric("received_lines_total", (self._label_sender(sender), way)).inc(lines)

    def record_start(self, submission: Submission) -> None:
        """Record that the engine starts on a submission; its lines committed earlier do not count."""
        active = _ActiveSubmission(
            self._label_sender(submission.sender), submission.lines, _copy_tally(submission.tally)
        )
        self._active.setdefault(submission.number, active).is_current = True

    def record_commit(self, result: BatchResult) -> None:
        """Count a committed batch."""
        lines_before = self.decided_lines
        for row in result.progress:
            self._count_submission(self._active[row.submission], row.tally)
            if row.progress.is_done and self._active[row.submission].lines is not None:
                del self._active[row.submission]
        self._count_outcomes(result.outcome_counts)
        self._sum_amounts(result.accepted_cents)
        self.budget_gauges.apply_commit(result)
        self.file_states.apply_commit(result)
        self.drain_rate.record_commit(self.decided_lines - lines_before, self.lines_under_way)
        self._metrics["batches_total"].inc()
        self._metrics["requests_without_invoice_total"].inc(result.requests_without_invoice)
        self._metrics["batch_lines"].set(int(result.outcome_counts.sum()))
        self._metrics["last_batch"].set(result.number)
        self._metrics["last_commit_timestamp_seconds"].set(time.time())

    def _count_submission(self, active: _ActiveSubmission, tally: Tally) -> None:
        for name in _FINAL_OUTCOMES:
            lines = getattr(tally, name) - getattr(active.counted_tally, name)
            cents = getattr(tally, f"{name}_cents") - getattr(active.counted_tally, f"{name}_cents")
            if lines:
                self._find_metric("lines_total", (active.sender, name)).inc(lines)
                self._find_metric("cents_total", (active.sender, name)).inc(max(cents, 0))
                self.decided_lines += lines
        active.counted_tally = _copy_tally(tally)

    def _label_sender(self, sender: str) -> str:
        """Return the label of a sender: its name, or one label for all beyond the first ``SENDERS_MAX``."""
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

    def _count_outcomes(self, counts: np.ndarray) -> None:
        """Count the lines of a batch by kind and outcome; ``counts`` has the shape (kinds, outcome codes)."""
        kinds, codes = np.nonzero(counts)
        for kind, code, lines in zip(
            kinds.tolist(), codes.tolist(), counts[kinds, codes].tolist(), strict=True
        ):
            if code == _HELD:
                continue
            if code in _REFUSALS:
                self._find_metric("refusals_total", (_REFUSALS[code],)).inc(lines)
            outcome = _OUTCOMES[min(code, 2)] if code < _HELD else "refused"
            self._find_metric("lines_by_kind_total", (CATALOG[kind].name, outcome)).inc(lines)

    def _sum_amounts(self, cents_by_kind: np.ndarray) -> None:
        for kind in np.flatnonzero(cents_by_kind).tolist():
            self._find_metric("accepted_cents_by_kind_total", (CATALOG[kind].name,)).inc(
                int(cents_by_kind[kind])
            )


def _sample_programmes(budget: BudgetGauges, name: str) -> Iterable[Sample]:
    """Yield the credits ``opened`` or ``available`` of every programme, in both measures."""
    for programme in budget.list_programmes():
        for measure, credits_of_measure in (("ae", programme.ae), ("cp", programme.cp)):
            labels = (str(programme.year), programme.code, measure)
            yield Sample(getattr(credits_of_measure, name), labels)


def _sample_levels(budget: BudgetGauges) -> Iterable[Sample]:
    return [
        Sample(count.nodes, (count.level.name.lower(), count.measure))
        for count in budget.count_near_exhaustion()
    ]


def _count_decided_lines(tally: Tally) -> int:
    return tally.accepted + tally.duplicate + tally.refused


def _copy_tally(tally: Tally) -> Tally:
    return Tally(*(getattr(tally, name) for name in Tally.__slots__))
