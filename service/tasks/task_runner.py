"""The runner of tasks: one after the other, in the order of their requests, each in a process beside the service.

Tasks are stored before they are acknowledged.  A task that a stop or a crash cut short begins again at the next start;
what it had posted by then is recognised and not posted twice.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
import structlog

from core.errors import NotWaiting
from posting.store.failures import RETRIED_ERRORS
from service.configuration.settings import Settings
from service.tasks import task_queries
from service.tasks.task_messages import MESSAGE_BYTES_MAX, TaskFailure, TaskOrder, TaskReport
from service.tasks.task_queries import Pool, StoredTask

LOG = structlog.get_logger()
STARTS_MAX = 5
"""A task whose process ends so often without a result has failed."""
SILENCE_SECONDS = 3600
"""A process that reports nothing for so long is stuck."""
STOP_SECONDS = 10
"""Time for a process to end after a signal; then it is killed."""
_RETRY_SECONDS = 2
_ERROR_LINES = 20
WORKER = (sys.executable, "-m", "service.tasks.worker")


class TaskRunner:
    """Performs the stored tasks, and knows the progress of the present one."""

    def __init__(self, pool: Pool, settings: Settings, dsn: str) -> None:
        self._pool = pool
        self._settings = {
            **msgspec.to_builtins(settings, enc_hook=str),
            "database": dsn,
            "data": str(settings.data.absolute()),
        }
        self._settings.pop("server")
        self._requested = asyncio.Event()
        self._watchers: dict[int, list[asyncio.Event]] = {}
        self.current_task = 0
        """The number of the task that is being performed; 0 if there is none."""
        self.progress = TaskReport()
        """The last report of that task."""

    def notify_requested(self) -> None:
        """Note that a task was stored."""
        self._requested.set()

    def notify_ended(self, task: int) -> None:
        """Wake the requests that wait for the end of a task."""
        for event in self._watchers.get(task, ()):
            event.set()

    @contextmanager
    def watch_end(self, task: int) -> Iterator[asyncio.Event]:
        """Yield an event that is set when the task ends."""
        event = asyncio.Event()
        events = self._watchers.setdefault(task, [])
        events.append(event)
        try:
            yield event
        finally:
            events.remove(event)
            if not events:
                self._watchers.pop(task, None)

    def close(self) -> None:
        """Wake all requests that wait: the service stops."""
        for task in list(self._watchers):
            self.notify_ended(task)

    async def run(self) -> None:
        """Perform tasks until this is cancelled; the process of the present task is then stopped in order."""
        while True:
            self._requested.clear()
            try:
                tasks = await task_queries.load_unfinished(self._pool)
                if tasks:
                    await self._perform(tasks[0])
                    continue
            except RETRIED_ERRORS as error:
                LOG.warning("tasks wait for the database", cause=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            await self._requested.wait()

    async def _perform(self, task: StoredTask) -> None:
        with suppress(NotWaiting):  # it was cancelled at this moment
            if task.starts >= STARTS_MAX:
                failure = TaskFailure(
                    "ended-early", f"Its process ended {task.starts} times without a result"
                )
                await self._store_end(task, TaskReport(failure=failure))
                return
            await task_queries.insert_event(self._pool, task.task, "started")
            self.current_task, self.progress = task.task, TaskReport("starting")
            LOG.info("task started", task=task.task, kind=task.kind, key=task.key, sender=task.sender)
            try:
                report = await self._run_process(task)
            finally:
                self.current_task = 0
            if report is None:
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                await self._store_end(task, report)

    async def _store_end(self, task: StoredTask, report: TaskReport) -> None:
        event = "failed" if report.failure else "done"
        await task_queries.insert_event(self._pool, task.task, event, result=report.failure or report.result)
        detail = report.failure.detail if report.failure else ""
        LOG.info("task ended", task=task.task, kind=task.kind, state=event, detail=detail)
        self.notify_ended(task.task)

    async def _run_process(self, task: StoredTask) -> TaskReport | None:
        """Run the process of a task to its end; return its last report, or None if it must be begun again."""
        order = TaskOrder(task.kind, task.arguments, task.key, self._settings, task.started_at)
        process = await asyncio.create_subprocess_exec(
            *WORKER, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=MESSAGE_BYTES_MAX
        )
        errors: deque[str] = deque(maxlen=_ERROR_LINES)
        reading = asyncio.create_task(_collect_errors(process, errors))
        try:
            await _send_order(process, order)
            report = await self._follow_reports(process)
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            LOG.warning("task stuck, its process is ended", task=task.task)
            report = None
        finally:
            await _stop_process(process)
            await reading
        if report is None:
            LOG.warning("task cut short", task=task.task, code=process.returncode, errors=list(errors))
        return report

    async def _follow_reports(self, process: Process) -> TaskReport | None:
        """Follow the reports of a process; return the final one, or None if there is none."""
        assert process.stdout  # noqa: S101 -- it is a pipe
        while line := await asyncio.wait_for(process.stdout.readline(), SILENCE_SECONDS):
            report = msgspec.json.decode(line, type=TaskReport)
            if report.is_final:
                return report
            self.progress = report
        return None


async def _send_order(process: Process, order: TaskOrder) -> None:
    assert process.stdin  # noqa: S101 -- it is a pipe
    process.stdin.write(msgspec.json.encode(order) + b"\n")
    with suppress(ConnectionError):  # the process has ended: its exit code tells
        await process.stdin.drain()
    process.stdin.close()


async def _collect_errors(process: Process, lines: "deque[str]") -> None:
    assert process.stderr  # noqa: S101 -- it is a pipe
    async for line in process.stderr:
        lines.append(line.decode(errors="replace").rstrip())


async def _stop_process(process: Process) -> None:
    """Stop a process that still runs: in order, and by force if that takes too long."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.shield(asyncio.wait_for(process.wait(), STOP_SECONDS))
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
