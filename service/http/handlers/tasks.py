"""Tasks: their state, and cancelling those that have not begun."""

from http import HTTPStatus

import msgspec

from core.roles import Role
from service.http.http_messages import Request, Response, respond
from service.http.openapi.operation import Operation, Parameter
from service.http.openapi.parameters import NUMBER_MAX, WAIT, build_limit, build_number_schema
from service.http.openapi.problem_types import list_problems
from service.http.problems import Problem
from service.http.route import Route
from service.http.task_requests import Task, TaskRequests, require_accountant
from service.http.tickets import read_wait_seconds

PAGE_MAX = 100


class TaskPage(msgspec.Struct, frozen=True):
    """Tasks, the latest first, and the address of the next page."""

    tasks: list[Task]
    next: str | None


class TasksHandler:
    """Handles ``/v1/tasks``."""

    def __init__(self, tasks: TaskRequests) -> None:
        self._tasks = tasks

    async def list_tasks(self, request: Request) -> Response:
        """Respond with the tasks that the caller may see, the latest first."""
        request.allow_only("before", "limit")
        before = request.get_number("before", NUMBER_MAX, minimum=1, maximum=NUMBER_MAX)
        limit = request.get_number("limit", 20, minimum=1, maximum=PAGE_MAX)
        tasks = await self._tasks.load_page(request.caller, before, limit)
        next_page = f"/v1/tasks?limit={limit}&before={tasks[-1].task}" if len(tasks) == limit else None
        return respond(TaskPage(tasks, next_page))

    async def show_task(self, request: Request) -> Response:
        """Respond with a task, at once or when it has ended."""
        request.allow_only("wait")
        seconds = read_wait_seconds(request)
        row = await self._tasks.load_visible(request)
        return respond(await self._tasks.wait_for_end(row.task, seconds))

    async def cancel(self, request: Request) -> Response:
        """Cancel a task that has not begun; repeating the request gives the same response."""
        request.allow_only()
        caller = request.caller
        if Role.OPERATOR not in caller.roles:
            require_accountant(caller)
        row = await self._tasks.load_visible(request)
        if row.sender != caller.sender and Role.OPERATOR not in caller.roles:
            raise Problem(
                HTTPStatus.FORBIDDEN, "role-not-held", "Only its sender or an operator cancels a task"
            )
        return respond(await self._tasks.cancel(row))


_BEFORE = Parameter("before", "Only tasks below this number", build_number_schema(1, NUMBER_MAX))

ROUTES = (
    Route(
        "GET",
        "/v1/tasks",
        TasksHandler.list_tasks,
        Operation(
            "The tasks that the caller's sender requested, the latest first; auditors and operators see all",
            {"200": TaskPage, **list_problems("malformed-request")},
            (_BEFORE, build_limit(PAGE_MAX)),
        ),
    ),
    Route(
        "GET",
        "/v1/tasks/{task}",
        TasksHandler.show_task,
        Operation(
            "The state, progress and result of a task",
            {"200": Task, **list_problems("malformed-request", "not-found")},
            (WAIT,),
        ),
    ),
    Route(
        "DELETE",
        "/v1/tasks/{task}",
        TasksHandler.cancel,
        Operation(
            "Cancel a task that has not begun (accountants their own, operators all)",
            {"200": Task, **list_problems("role-not-held", "not-found", "not-waiting")},
        ),
    ),
)
