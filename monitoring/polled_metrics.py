"""Metrics that are read where they stand when somebody looks, and cost nothing until then."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from monitoring.metrics import METRICS, PREFIX, MetricType

POLLED = (
    "stage_seconds_total",
    "database_seconds_total",
    "kernel_busy_seconds_total",
    "cut_off_seconds",
    "budget_opened_cents",
    "budget_available_cents",
    "budget_nodes_near_exhaustion",
    "bank_file_acts_total",
    "bank_file_cents_total",
)


class Sample(NamedTuple):
    """One value, and the labels it has."""

    value: float
    labels: tuple[str, ...] = ()


SampleReader = Callable[[], Iterable[Sample]]


class PolledMetrics(Collector):
    """The metrics of ``READ``; one that nobody reads has no value."""

    def __init__(self) -> None:
        self.readers: dict[str, SampleReader] = dict.fromkeys(POLLED, tuple)

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        """One family each."""
        for name, read in self.readers.items():
            metric = METRICS[name]
            family = CounterMetricFamily if metric.metric_type is MetricType.COUNTER else GaugeMetricFamily
            found = family(PREFIX + name, metric.help, labels=metric.labels)
            for value, labels in read():
                found.add_metric(labels, value)
            yield found


def convert_to_seconds(nanoseconds: Mapping[str, int]) -> SampleReader:
    """Reads the seconds spent by stage or step, which go on growing."""
    return lambda: [Sample(spent / 1e9, (name,)) for name, spent in sorted(nanoseconds.items())]
