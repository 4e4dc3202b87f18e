"""Signals stop the work, whoever reads what it prints."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from service.terminal.signals import Interruption


@contextmanager
def _open_unread_stream() -> Iterator[TextIO]:
    """Open a stream whose reader is gone, as after the end of a collector of logs."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        yield stream
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())  # else closing the stream fails
        os.close(null)


def test_a_signal_stops_the_work_although_nobody_reads_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    stops: list[str] = []
    interruption = Interruption(lambda: stops.append("stop"), "Stopping")
    with _open_unread_stream() as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream)
        interruption.receive_signal()
    assert stops == ["stop"]
    assert interruption.is_requested
