"""Progress without a terminal: lines, but not one for every frequent step."""

from pathlib import Path

import pytest

from service.terminal import processing_progress
from service.terminal.processing_progress import (
    LINE_SECONDS,
    ProcessingProgress,
    ProgressLines,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(processing_progress.time, "monotonic", lambda: now[0])
    return now


def _report_all(capsys: pytest.CaptureFixture[str], reporter: ProgressLines, *texts: str) -> list[str]:
    for text in texts:
        reporter.report_activity(text)
    return capsys.readouterr().err.splitlines()


def test_frequent_steps_are_printed_every_few_seconds(
    capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    reporter = ProgressLines()
    steps = (
        "matching a.xml",
        "storing a.xml",
        "a.xml stored",
        "file 1 recorded",
        "writing the responses of 2018-12-19",
    )
    assert _report_all(capsys, reporter, *steps) == ["matching a.xml"]
    clock[0] += LINE_SECONDS
    assert _report_all(capsys, reporter, *steps[1:]) == ["storing a.xml"]


def test_single_steps_are_all_printed(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    assert clock
    steps = ["building the acts", "recording the issue", "issued", "reading open payables", "issued"]
    assert _report_all(capsys, ProgressLines(), *steps) == [
        "building the acts",
        "recording the issue",
        "issued",
        "issued",
    ]


def test_a_long_routine_step_is_printed(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    assert clock
    assert _report_all(capsys, ProgressLines(), "starting PostgreSQL", "starting PostgreSQL, 20 s") == [
        "starting PostgreSQL, 20 s"
    ]


def _build_progress(tmp_path: Path) -> ProcessingProgress:
    """A short file with many lines and a long one with few, of which 70,945 of 90,107 lines are decided."""
    sizes = {"A.jsonl": 100, "B.jsonl": 100_000}
    for name, size in sizes.items():
        tmp_path.joinpath(name).write_bytes(b" " * size)
    progress = ProcessingProgress([tmp_path / name for name in sizes])
    progress.admit(tmp_path / "A.jsonl", 80_000)
    progress.admit(tmp_path / "B.jsonl", 10_107)
    progress.advance([(1, 60_945), (2, 10_000)], [1, 2])
    return progress


def test_the_percentage_is_that_of_the_lines_and_the_file_is_one_at_work(
    tmp_path: Path, clock: list[float]
) -> None:
    clock[0] += 1
    text = _build_progress(tmp_path).describe()
    assert text.startswith("70,945 of 90,107 known lines committed, 79%, ")
    assert text.endswith(", A.jsonl")


def test_a_pause_is_said_while_nothing_else_changes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    progress, reporter = _build_progress(tmp_path), ProgressLines()
    reporter.report_lines(progress)
    clock[0] += LINE_SECONDS
    reporter.report_lines(progress)
    progress.waits = "MIN-03 is paused: amounts in cents"
    for _ in range(2):
        reporter.report_lines(progress)
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith(", A.jsonl")
    assert second == "70,945 of 90,107 known lines committed, 79%; MIN-03 is paused: amounts in cents"


def test_steps_are_not_repeated_while_nothing_changes(
    capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    reporter = ProgressLines()
    for done in (8, 8, 9):
        reporter.report_steps(done, 38, "compiling")
        clock[0] += LINE_SECONDS
    assert capsys.readouterr().err.splitlines() == ["compiling: 8 of 38", "compiling: 9 of 38"]
