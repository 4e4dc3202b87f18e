"""Requests for tasks: who may make them, and the response with the state of the task."""

import asyncio
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

import msgspec

from core.errors import NotWaiting
from core.person_decisions import Decision, DecisionKind, StatedPerson
from core.roles import PAYING_ROLES, Role
from posting.store import person_proof
from service.auth.credentials import Caller
from service.auth.perimeter import require_all_programmes
from service.http.http_messages import Request, Response, respond
from service.http.problems import Problem, bad_request, not_found
from service.http.queue_limits import TASKS_LIMIT
from service.http.request_body import read_small_body
from service.http.service_state import ServiceState
from service.tasks import task_queries
from service.tasks.task_messages import TaskFailure
from service.tasks.task_queries import Pool, TaskRow
from service.tasks.task_runner import TaskRunner

BODY_BYTES_MAX = 1 << 16
WAITING, RUNNING, DONE, FAILED, CANCELLED = "waiting", "running", "done", "failed", "cancelled"
_ENDED = frozenset({DONE, FAILED, CANCELLED})
Body = TypeVar("Body", bound=msgspec.Struct)


class TaskProgress(msgspec.Struct, frozen=True):
    """What a running task is doing, and how many steps of how many are done; 0 of 0 if that is not known."""

    activity: str
    done: int
    total: int


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Work that the engine does in turn with forms and files."""

    task: int
    kind: str
    state: str
    """``waiting``, ``running``, ``done``, ``failed`` (``failure`` says why), or ``cancelled`` before it began."""
    key: str
    """The key or token that requested it."""
    sender: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    progress: TaskProgress | None
    """While it runs."""
    result: dict[str, Any] | None
    """Once it is done: the run, the receipts of the import, or the interest proposed."""
    failure: TaskFailure | None
    links: dict[str, str]


class TaskWorks(NamedTuple):
    """What tasks do, in words of a refusal."""

    does: str
    """Ends a sentence about who does it."""
    concerns: str
    """Why a key that is limited to some programmes may not."""


PAYMENTS = TaskWorks("pays and imports bank files", "payment runs and bank files concern all programmes")


class TaskRequests:
    """Stores tasks, reads their state, and cancels those that wait."""

    def __init__(self, pool: Pool, runner: TaskRunner, state: ServiceState) -> None:
        self._pool, self._runner, self._state = pool, runner, state

    async def check_may_request(self, caller: Caller, works: TaskWorks = PAYMENTS) -> None:
        """Check that a caller may request one more task.

        Raises
        ------
        Problem
            It is no accountant, the service is stopping, or too many tasks wait.
        PermissionDenied
            Its key is limited to some programmes.
        """
        require_accountant(caller, works)
        self._state.check_accepting_work()
        TASKS_LIMIT.check(*await task_queries.count_queue(self._pool, caller.sender))

    async def check_person(self, caller: Caller, kind: DecisionKind) -> None:
        """Check that the key of a caller proves a person who may decide; the task proves the person again.

        Raises
        ------
        PersonNotProved
            It proves nobody, or one who may not decide this.
        """
        await person_proof.prove_person(self._pool, StatedPerson("", caller.key), Decision(kind))

    async def request_task(
        self, request: Request, kind: str, arguments: Any, *, wait_seconds: int
    ) -> Response:
        """Store a task, and respond: 202 while it has not ended, else 200."""
        caller = request.caller
        number = await task_queries.insert_task(
            self._pool, kind, arguments, key=caller.key, sender=caller.sender
        )
        self._runner.notify_request()
        task = await self.wait_for_end(number, wait_seconds)
        status = HTTPStatus.OK if task.state in _ENDED else HTTPStatus.ACCEPTED
        return respond(task, status, location=f"/v1/tasks/{number}")

    async def wait_for_end(self, number: int, seconds: int) -> Task:
        """Return a task once it has ended, and after ``seconds`` at the latest."""
        with self._runner.watch_end(number) as ended:
            task = await self._load(number)
            if task.state in _ENDED or not seconds:
                return task
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await ended.wait()
            return await self._load(number)

    async def load_visible(self, request: Request) -> TaskRow:
        """Return the task in the path, if the caller may see it.

        Raises
        ------
        Problem
            It does not exist, or the caller may not see it: the response is the same.
        """
        number, caller = int(request.path_values["task"]), request.caller
        row = await task_queries.load_task(self._pool, number)
        if row is None or not (sees_all_tasks(caller) or (row.sender == caller.sender and may_pay(caller))):
            problem = not_found(f"You have no task {number}")
            problem.is_audited = row is not None
            raise problem
        return row

    async def load_page(self, caller: Caller, before: int, limit: int) -> list[Task]:
        """Return the tasks below number ``before`` that the caller may see, the latest first."""
        if not (sees_all_tasks(caller) or may_pay(caller)):
            return []
        sender = None if sees_all_tasks(caller) else caller.sender
        return [
            self._build_task(row)
            for row in await task_queries.load_tasks(self._pool, before, limit, sender=sender)
        ]

    async def cancel(self, row: TaskRow) -> Task:
        """Cancel a task that has not begun.

        Raises
        ------
        Problem
            It has begun or ended.
        """
        if row.state != CANCELLED:
            try:
                await task_queries.insert_event(self._pool, row.task, CANCELLED)
            except NotWaiting as error:
                raise Problem(HTTPStatus.CONFLICT, "not-waiting", f"Too late to cancel: {error}") from error
            self._runner.notify_end(row.task)
        return await self._load(row.task)

    async def _load(self, number: int) -> Task:
        row = await task_queries.load_task(self._pool, number)
        if row is None:
            raise not_found(f"You have no task {number}")
        return self._build_task(row)

    def _build_task(self, row: TaskRow) -> Task:
        is_current = row.state == "started" and self._runner.current_task == row.task
        report = self._runner.progress
        progress = TaskProgress(report.activity, report.done, report.total) if is_current else None
        return Task(
            task=row.task,
            kind=row.kind,
            state=RUNNING if row.state == "started" else row.state,
            key=row.key,
            sender=row.sender,
            requested_at=row.requested_at,
            started_at=row.started_at,
            ended_at=row.ended_at,
            progress=progress,
            result=row.result if row.state == DONE else None,
            failure=msgspec.convert(row.result, TaskFailure) if row.state == FAILED else None,
            links={"self": f"/v1/tasks/{row.task}"},
        )


def require_accountant(caller: Caller, works: TaskWorks = PAYMENTS) -> None:
    """Check that a caller may do the work of an accountant, such as pay and book what the bank reports, for all programmes.

    Raises
    ------
    Problem
        None of its roles may.
    PermissionDenied
        Its key is limited to some programmes.
    """
    if not caller.is_accountant:
        detail = f"Only {' or '.join(sorted(PAYING_ROLES))} {works.does}"
        raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", detail)
    require_all_programmes(caller, works.concerns)


def may_pay(caller: Caller) -> bool:
    """Return whether a caller may request tasks, and so see those of its sender: an accountant without a perimeter."""
    return caller.is_accountant and not caller.programmes


def sees_all_tasks(caller: Caller) -> bool:
    """Return whether a caller may see the tasks of all senders: auditors and operators without a perimeter."""
    return bool({Role.AUDITOR, Role.OPERATOR} & caller.roles) and not caller.programmes


async def read_body(request: Request, body_type: type[Body]) -> Body:
    """Read a small JSON body; an empty one stands for an empty object.

    Raises
    ------
    Problem
        It is no such object.
    """
    body = await read_small_body(request.receive, BODY_BYTES_MAX)
    try:
        return msgspec.json.decode(body or b"{}", type=body_type)
    except msgspec.DecodeError as error:
        raise bad_request(f"The body is not as described in /docs: {error}") from error
