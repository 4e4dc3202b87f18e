"""The metrics of the service, updated by invented batches."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.catalog import CATALOG, KIND_NUMBERS
from core.outcome_codes import Outcome as Code
from monitoring.metrics import METRICS, OTHER_SENDERS, PREFIX, SENDERS_MAX, MetricType
from monitoring.service_metrics import ServiceMetrics
from posting.batch import BatchResult, Progress, ProgressRow, Submission, Tally
from tests.posting.text_engine import TextEngine

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
COMMITMENT = KIND_NUMBERS["commitment"]


def read_samples(metrics: ServiceMetrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Read the values by name and labels; labels are in the order of their names."""
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def build_batch(
    number: int, *rows: ProgressRow, outcome_counts: Mapping[tuple[int, Code], int] | None = None
) -> BatchResult:
    counts = np.zeros((len(CATALOG), max(Code) + 1), np.int64)
    for key, lines in (outcome_counts or {}).items():
        counts[key] = lines
    return BatchResult(number, 1, {}, 0, bytes(32), {}, list(rows), [], counts)


def build_row(submission: int, done: bool = False, **tally: int) -> ProgressRow:
    return ProgressRow(submission, Progress(1, 0, done), Tally(**tally))


def test_every_metric_is_documented_and_named_as_prometheus_asks() -> None:
    documented = set(re.findall(r"^\| `(crescendo_\w+)` \|", DOCS.read_text(), re.MULTILINE))
    assert documented == {PREFIX + name for name in METRICS}
    text = ServiceMetrics({"read": 1}).render().decode()
    for name, metric in METRICS.items():
        assert f"# TYPE {PREFIX}{name} {metric.metric_type}" in text
        assert (metric.metric_type is MetricType.COUNTER) == name.endswith("_total")
        assert re.fullmatch(r"[a-z][a-z_]*[a-z]", name)
        assert metric.help[0].isupper() or metric.help[0].isdigit()
        assert not metric.help.endswith(".")


def test_labels_are_documented() -> None:
    for name, metric in METRICS.items():
        (line,) = [row for row in DOCS.read_text().splitlines() if row.startswith(f"| `{PREFIX}{name}` |")]
        assert re.findall(r"`(\w+)`", line.split("|")[2]) == list(metric.labels)


def test_lines_of_a_repeated_tally_are_counted_once() -> None:
    metrics = ServiceMetrics({})
    metrics.record_start(Submission(1, "MIN-09", 10, tally=Tally(accepted=4, accepted_cents=400)))
    metrics.record_commit(
        build_batch(5, build_row(1, accepted=6, accepted_cents=700, refused=1, refused_cents=50))
    )
    metrics.record_commit(
        build_batch(6, build_row(1, True, accepted=9, accepted_cents=1000, refused=1, refused_cents=50))
    )
    samples = read_samples(metrics)
    assert samples["crescendo_lines_total", ("accepted", "MIN-09")] == 5, "four were counted before the start"
    assert samples["crescendo_cents_total", ("accepted", "MIN-09")] == 600
    assert samples["crescendo_lines_total", ("refused", "MIN-09")] == 1
    assert samples["crescendo_last_batch", ()] == 6
    assert samples["crescendo_batches_total", ()] == 2


def test_loading_the_book_again_counts_nothing_twice() -> None:
    metrics = ServiceMetrics({})
    metrics.record_start(Submission(1, "A", 10))
    metrics.record_commit(build_batch(1, build_row(1, accepted=3)))
    metrics.record_start(Submission(1, "A", 10, tally=Tally(accepted=3)))
    metrics.record_commit(build_batch(2, build_row(1, True, accepted=4)))
    assert read_samples(metrics)["crescendo_lines_total", ("accepted", "A")] == 4


def test_lines_under_way_are_those_without_an_outcome() -> None:
    metrics = ServiceMetrics({})
    metrics.record_start(Submission(1, "A", 10, tally=Tally(accepted=2)))
    metrics.record_start(Submission(2, "A", 5))
    metrics.record_start(Submission(3, "A", None))
    assert read_samples(metrics)["crescendo_file_lines_under_way", ()] == 13
    metrics.record_commit(
        build_batch(
            1, build_row(1, accepted=3, refused=1, duplicate=2, suspended=4), build_row(3, True, accepted=99)
        )
    )
    assert metrics.lines_under_way == 9, "a line that waits for another has no outcome yet"
    metrics.record_commit(build_batch(2, build_row(1, True, accepted=7, refused=1, duplicate=2)))
    assert metrics.lines_under_way == 5
    assert read_samples(metrics)["crescendo_drain_lines_per_second", ()] == 107
    assert metrics.oldest_seconds > 0
    metrics.record_commit(build_batch(3, build_row(2, True, refused=5)))
    assert metrics.oldest_seconds == 0


