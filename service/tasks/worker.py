"""The process that performs one task: it reads an order, reports its progress, and ends with the result.

It is a process of its own, so that its computations take no time from the event loop that answers senders.  It ends
with the service, which keeps its standard input open.
"""

import os
import sys
import threading
import time
import traceback
from contextlib import suppress

import msgspec

from core.errors import (
    BatchFailed,
    BookMoved,
    CrescendoError,
    DatabaseUnfit,
    LeaseHeld,
    PersonNotProved,
    ReferenceDataError,
    SpoolBusy,
)
from core.person_decisions import StatedPerson
from posting.store.failures import is_connection_lost, is_disk_full
from service.configuration.settings import Settings, read_settings
from service.engine import process_tuning
from service.tasks.task_kinds import TASK_KINDS, TaskEnvironment
from service.tasks.task_messages import EXIT_RETRY, TaskFailure, TaskOrder, TaskReport
from service.terminal import signals
from service.terminal.processing_progress import ProcessingProgress
from service.terminal.signals import Interruption
from settlement.runs.run_queries import NoSuchRun

EXIT_UNEXPECTED = 1
_STDIN = 0
_NICENESS = 5
_LINES_SECONDS = 0.5


class TaskReporter:
    """Writes the progress to standard output."""

    def __init__(self) -> None:
        self._due = 0.0

    def report_activity(self, text: str) -> None:
        """Write what is being done or waited for."""
        write_report(TaskReport(text))

    def report_steps(self, done: int, total: int, label: str) -> None:
        """Write how many steps of all are done, at most a few times a second."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + _LINES_SECONDS
            write_report(TaskReport(label, done, total))

    def report_lines(self, progress: ProcessingProgress) -> None:
        """Write how many lines are committed."""
        write_report(TaskReport("committing acts", progress.committed_lines, progress.known_lines))

    def close(self) -> None:
        """Do nothing: the reports need no end."""


def write_report(report: TaskReport) -> None:
    """Write one report as a line."""
    # a buffered writer: with PYTHONUNBUFFERED, a single write to the pipe may take only a part of a long report
    with open(sys.stdout.fileno(), "wb", closefd=False) as pipe:
        pipe.write(msgspec.json.encode(report) + b"\n")


def main() -> int:
    """Perform the task of the order on standard input; return the exit code."""
    os.nice(_NICENESS)
    process_tuning.tune_process()
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):  # the service ended before it wrote the order
        return EXIT_RETRY
    threading.Thread(target=_end_with_service, name="end with the service", daemon=True).start()
    try:
        result = _perform(msgspec.json.decode(line, type=TaskOrder))
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 -- every end of a task has a cause
        return _end_without_result(error)
    write_report(TaskReport(result=msgspec.to_builtins(result, enc_hook=str)))
    return 0


def _perform(order: TaskOrder) -> object:
    kind = TASK_KINDS[order.kind]
    arguments = msgspec.convert(order.arguments, kind.arguments)
    settings: Settings = read_settings(None, {}, order.settings)

    async def work(interruption: Interruption) -> object:
        by = StatedPerson("", order.by)
        environment = TaskEnvironment(settings, by, order.begun_before, interruption, TaskReporter())
        return await kind.perform(environment, arguments)

    return signals.run_interruptible(work)


def _end_with_service() -> None:
    """End this process at once when the service has ended.

    What this process has not committed is rolled back, and the next start of the service begins the task again.
    """
    with suppress(OSError):
        while os.read(_STDIN, 1):
            pass  # the service writes nothing after the order
    os._exit(EXIT_RETRY)


def _end_without_result(error: BaseException) -> int:
    """Write why the task has no result, as a report or as the last line of standard error; return the exit code."""
    is_final = isinstance(error, CrescendoError) and not (_may_retry(error) or _may_pass(error))
    if is_final:
        write_report(TaskReport(failure=describe_failure(error)))
        return 0
    code = EXIT_RETRY if _may_retry(error) else EXIT_UNEXPECTED
    if code == EXIT_UNEXPECTED:
        traceback.print_exception(error)
    print(" ".join(f"{type(error).__name__}: {error}".split()), file=sys.stderr)
    return code


def _may_retry(error: BaseException) -> bool:
    """Return whether the task is no cause of its end: a signal came, or the engine, the database or the disk is away."""
    return (
        isinstance(error, (KeyboardInterrupt, InterruptedError, LeaseHeld))
        or is_connection_lost(error)
        or is_disk_full(error)
    )


def _may_pass(error: BaseException) -> bool:
    """Return whether the same task may succeed at another time, though it may also fail again."""
    is_refused = isinstance(error, DatabaseUnfit) and error.__cause__ is not None
    return is_refused or isinstance(error, (SpoolBusy, BookMoved, BatchFailed))


def describe_failure(error: BaseException) -> TaskFailure:
    """Return the stable code of an expected failure, and its text."""
    codes = {
        NoSuchRun: "run-state",
        PersonNotProved: "person-not-proved",
        ReferenceDataError: "reference-data",
    }
    return TaskFailure(codes.get(type(error), "not-possible"), str(error))


if __name__ == "__main__":
    sys.exit(main())
