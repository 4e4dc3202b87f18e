"""The process of a task, as the service sees it: started, sent its order, followed to its result, and stopped.

Its standard input stays open as long as the service runs: the process ends with the service.
"""

import asyncio
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

import msgspec
import structlog

from service.tasks.task_messages import EXIT_RETRY, MESSAGE_BYTES_MAX, TaskOrder, TaskReport

LOG = structlog.get_logger()
STOP_SECONDS = 10
"""Time for a process to end after its result or a signal; then it is killed."""
_ERROR_BYTES = 1 << 14
_READ_BYTES = 1 << 16
_CAUSE_LETTERS_MAX = 300
_STOP_SIGNALS = frozenset({-signal.SIGTERM, -signal.SIGINT})
_PRIVATE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+|(?<![\w.])~?/[^\s'\",;)]+")
"""Addresses, which may contain a password, and paths."""


class WorkerProgram(NamedTuple):
    """The program that performs a task, and its limit."""

    command: Sequence[str] = (sys.executable, "-m", "service.tasks.worker")
    silence_seconds: float = 3600
    """A process that reports nothing for so long is stuck."""


class ProcessEnd(NamedTuple):
    """How the process of a task ended."""

    report: TaskReport | None
    """Its result or failure; None if there is none, and the task must be begun again."""
    cause: str = ""
    """Why there is none, for people; empty if a signal stopped it, or the engine or the database was away."""


async def run_worker(
    program: WorkerProgram, order: TaskOrder, on_progress: Callable[[TaskReport], object]
) -> ProcessEnd:
    """Run the process of a task to its end; if this is cancelled, the process is stopped in order."""
    try:
        process = await asyncio.create_subprocess_exec(
            *program.command, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=MESSAGE_BYTES_MAX
        )
    except OSError as error:  # want of memory or of processes, for instance
        LOG.warning("task cannot start", cause=repr(error))
        return ProcessEnd(None, f"it could not be started ({error.strerror})")
    errors = bytearray()
    collecting = asyncio.create_task(_collect_errors(process, errors))
    report, cause = None, ""
    try:
        async with asyncio.timeout(program.silence_seconds):
            await _send_order(process, order)
        report = await _follow_reports(process, program.silence_seconds, on_progress)
        with suppress(TimeoutError):
            await _wait_for_end(process)
    except TimeoutError:
        cause = f"it reported nothing for {program.silence_seconds:g} seconds"
    except ValueError:
        cause = "it wrote a line that is no report"
    finally:
        await _stop_process(process)
        await asyncio.wait([collecting], timeout=STOP_SECONDS)
        collecting.cancel()
    if report is not None:
        return ProcessEnd(report)
    lines = errors.decode(errors="replace").splitlines()
    LOG.warning("task cut short", code=process.returncode, cause=cause, errors=lines)
    return ProcessEnd(None, cause or describe_exit(process.returncode, lines))


def describe_exit(code: int | None, error_lines: Sequence[str]) -> str:
    """Return why a process ended without a result, without paths and addresses; empty if that is no fault of its task."""
    if code == EXIT_RETRY or code in _STOP_SIGNALS:
        return ""
    if code is None or code < 0:
        return f"signal {-(code or -signal.SIGKILL)} ended it"
    last = next((line.strip() for line in reversed(error_lines) if line.strip()), f"exit code {code}")
    return _PRIVATE.sub("…", last)[:_CAUSE_LETTERS_MAX]


async def _send_order(process: Process, order: TaskOrder) -> None:
    """Write the order; the pipe stays open, because its end ends the process."""
    assert process.stdin  # noqa: S101 -- it is a pipe
    process.stdin.write(msgspec.json.encode(order) + b"\n")
    with suppress(ConnectionError):  # the process has ended: its exit code says why
        await process.stdin.drain()


async def _follow_reports(
    process: Process, silence_seconds: float, on_progress: Callable[[TaskReport], object]
) -> TaskReport | None:
    """Follow the reports of a process; return the final one, or None if the process ends before it.

    Raises
    ------
    ValueError
        A line is too long, or no report.
    """
    assert process.stdout  # noqa: S101 -- it is a pipe
    while line := await _read_line(process.stdout, silence_seconds):
        if not line.endswith(b"\n"):  # the process ended in the middle of it
            return None
        report = msgspec.json.decode(line, type=TaskReport)
        if report.is_final:
            return report
        on_progress(report)
    return None


async def _read_line(output: asyncio.StreamReader, silence_seconds: float) -> bytes:
    async with asyncio.timeout(silence_seconds):
        return await output.readline()


async def _wait_for_end(process: Process) -> None:
    async with asyncio.timeout(STOP_SECONDS):
        await process.wait()


async def _collect_errors(process: Process, errors: bytearray) -> None:
    """Collect the end of what the process writes to standard error."""
    assert process.stderr  # noqa: S101 -- it is a pipe
    while chunk := await process.stderr.read(_READ_BYTES):
        errors += chunk
        del errors[:-_ERROR_BYTES]


async def _stop_process(process: Process) -> None:
    """Stop a process that still runs: in order, and by force if that takes too long."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.shield(_wait_for_end(process))
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        with suppress(TimeoutError):  # nothing outlives SIGKILL but a disk that does not answer
            await _wait_for_end(process)
