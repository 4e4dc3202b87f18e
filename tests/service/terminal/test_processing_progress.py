"""Progress where no terminal is: lines, but not one for every step of which there are many."""

import pytest

from service.terminal import processing_progress
from service.terminal.processing_progress import LINE_SECONDS, ProgressLines


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(processing_progress.time, "monotonic", lambda: now[0])
    return now


def _said(capsys: pytest.CaptureFixture[str], reporter: ProgressLines, *texts: str) -> list[str]:
    for text in texts:
        reporter.report_activity(text)
    return capsys.readouterr().err.splitlines()


def test_of_many_steps_one_is_told_every_few_seconds(
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
    assert _said(capsys, reporter, *steps) == ["matching a.xml"]
    clock[0] += LINE_SECONDS
    assert _said(capsys, reporter, *steps[1:]) == ["storing a.xml"]


def test_single_steps_are_all_told(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    assert clock
    steps = ["building the acts", "recording the issue", "issued", "reading open payables", "issued"]
    assert _said(capsys, ProgressLines(), *steps) == [
        "building the acts",
        "recording the issue",
        "issued",
        "issued",
    ]


def test_routine_that_lasts_is_told_again(capsys: pytest.CaptureFixture[str], clock: list[float]) -> None:
    assert clock
    assert _said(capsys, ProgressLines(), "starting PostgreSQL", "starting PostgreSQL, 20 s") == [
        "starting PostgreSQL, 20 s"
    ]
