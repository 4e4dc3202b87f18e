"""The progress of an upload."""

import pytest

from service.terminal.upload_progress import UploadLines, UploadProgress


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def upload(clock: Clock) -> UploadProgress:
    return UploadProgress("acts.csv", clock)


def test_bytes_have_a_rate_and_lines_have_none(upload: UploadProgress, clock: Clock) -> None:
    upload.advance("hashing", 1_000_000, 10_000_000)
    assert upload.format_figures() == "1.0 of 10.0 MB  0.0 MB/s"
    upload.advance("sending", 0, 10_000_000)
    clock.now = 2.0
    upload.advance("sending", 5_000_000, 10_000_000)
    assert upload.format_figures() == "5.0 of 10.0 MB  2.5 MB/s"
    upload.advance("validating", 0, 0)
    assert upload.format_figures() == ""
    upload.advance("deciding", 1_500, 10_000)
    assert upload.format_figures() == "1,500 of 10,000 lines"


def test_only_bytes_sent_by_this_command_count(upload: UploadProgress, clock: Clock) -> None:
    upload.advance("sending", 6_000_000, 10_000_000)
    clock.now = 1.0
    upload.advance("sending", 9_000_000, 10_000_000)
    upload.interruptions += 1
    upload.advance("validating", 0, 0)
    clock.now = 5.0
    upload.advance("sending", 8_000_000, 10_000_000)
    clock.now = 6.0
    upload.advance("sending", 10_000_000, 10_000_000)
    assert upload.describe() == "4.0 MB sent at 2.0 MB/s, resumed once; 6.0 s in all"
    upload.interruptions += 1
    assert "resumed 2 times" in upload.describe()


def test_a_file_already_received_sends_nothing(upload: UploadProgress, clock: Clock) -> None:
    upload.advance("hashing", 5, 5)
    clock.now = 1.0
    assert upload.describe() == "nothing left to send; 1.0 s in all"


def test_lines_are_printed_every_few_seconds(
    upload: UploadProgress, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = UploadLines(upload)
    for second in range(12):
        clock.now = float(second)
        upload.advance("sending", second * 1_000_000, 12_000_000)
        lines.show_progress()
    lines.show_retry("cut; again in 1 s")
    lines.close()
    assert capsys.readouterr().err.splitlines() == [
        "sending acts.csv: 5.0 of 12.0 MB  1.0 MB/s",
        "sending acts.csv: 10.0 of 12.0 MB  1.0 MB/s",
        "acts.csv: cut; again in 1 s",
    ]
