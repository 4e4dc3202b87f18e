"""The figures of the board, moved by batches that never were."""

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


def read_samples(board: ServiceMetrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Values by name and labels, which stand in the order of their names."""
    families = text_string_to_metric_families(board.render().decode())
    return {
        (one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples
    }


def build_batch(
    number: int, *rows: ProgressRow, ended: Mapping[tuple[int, Code], int] | None = None
) -> BatchResult:
    counts = np.zeros((len(CATALOG), max(Code) + 1), np.int64)
    for place, lines in (ended or {}).items():
        counts[place] = lines
    return BatchResult(number, 1, {}, 0, bytes(32), {}, list(rows), [], counts)


def build_row(submission: int, done: bool = False, **tally: int) -> ProgressRow:
    return ProgressRow(submission, Progress(1, 0, done), Tally(**tally))


def test_every_metric_is_shown_documented_and_named_as_prometheus_wants() -> None:
    said = set(re.findall(r"^\| `(crescendo_\w+)` \|", DOCS.read_text(), re.MULTILINE))
    assert said == {PREFIX + name for name in METRICS}
    shown = ServiceMetrics({"read": 1}).render().decode()
    for name, metric in METRICS.items():
        assert f"# TYPE {PREFIX}{name} {metric.metric_type}" in shown
        assert (metric.metric_type is MetricType.COUNTER) == name.endswith("_total")
        assert re.fullmatch(r"[a-z][a-z_]*[a-z]", name)
        assert metric.help[0].isupper() or metric.help[0].isdigit()
        assert not metric.help.endswith(".")


def test_labels_are_documented() -> None:
    for name, metric in METRICS.items():
        (line,) = [each for each in DOCS.read_text().splitlines() if each.startswith(f"| `{PREFIX}{name}` |")]
        assert re.findall(r"`(\w+)`", line.split("|")[2]) == list(metric.labels)


def test_lines_are_counted_once_whatever_is_told_again() -> None:
    board = ServiceMetrics({})
    board.record_started(Submission(1, "MIN-09", 10, tally=Tally(accepted=4, accepted_cents=400)))
    board.record_commit(
        build_batch(5, build_row(1, accepted=6, accepted_cents=700, refused=1, refused_cents=50))
    )
    board.record_commit(
        build_batch(6, build_row(1, True, accepted=9, accepted_cents=1000, refused=1, refused_cents=50))
    )
    found = read_samples(board)
    assert found["crescendo_lines_total", ("accepted", "MIN-09")] == 5, "four were counted before the start"
    assert found["crescendo_cents_total", ("accepted", "MIN-09")] == 600
    assert found["crescendo_lines_total", ("refused", "MIN-09")] == 1
    assert found["crescendo_last_batch", ()] == 6
    assert found["crescendo_batches_total", ()] == 2


def test_a_book_loaded_anew_counts_nothing_twice() -> None:
    board = ServiceMetrics({})
    board.record_started(Submission(1, "A", 10))
    board.record_commit(build_batch(1, build_row(1, accepted=3)))
    board.record_started(Submission(1, "A", 10, tally=Tally(accepted=3)))
    board.record_commit(build_batch(2, build_row(1, True, accepted=4)))
    assert read_samples(board)["crescendo_lines_total", ("accepted", "A")] == 4


def test_what_is_under_way_is_what_has_no_outcome_yet() -> None:
    board = ServiceMetrics({})
    board.record_started(Submission(1, "A", 10, tally=Tally(accepted=2)))
    board.record_started(Submission(2, "A", 5))
    board.record_started(Submission(3, "A", None))
    assert read_samples(board)["crescendo_file_lines_under_way", ()] == 13
    board.record_commit(
        build_batch(
            1, build_row(1, accepted=3, refused=1, duplicate=2, suspended=4), build_row(3, True, accepted=99)
        )
    )
    assert board.lines_under_way == 9, "a line that waits for another has no outcome yet"
    board.record_commit(build_batch(2, build_row(1, True, accepted=7, refused=1, duplicate=2)))
    assert board.lines_under_way == 5
    assert read_samples(board)["crescendo_drain_lines_per_second", ()] == 107
    assert board.oldest_seconds > 0
    board.record_commit(build_batch(3, build_row(2, True, refused=5)))
    assert board.oldest_seconds == 0


def test_a_commit_whose_answer_was_lost_leaves_nothing_under_way() -> None:
    board, book = ServiceMetrics({}), TextEngine().state
    for number in (1, 2):
        board.record_started(Submission(number, "A", 10))
    board.record_failed_commit()
    board.record_started(Submission(2, "A", 10))
    board.record_book_loaded(book, 7)
    assert board.lines_under_way == 10
    assert read_samples(board)["crescendo_last_batch", ()] == 7, (
        "it is committed, and the next one follows it"
    )
    assert read_samples(board)["crescendo_batches_failed_total", ()] == 1


def test_what_comes_in_is_counted_by_sender_and_way() -> None:
    board = ServiceMetrics({})
    for lines in (7, 3):
        board.record_received("MIN-09", "file", lines)
    board.record_received("MIN-09", "form", 1)
    found = read_samples(board)
    assert found["crescendo_received_lines_total", ("MIN-09", "file")] == 10
    assert found["crescendo_received_lines_total", ("MIN-09", "form")] == 1


def test_forms_are_never_over() -> None:
    board = ServiceMetrics({})
    board.record_started(Submission(1, "A", None))
    for number in (1, 2, 3):
        board.record_commit(build_batch(number, build_row(1, True, accepted=number)))
    assert read_samples(board)["crescendo_lines_total", ("accepted", "A")] == 3


def test_who_has_sent_nothing_yet_stands_at_zero() -> None:
    """A rate needs two values, and the first file of a sender would have none."""
    board = ServiceMetrics({})
    board.list_expected_senders = lambda: ["MIN-09", "MIN-12"]
    found = read_samples(board)
    for outcome in ("accepted", "duplicate", "refused"):
        assert found["crescendo_lines_total", (outcome, "MIN-12")] == 0
    assert found["crescendo_received_lines_total", ("MIN-09", "form")] == 0
    assert found["crescendo_refusals_total", ("AE_EXCEEDED",)] == 0


def test_senders_beyond_the_limit_share_a_label() -> None:
    board = ServiceMetrics({})
    for number in range(SENDERS_MAX + 2):
        board.record_started(Submission(number, f"S{number}", 1))
        board.record_commit(build_batch(number, build_row(number, True, accepted=1)))
    found = {labels[1] for name, labels in read_samples(board) if name == "crescendo_lines_total"}
    assert len(found) == SENDERS_MAX + 1
    assert read_samples(board)["crescendo_lines_total", ("accepted", OTHER_SENDERS)] == 2


def test_kinds_and_reasons_are_counted_and_what_waits_is_not() -> None:
    board = ServiceMetrics({})
    ended = {
        (COMMITMENT, Code.ACCEPTED): 5,
        (COMMITMENT, Code.DUPLICATE): 4,
        (COMMITMENT, Code.HELD): 3,
        (COMMITMENT, Code.AE_EXCEEDED): 2,
        (0, Code.KIND_UNKNOWN): 1,
    }
    board.record_commit(build_batch(1, ended=ended))
    found = read_samples(board)
    kinds = {
        labels: value for (name, labels), value in found.items() if name == "crescendo_lines_by_kind_total"
    }
    assert kinds == {
        ("commitment", "accepted"): 5,
        ("commitment", "duplicate"): 4,
        ("commitment", "refused"): 2,
        ("none", "refused"): 1,
    }
    assert found["crescendo_refusals_total", ("AE_EXCEEDED",)] == 2
    assert found["crescendo_refusals_total", ("KIND_UNKNOWN",)] == 1


def test_gauges_and_stages_are_read_when_they_are_looked_at() -> None:
    stages, waiting = {"read": 2_000_000_000}, [7.0]
    board = ServiceMetrics(stages)
    board.bind("files_waiting", lambda: waiting[0])
    assert read_samples(board)["crescendo_files_waiting", ()] == 7
    waiting[0], stages["read"] = 8.0, 3_000_000_000
    assert read_samples(board)["crescendo_files_waiting", ()] == 8
    assert read_samples(board)["crescendo_stage_seconds_total", ("read",)] == 3


def test_latencies_fall_into_buckets() -> None:
    board = ServiceMetrics({})
    for seconds in (0.001, 0.2, 60):
        board.observe("form_seconds", seconds)
    found = read_samples(board)
    assert found["crescendo_form_seconds_bucket", ("0.25",)] == 2
    assert found["crescendo_form_seconds_count", ()] == 3


def test_a_metric_that_is_not_declared_cannot_be_moved() -> None:
    with pytest.raises(KeyError):
        ServiceMetrics({}).increment("surprises_total")
    with pytest.raises(KeyError):
        ServiceMetrics({}).bind_samples("surprises_total", tuple)
