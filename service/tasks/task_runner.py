"""The runner of tasks: one after the other, in the order of their requests, each in a process beside the service.

Tasks are stored before they are acknowledged.  A task that a stop or a crash cut short begins again at the next start;
what it had posted by then is recognised and not posted twice.  Only ends that nothing but the task explains are counted.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
import structlog

from core.errors import NotWaiting
from posting.store.failures import RETRIED_ERRORS, raise_pending_cancellation
from posting.store.ledger_clock import LedgerClock
from service.configuration.settings import Settings
from service.tasks import task_queries
from service.tasks.task_messages import TaskFailure, TaskOrder, TaskReport
from service.tasks.task_process import WorkerProgram, run_worker
from service.tasks.task_queries import Pool, StoredTask

LOG = structlog.get_logger()
EARLY_ENDS_MAX = 5
"""A task whose process ends so often without a result, though nothing stopped it, has failed."""
_RETRY_SECONDS = 2
_WORKER = WorkerProgram()


class TaskRunner:
    """Performs the stored tasks, and knows the progress of the present one."""

    def __init__(
        self,
        pool: Pool,
        settings: Settings,
        dsn: str,
        *,
        clock: LedgerClock,
        program: WorkerProgram = _WORKER,
    ) -> None:
        self._pool, self._clock, self._program = pool, clock, program
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

    def notify_request(self) -> None:
        """Note that a task was stored."""
        self._requested.set()

    def notify_end(self, task: int) -> None:
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
            self.notify_end(task)

    async def run(self) -> None:
        """Perform tasks until this is cancelled; the process of the present task is then stopped in order.

        While a clock is set back, none begins.
        """
        while True:
            if self._clock.find_setback():
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            self._requested.clear()
            try:
                tasks = await task_queries.load_unfinished_tasks(self._pool)
                if tasks:
                    await self._perform(tasks[0])
                    continue
            except RETRIED_ERRORS as error:
                raise_pending_cancellation()
                LOG.warning("tasks wait for the database", cause=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            await self._requested.wait()  # no time limit: a task may be requested at any time

    async def _perform(self, task: StoredTask) -> None:
        with suppress(NotWaiting):  # it was cancelled at this moment
            await task_queries.insert_event(self._pool, task.task, "started")
            self.current_task, self.progress = task.task, TaskReport("starting")
            LOG.info("task started", task=task.task, kind=task.kind, key=task.key, sender=task.sender)
            order = TaskOrder(task.kind, task.arguments, task.key, self._settings, task.started_at)
            try:
                end = await run_worker(self._program, order, self._note_progress)
            finally:
                self.current_task = 0
            if end.report is not None:
                await self._store_end(task, end.report)
            else:
                await self._note_early_end(task, end.cause)

    def _note_progress(self, report: TaskReport) -> None:
        self.progress = report

    async def _note_early_end(self, task: StoredTask, cause: str) -> None:
        """Store that the process of a task ended early by itself; the task fails if that has happened too often."""
        ends = task.early_ends + 1
        detail = f"Its process ended {ends} times without a result; the last time: {cause}"
        failure = TaskFailure("ended-early", detail)
        if cause and ends >= EARLY_ENDS_MAX:
            await self._store_end(task, TaskReport(failure=failure))
            return
        if cause:
            await task_queries.insert_event(self._pool, task.task, "started", result=failure)
        await asyncio.sleep(_RETRY_SECONDS)

    async def _store_end(self, task: StoredTask, report: TaskReport) -> None:
        event = "failed" if report.failure else "done"
        await task_queries.insert_event(self._pool, task.task, event, result=report.failure or report.result)
        detail = report.failure.detail if report.failure else ""
        LOG.info("task ended", task=task.task, kind=task.kind, state=event, detail=detail)
        self.notify_end(task.task)
