"""Progress without a terminal: lines, but not one for every frequent step."""

import pytest

from service.terminal import processing_progress
from service.terminal.processing_progress import LINE_SECONDS, ProgressLines


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