def test_a_commit_whose_reply_was_lost_leaves_no_lines_under_way() -> None:
    metrics, book = ServiceMetrics({}), TextEngine().state
    for number in (1, 2):
        metrics.record_start(Submission(number, "A", 10))
    metrics.record_failed_commit()
    metrics.record_start(Submission(2, "A", 10))
    metrics.record_loaded_book(book, 7)
    assert metrics.lines_under_way == 10
    assert read_samples(metrics)["crescendo_last_batch", ()] == 7, (
        "the batch is committed, and the next one follows it"
    )
    assert read_samples(metrics)["crescendo_batches_failed_total", ()] == 1


def test_received_lines_are_counted_by_sender_and_way() -> None:
    metrics = ServiceMetrics({})
    for lines in (7, 3):
        metrics.record_receipt("MIN-09", "file", lines)
    metrics.record_receipt("MIN-09", "form", 1)
    samples = read_samples(metrics)
    assert samples["crescendo_received_lines_total", ("MIN-09", "file")] == 10
    assert samples["crescendo_received_lines_total", ("MIN-09", "form")] == 1


def test_forms_never_end() -> None:
    metrics = ServiceMetrics({})
    metrics.record_start(Submission(1, "A", None))
    for number in (1, 2, 3):
        metrics.record_commit(build_batch(number, build_row(1, True, accepted=number)))
    assert read_samples(metrics)["crescendo_lines_total", ("accepted", "A")] == 3


def test_a_sender_without_lines_has_series_at_zero() -> None:
    """A rate needs two values, and the first file of a sender would have none."""
    metrics = ServiceMetrics({})
    metrics.list_expected_senders = lambda: ["MIN-09", "MIN-12"]
    samples = read_samples(metrics)
    for outcome in ("accepted", "duplicate", "refused"):
        assert samples["crescendo_lines_total", (outcome, "MIN-12")] == 0
    assert samples["crescendo_received_lines_total", ("MIN-09", "form")] == 0
    assert samples["crescendo_refusals_total", ("AE_EXCEEDED",)] == 0


def test_senders_beyond_the_limit_share_a_label() -> None:
    metrics = ServiceMetrics({})
    for number in range(SENDERS_MAX + 2):
        metrics.record_start(Submission(number, f"S{number}", 1))
        metrics.record_commit(build_batch(number, build_row(number, True, accepted=1)))
    labels_shown = {labels[1] for name, labels in read_samples(metrics) if name == "crescendo_lines_total"}
    assert len(labels_shown) == SENDERS_MAX + 1
    assert read_samples(metrics)["crescendo_lines_total", ("accepted", OTHER_SENDERS)] == 2


def test_kinds_and_reasons_are_counted_without_held_acts() -> None:
    metrics = ServiceMetrics({})
    ended = {
        (COMMITMENT, Code.ACCEPTED): 5,
        (COMMITMENT, Code.DUPLICATE): 4,
        (COMMITMENT, Code.HELD): 3,
        (COMMITMENT, Code.AE_EXCEEDED): 2,
        (0, Code.KIND_UNKNOWN): 1,
    }
    metrics.record_commit(build_batch(1, outcome_counts=ended))
    samples = read_samples(metrics)
    kinds = {
        labels: value for (name, labels), value in samples.items() if name == "crescendo_lines_by_kind_total"
    }
    assert kinds == {
        ("commitment", "accepted"): 5,
        ("commitment", "duplicate"): 4,
        ("commitment", "refused"): 2,
        ("none", "refused"): 1,
    }
    assert samples["crescendo_refusals_total", ("AE_EXCEEDED",)] == 2
    assert samples["crescendo_refusals_total", ("KIND_UNKNOWN",)] == 1


def test_bound_gauges_are_read_at_each_scrape() -> None:
    stages, waiting = {"read": 2_000_000_000}, [7.0]
    metrics = ServiceMetrics(stages)
    metrics.bind("files_waiting", lambda: waiting[0])
    assert read_samples(metrics)["crescendo_files_waiting", ()] == 7
    waiting[0], stages["read"] = 8.0, 3_000_000_000
    assert read_samples(metrics)["crescendo_files_waiting", ()] == 8
    assert read_samples(metrics)["crescendo_stage_seconds_total", ("read",)] == 3


def test_durations_are_counted_in_buckets() -> None:
    metrics = ServiceMetrics({})
    for seconds in (0.001, 0.2, 60):
        metrics.observe("form_seconds", seconds)
    samples = read_samples(metrics)
    assert samples["crescendo_form_seconds_bucket", ("0.25",)] == 2
    assert samples["crescendo_form_seconds_count", ()] == 3


def test_an_undeclared_metric_cannot_be_updated() -> None:
    with pytest.raises(KeyError):
        ServiceMetrics({}).increment("surprises_total")
    with pytest.raises(KeyError):
        ServiceMetrics({}).bind_samples("surprises_total", tuple)
