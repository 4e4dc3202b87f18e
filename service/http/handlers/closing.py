"""The closing of a year: the board of its steps, and steps tried, prepared, executed and reversed by tasks."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from closing.steps import Step
from core.periods import YEAR_FIRST, YEAR_LAST
from core.person_decisions import DecisionKind
from core.roles import PAYING_ROLES, Role
from service.auth.credentials import Caller
from service.auth.perimeter import require_all_programmes
from service.database.read_pool import Pool, borrow_connection
from service.engine import closing_plan
from service.engine.closing_plan import ClosingBoard
from service.http.http_messages import JSON, Request, Response, respond
from service.http.openapi.operation import Operation
from service.http.openapi.parameters import WAIT
from service.http.openapi.problem_types import DECIDING, FORBIDDEN, list_problems
from service.http.problems import Problem, bad_request, not_found
from service.http.route import Route
from service.http.task_requests import Task, TaskRequests, TaskWorks, read_body
from service.http.tickets import read_wait_seconds
from service.tasks.task_arguments import ClosingTask, StepAction, StepOrder

_CLOSING = TaskWorks("closes a year", "the closing concerns all programmes")
_READERS = PAYING_ROLES | {Role.AUDITOR, Role.OPERATOR}


class ClosingHandler:
    """Handles ``/v1/closing``."""

    def __init__(self, tasks: TaskRequests, pool: Pool) -> None:
        self._tasks, self._pool = tasks, pool

    async def show_board(self, request: Request) -> Response:
        """Respond with the steps of a year and their states, from what is stored of their executions."""
        request.allow_only()
        _require_reader(request.caller)
        return respond(await self._load_board(int(request.path_values["year"])))

    async def request_step(self, request: Request) -> Response:
        """Try, prepare, execute or reverse a step, by a task."""
        request.allow_only("wait")
        seconds = read_wait_seconds(request)
        await self._tasks.check_may_request(request.caller, _CLOSING)
        order = await read_body(request, StepOrder)
        if order.action is StepAction.REVERSE and not (order.reason or "").strip():
            raise bad_request("reason must say why the proof is withdrawn")
        if order.action is not StepAction.DRY_RUN:
            kind = DecisionKind.PREPARATION if order.action is StepAction.PREPARE else DecisionKind.CLOSING
            await self._tasks.check_person(request.caller, kind)
        year, step = int(request.path_values["year"]), Step(request.path_values["step"])
        await self._load_board(year)
        task = ClosingTask(**msgspec.structs.asdict(order), year=year, step=step)
        return await self._tasks.request_task(request, "closing", task, wait_seconds=seconds)

    async def _load_board(self, year: int) -> ClosingBoard:
        board = None
        if YEAR_FIRST <= year <= YEAR_LAST:
            async with borrow_connection(self._pool) as connection, connection.transaction(readonly=True):
                board = await closing_plan.load_known_board(connection, year)
        if board is None:
            raise not_found(f"The ledger has no year {year}")
        return board


def _require_reader(caller: Caller) -> None:
    if not _READERS & caller.roles:
        detail = f"The closing is shown to {', '.join(sorted(_READERS))}"
        raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", detail)
    require_all_programmes(caller, _CLOSING.concerns)


_RESPONSES: Mapping[str, Any] = {
    "200": Task,
    "202": Task,
    **list_problems(*DECIDING, "body-stalled", "limit-exceeded", "not-found"),
}
_EXAMPLE: Mapping[str, Any] = {"action": "dry_run", "at": "2019-01-02T08:00:00"}

ROUTES = (
    Route(
        "GET",
        "/v1/closing/{year}",
        ClosingHandler.show_board,
        Operation(
            "The steps of closing a year: state, counts, sums, who, when, proof, and what each still needs",
            {"200": ClosingBoard, **list_problems(*FORBIDDEN, "not-found")},
        ),
    ),
    Route(
        "POST",
        "/v1/closing/{year}/{step}",
        ClosingHandler.request_step,
        Operation(
            "Try, prepare, execute or reverse a step of the closing (accountants)",
            _RESPONSES,
            (WAIT,),
            {JSON: {"schema": {"$ref": "#/components/schemas/StepOrder"}, "example": _EXAMPLE}},
            description=(
                "The work becomes a task, which the engine does in turn with forms and files: 200 if it has ended within"
                " ``wait`` seconds, else 202 with the task, whose state ``Location`` gives."
            ),
            body_types=(StepOrder,),
        ),
    ),
)
