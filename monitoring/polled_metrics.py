"""Metrics whose values are read from their source when Prometheus or a viewer asks, and cost nothing until then."""

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
    """A value with its labels."""

    value: float
    labels: tuple[str, ...] = ()


SampleReader = Callable[[], Iterable[Sample]]


class PolledMetrics(Collector):
    """The metrics of ``POLLED``; a metric without a reader has no values."""

    def __init__(self) -> None:
        self.readers: dict[str, SampleReader] = dict.fromkeys(POLLED, tuple)

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        """Yield one family for each metric."""
        for name, read_samples in self.readers.items():
            metric = METRICS[name]
            is_counter = metric.metric_type is MetricType.COUNTER
            family_class = CounterMetricFamily if is_counter else GaugeMetricFamily
            family = family_class(PREFIX + name, metric.help, labels=metric.labels)
            for value, labels in read_samples():
                family.add_metric(labels, value)
            yield family


def convert_to_seconds(nanoseconds: Mapping[str, int]) -> SampleReader:
    """Return a reader of the seconds spent by stage or step; ``nanoseconds`` keeps growing."""
    return lambda: [Sample(spent / 1e9, (name,)) for name, spent in sorted(nanoseconds.items())]
