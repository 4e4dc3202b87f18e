"""The benchmark of the closing at a small size: it verifies each step, and gives no figures for a step that is wrong."""

import sys
from pathlib import Path

import pytest

from bench.closing.closing_benchmark import STEPS, StepDecision, check_step, measure, read_decision
from bench.engine_command import Command
from bench.year.year_generator import Year
from service.cli.bench import serve_database

WORDS = (sys.executable, "-c", "from service.cli.main import main; main()")


def test_each_step_is_executed_twice(tmp_path: Path) -> None:
    reports: list[str] = []
    command = Command(WORDS, serve_database, reports.append)
    figures = measure(command, Year(seed=3, acts=1_000), tmp_path)
    assert not list(tmp_path.iterdir())
    assert [row.step for row in figures.steps] == list(STEPS)
    assert all(row.lines > row.refused and row.lines_a_second > 0 for row in figures.steps)
    assert figures.entries > figures.lines
    assert figures.first_seconds >= max(row.seconds for row in figures.steps)
    assert reports[-1] == f"executing {STEPS[-1]}"


@pytest.mark.parametrize(
    ("open_cents", "decision"),
    [(101, StepDecision(1, 100, 0, 0)), (100, StepDecision(0, 0, 1, 100)), (0, StepDecision(0, 0, 0, 0))],
)
def test_a_step_that_leaves_something_gives_no_figures(open_cents: int, decision: StepDecision) -> None:
    with pytest.raises(RuntimeError, match="were open for C06"):
        check_step("C06", open_cents, decision)


def test_a_step_that_did_not_begin_gives_no_figures() -> None:
    with pytest.raises(RuntimeError, match="C04 did not begin: a run"):
        read_decision({"step": "C04", "waits": "a run", "posted": None})


def test_refused_lines_count_as_decided() -> None:
    receipt = {"accepted": {"lines": 2, "cents": 70}, "refused": {"lines": 1, "cents": 30}}
    posted = {"receipts": [receipt], "is_interrupted": False}
    decision = read_decision({"step": "C04", "waits": "", "posted": posted})
    assert decision == StepDecision(2, 70, 1, 30)
    check_step("C04", 100, decision)
