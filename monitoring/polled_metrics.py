"""Metrics that are read where they stand when somebody looks, and cost nothing until then."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from monitoring.metrics import METRICS, PREFIX, Sort

READ = (
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


Reading = Callable[[], Iterable[Sample]]


class Readings(Collector):
    """The metrics of ``READ``; one that nobody reads has no value."""

    def __init__(self) -> None:
        self.each: dict[str, Reading] = dict.fromkeys(READ, tuple)

    def collect(self) -> Iterable[CounterMetricFamily | GaugeMetricFamily]:
        """One family each."""
        for name, read in self.each.items():
            metric = METRICS[name]
            family = CounterMetricFamily if metric.sort is Sort.COUNTER else GaugeMetricFamily
            found = family(PREFIX + name, metric.help, labels=metric.labels)
            for value, labels in read():
                found.add_metric(labels, value)
            yield found


def seconds(nanoseconds: Mapping[str, int]) -> Reading:
    """Reads the seconds spent by stage or step, which go on growing."""
    return lambda: [Sample(spent / 1e9, (name,)) for name, spent in sorted(nanoseconds.items())]
