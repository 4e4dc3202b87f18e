"""The alert rules as the service judges them: the cases of promtool, run through them, fire the same alerts."""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from monitoring.alert_history import (
    COUNTERS,
    FAULTS,
    GAUGES,
    HISTOGRAMS,
    LONG_SECONDS,
    PROCESS,
    READING_SECONDS,
    AlertHistory,
    Reading,
    compute_quantile,
)
from monitoring.alert_rules import RULES, AlertWatch
from monitoring.metrics import METRICS, PREFIX
from monitoring.service_metrics import ServiceMetrics
from monitoring.situation import read_alert_metrics

ROOT = Path(__file__).parents[2]
ALERTS = yaml.safe_load((ROOT / "monitoring/alerts/alerts.yml").read_text())
CASES = [
    pytest.param(case, id=case["name"])
    for path in sorted((ROOT / "tests/monitoring/rules").glob("*.yml"))
    for case in yaml.safe_load(path.read_text())["tests"]
]
_UNITS: Mapping[str, int] = {"s": 1, "m": 60, "h": 3600}


def parse_seconds(text: str | int) -> int:
    """Parse a duration such as ``5m``."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([smh])", str(text)))


def expand_values(text: str) -> list[float]:
    """Expand the notation of promtool: ``1+2x3`` is 1 3 5 7."""
    values: list[float] = []
    for part in text.split():
        match = re.fullmatch(r"(-?[\d.]+|Inf)([+-][\d.]+)x(\d+)", part)
        if match:
            start, step = float(match[1]), float(match[2])
            values += [start + step * number for number in range(int(match[3]) + 1)]
        else:
            values.append(float(part))
    return values


class Series(NamedTuple):
    """The values of one metric of one instance, at each interval."""

    instance: str
    name: str
    labels: tuple[str, ...]
    values: list[float]


def read_series(case: Mapping[str, Any]) -> list[Series]:
    """Read the series of a case, under the names of the readings."""
    series = []
    for row in case["input_series"]:
        name, text = re.fullmatch(r"(\w+)\{(.*)\}", row["series"]).groups()  # type: ignore[union-attr]
        labels = dict(re.findall(r'(\w+)="([^"]*)"', text))
        plain = name.removeprefix(PREFIX)
        if plain == "requests_total":
            if labels["status"] != "500":
                continue
            plain, order = FAULTS, ("method", "route")
        elif plain.endswith("_bucket"):
            plain, order = plain.removesuffix("_bucket"), ("le",)
        else:
            order = METRICS[plain].labels if plain in METRICS else ()
        key = tuple(labels[label] for label in order)
        series.append(Series(labels.get("instance", ""), plain, key, expand_values(row["values"])))
    return series


def list_readings(series: list[Series], interval: int) -> Iterator[Reading]:
    """Return the readings of one instance, one at each interval."""
    names = {*GAUGES, *COUNTERS, *HISTOGRAMS, *PROCESS, FAULTS}
    for number in range(max((len(row.values) for row in series), default=0)):
        values: dict[str, dict[tuple[str, ...], float]] = {}
        for row in series:
            if row.name in names and number < len(row.values):
                values.setdefault(row.name, {})[row.labels] = row.values[number]
        yield Reading(number * interval, values)


def list_firing(case: Mapping[str, Any]) -> dict[int, set[str]]:
    """Return the names of the alerts that fire at each second of an evaluation, of all instances."""
    series, interval = read_series(case), parse_seconds(case["interval"])
    firing: dict[int, set[str]] = {}
    for instance in {row.instance for row in series}:
        watch = AlertWatch()
        for reading in list_readings([row for row in series if row.instance == instance], interval):
            watch.record(reading)
            firing.setdefault(int(reading.at), set()).update(alert.name for alert in watch.firing)
    return firing


def list_expectations(case: Mapping[str, Any]) -> Iterator[tuple[int, set[str], set[str]]]:
    """Yield each time of a case, the alerts that are looked at, and those of them that fire."""
    names = {rule.name for rule in RULES}
    for test in case.get("alert_rule_test", ()):
        looked_at = {test["alertname"]} & names
        yield parse_seconds(test["eval_time"]), looked_at, looked_at if test["exp_alerts"] else set()
    for test in case.get("promql_expr_test", ()):
        if test["expr"].startswith("ALERTS"):
            texts = [sample["labels"] for sample in test["exp_samples"]]
            fired = {name for text in texts for name in re.findall(r'alertname="(\w+)"', text)}
            yield parse_seconds(test["eval_time"]), names, fired & names


@pytest.mark.parametrize("case", CASES)
def test_the_service_fires_what_prometheus_fires(case: Mapping[str, Any]) -> None:
    firing = list_firing(case)
    for at, looked_at, expected in list_expectations(case):
        assert firing.get(at, set()) & looked_at == expected, at


def test_every_alert_but_the_absence_of_the_service_has_its_rule() -> None:
    declared = {
        rule["alert"]: (rule["labels"]["severity"], parse_seconds(rule.get("for", "0s")))
        for group in ALERTS["groups"]
        for rule in group["rules"]
    }
    del declared["CrescendoDown"]
    assert {rule.name: (rule.severity, rule.hold_seconds) for rule in RULES} == declared


def test_every_rule_fires_in_a_case() -> None:
    fired = {name for case in CASES for names in list_firing(case.values[0]).values() for name in names}  # type: ignore[arg-type, attr-defined]
    assert fired == {rule.name for rule in RULES}


def test_rules_are_ordered_by_severity() -> None:
    severities = [rule.severity for rule in RULES]
    assert severities == sorted(severities)


def test_the_history_is_bounded_and_reaches_back_as_far_as_a_rule_looks() -> None:
    history = AlertHistory()
    for number in range(int(LONG_SECONDS * 2 / READING_SECONDS)):
        history.add(Reading(number * READING_SECONDS, {"batches_total": {(): number}}))
    assert len(history.list_since(math.inf)) < 200
    assert history.newest.at - history.list_since(math.inf)[0].at >= 6.25 * 3600
    assert history.compute_increases("batches_total", 120) == {(): 12}


def test_faults_of_one_route_add_up_over_its_methods() -> None:
    metrics = ServiceMetrics({})
    for method in ("POST", "GET"):
        metrics.increment("requests_total", method, "/v1/acts", "500")
    watch = AlertWatch()
    watch.record(read_alert_metrics(0, metrics))
    metrics.increment("requests_total", "POST", "/v1/acts", "500")
    watch.record(read_alert_metrics(10, metrics))
    assert [(alert.name, alert.label, alert.value) for alert in watch.firing] == [
        ("CrescendoErrors", "/v1/acts", 1)
    ]


def _record_disk(free_bytes: Iterator[float]) -> set[str]:
    """Record the free bytes of a disk of 100 GB every ten seconds; return the rules that fired at any time."""
    watch, fired = AlertWatch(), set[str]()
    for number, free in enumerate(free_bytes):
        watch.record(
            Reading(number * READING_SECONDS, {"disk_free_bytes": {(): free}, "disk_size_bytes": {(): 100e9}})
        )
        fired |= {alert.name for alert in watch.firing}
    return fired


def test_a_disk_that_holds_a_large_file_for_some_minutes_does_not_fill() -> None:
    """8 GB in twelve minutes, deleted soon after: the line through the whole hour never reaches 0 for five minutes."""
    flat = [40e9] * 360
    falling = [40e9 - 8e9 * number / 72 for number in range(73)]
    assert _record_disk(iter([*flat, *falling, *[32e9] * 36, *[40e9] * 180])) == set()


def test_a_disk_that_falls_steadily_fills() -> None:
    """12 GB an hour: in four hours the 30 GB are gone."""
    assert _record_disk(40e9 - 12e9 * number / 360 for number in range(361)) == {"CrescendoDiskFills"}


def _record_sender(hours: float, before: tuple[int, int]) -> set[str]:
    """Record ``before`` accepted and refused lines a minute of a sender, and then 300 refused lines; return what fired."""
    watch, fired = AlertWatch(), set[str]()
    accepted = refused = 0
    for minute in range(int(hours * 60) + 10):
        is_late = minute >= hours * 60
        accepted += 0 if is_late else before[0]
        refused += 300 if is_late else before[1]
        lines = {("MIN-09", "accepted"): accepted, ("MIN-09", "refused"): refused}
        watch.record(Reading(minute * 60, {"lines_total": lines}))
        fired |= {alert.name for alert in watch.firing}
    return fired


def test_a_restart_alone_makes_no_jump_of_refusals() -> None:
    """Without a past nothing can be compared; without six hours of it, a sender that sent nothing is not known as new."""
    assert _record_sender(2, (60, 40)) == set()
    assert _record_sender(0.5, (0, 0)) == set()
    assert _record_sender(6.5, (0, 0)) == {"CrescendoRefusalsJump"}
    assert _record_sender(0.5, (100, 1)) == {"CrescendoRefusalsJump"}


def test_quantiles_without_observations_and_beyond_all_bounds() -> None:
    assert math.isnan(compute_quantile({("0.1",): 0, ("+Inf",): 0}, 0.99))
    assert math.isnan(compute_quantile({}, 0.99))
    assert compute_quantile({("0.1",): 0, ("+Inf",): 5}, 0.99) == 0.1
