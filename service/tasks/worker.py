"""The process that performs one task: it reads an order, reports its progress, and ends with the result.

It is a process of its own, so that its computations take no time from the event loop that answers senders.
"""

import os
import sys
import time

import msgspec

from core.errors import CrescendoError, EngineError, ReferenceDataError
from service.configuration.settings import Settings, read_settings
from service.engine import process_tuning
from service.tasks.task_kinds import TASK_KINDS, TaskEnvironment
from service.tasks.task_messages import TaskFailure, TaskOrder, TaskReport
from service.terminal import signals
from service.terminal.processing_progress import ProcessingProgress
from service.terminal.signals import Interruption
from settlement.runs.run_queries import NoSuchRun

EXIT_RETRY = 3
"""The task can be begun again: the database was away, or a signal came."""
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
    sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    sys.stdout.buffer.flush()


def main() -> int:
    """Perform the task of the order on standard input; return the exit code."""
    os.nice(_NICENESS)
    process_tuning.tune_process()
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=TaskOrder)
    kind = TASK_KINDS[order.kind]
    arguments = msgspec.convert(order.arguments, kind.arguments)
    settings: Settings = read_settings(None, {}, order.settings)

    async def work(interruption: Interruption) -> object:
        environment = TaskEnvironment(settings, order.by, order.begun_before, interruption, TaskReporter())
        return await kind.perform(environment, arguments)

    try:
        result = signals.run_interruptible(work)
    except (EngineError, KeyboardInterrupt, InterruptedError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return EXIT_RETRY
    except CrescendoError as error:
        write_report(TaskReport(failure=describe_failure(error)))
        return 0
    write_report(TaskReport(result=msgspec.to_builtins(result, enc_hook=str)))
    return 0


def describe_failure(error: CrescendoError) -> TaskFailure:
    """Return the stable code of an expected failure, and its text."""
    codes = {NoSuchRun: "run-state", ReferenceDataError: "reference-data"}
    return TaskFailure(codes.get(type(error), "not-possible"), str(error))


if __name__ == "__main__":
    sys.exit(main())
