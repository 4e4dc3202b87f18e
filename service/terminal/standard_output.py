"""Standard output whose every write is whole: all of its bytes are taken, or the command fails and says why.

Without this, Python gives up what the system did not take at once if ``PYTHONUNBUFFERED`` is set or the pipe does not block.
"""

import io
import os
import select
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import CrescendoError

_NAME = "standard output"
_WAIT_SECONDS = 0.5
"""How long a writer waits for its reader before it looks whether the output is given up."""
_REMEDY = (
    "Not all of the output was written. Nothing committed is lost; what the command shows can be shown again."
)


class OutputIncomplete(CrescendoError):
    """A part of the output could not be written."""


class WholeOutput(io.FileIO):
    """An open file whose writes take everything; after a failure it drops what is still written."""

    has_failed = False

    def write(self, data: Any, /) -> int:
        """Write all of ``data``, and wait for a slow reader until ``abandon_output``.

        Raises
        ------
        OutputIncomplete
            There is no reader any more, or the disk is full.
        """
        remaining = memoryview(data).cast("B")
        size = len(remaining)
        while remaining and not self.has_failed:
            try:
                remaining = remaining[self._write_part(remaining) :]
            except OSError as error:
                self.has_failed = True
                raise OutputIncomplete(f"{_describe(error)}\n{_REMEDY}") from error
        return size

    def _write_part(self, part: memoryview) -> int:
        """Write what a pipe takes without blocking, so that the writer can end; 0 if it takes nothing for a while."""
        _, writable, _ = select.select([], [self.fileno()], [], _WAIT_SECONDS)
        try:
            return os.write(self.fileno(), part[: select.PIPE_BUF]) if writable else 0
        except BlockingIOError:
            return 0


def _describe(error: OSError) -> str:
    if isinstance(error, BrokenPipeError):
        return f"{_NAME} was closed by its reader before the end"
    return f"{_NAME} cannot be written: {error.strerror}"


def open_standard_output() -> bool:
    """Let ``sys.stdout`` write everything from now on; return False if the process has no standard output.

    Without standard error, notes and errors are dropped: Python would print them as results.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- until the process ends
    if sys.stdout is None:
        return False
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _wrap_whole(sys.stdout)
    return True


def _wrap_whole(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(WholeOutput(stream.fileno(), "wb", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering or stream.write_through,
    )


def abandon_output() -> None:
    """Drop what is still written, so that a thread that waits for a stalled reader ends."""
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    if isinstance(raw, WholeOutput):
        raw.has_failed = True


def flush_after_failure() -> None:
    """Flush what a command has written before it failed; its own error has been reported already."""
    with suppress(OutputIncomplete):
        sys.stdout.flush()
