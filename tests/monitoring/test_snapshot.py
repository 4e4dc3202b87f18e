"""The board put together for people: whole, sorted, and in figures that JSON holds."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import pytest

from core.outcome_codes import Outcome as Code
from monitoring.file_states import EndedFiles, FileState, StoredFiles
from monitoring.live_figures import CreditFigures, LiveFigures, ProgrammeFigures
from monitoring.polled_metrics import Sample, SampleReader
from monitoring.service_metrics import ServiceMetrics
from monitoring.snapshot import ServiceStatus, build_figures, count_totals, find_p99_bound
from monitoring.trend import Trend
from posting.batch import Submission
from tests.monitoring.test_service_metrics import COMMITMENT, build_batch, build_row

AROUND = ServiceStatus(datetime(2018, 12, 31, tzinfo=UTC), "ready")


def _build_reader(cents: Mapping[tuple[str, str], int]) -> SampleReader:
    return lambda: [Sample(value, ("2018", *place)) for place, value in cents.items()]


def take_snapshot(board: ServiceMetrics) -> LiveFigures:
    return build_figures(board, Trend(), AROUND)


def test_a_board_on_which_nothing_moved() -> None:
    found = take_snapshot(ServiceMetrics({}))
    assert found.throughput.outcomes.accepted.lines == 0
    assert found.refusals == found.flows == found.programmes == found.stages == []
    assert found.cut_off_seconds is None
    assert found.commits.last_at is None
    assert found.commits.most_within_seconds is None


def test_what_json_does_not_hold_is_null() -> None:
    board = ServiceMetrics({})
    board.bind("queue_empty_seconds", lambda: float("inf"))
    assert msgspec.json.decode(msgspec.json.encode(take_snapshot(board)))["queue"]["empty_seconds"] is None


def test_senders_stand_with_their_files_and_their_lines() -> None:
    board = ServiceMetrics({})
    for number, sender in ((1, "B"), (2, "A")):
        board.file_states.add(number, sender)
    board.record_started(Submission(1, "B", 3))
    board.record_commit(
        build_batch(1, build_row(1, True, accepted=2, accepted_cents=500, refused=1, refused_cents=7))
    )
    found = take_snapshot(board)
    assert [each.sender for each in found.flows] == ["A", "B"]
    waiting, ended = found.flows
    assert (waiting.received, waiting.in_treatment, waiting.outcomes.accepted.lines) == (1, 1, 0)
    assert (ended.received, ended.partly_integrated, ended.outcomes.accepted.cents) == (1, 1, 500)
    assert found.throughput.outcomes.refused.cents == 7
    assert count_totals(board)[0] == 3


def test_received_is_the_sum_of_the_states() -> None:
    board = ServiceMetrics({})
    board.file_states.load(
        StoredFiles(
            [EndedFiles("A", state, 2) for state in FileState if state != FileState.IN_TREATMENT],
            [(9, "A")],
            9,
        )
    )
    (flow,) = take_snapshot(board).flows
    assert (flow.in_treatment, flow.integrated, flow.partly_integrated, flow.refused) == (1, 2, 2, 2)
    assert flow.received == 7


def test_reasons_stand_by_how_often_they_come() -> None:
    board = ServiceMetrics({})
    ended = {(COMMITMENT, Code.AE_EXCEEDED): 2, (COMMITMENT, Code.CP_EXCEEDED): 2, (0, Code.KIND_UNKNOWN): 9}
    board.record_commit(build_batch(1, ended=ended))
    found = [(each.reason, each.lines) for each in take_snapshot(board).refusals]
    assert found == [("KIND_UNKNOWN", 9), ("AE_EXCEEDED", 2), ("CP_EXCEEDED", 2)]


def test_programmes_stand_by_the_smaller_part_that_is_left() -> None:
    board = ServiceMetrics({})
    opened = {("0177", "ae"): 100, ("0177", "cp"): 100, ("0217", "ae"): 100, ("0217", "cp"): 100}
    available = {("0177", "ae"): 50, ("0177", "cp"): 90, ("0217", "ae"): 99, ("0217", "cp"): 10}
    nothing = {("0117", "ae"): 0, ("0117", "cp"): 0}
    board.bind_samples("budget_opened_cents", _build_reader({**opened, **nothing}))
    board.bind_samples("budget_available_cents", _build_reader({**available, **nothing}))
    found = take_snapshot(board).programmes
    assert [each.programme for each in found] == ["0217", "0177", "0117"]
    assert found[0] == ProgrammeFigures("2018", "0217", CreditFigures(100, 99), CreditFigures(100, 10))


@pytest.mark.parametrize(
    ("buckets", "bound"),
    [
        ([(0.1, 0), (float("inf"), 0)], None),
        ([(0.1, 99), (0.2, 100), (float("inf"), 100)], 0.1),
        ([(0.1, 98), (0.2, 99), (float("inf"), 100)], 0.2),
        ([(0.1, 98), (0.2, 98), (float("inf"), 100)], None),
        ([(0.1, 1), (float("inf"), 1)], 0.1),
    ],
)
def test_ninety_nine_of_a_hundred(buckets: list[tuple[float, int]], bound: float | None) -> None:
    assert find_p99_bound(buckets) == bound
