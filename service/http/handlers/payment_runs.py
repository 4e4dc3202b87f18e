"""Payment runs: proposed, changed, released and issued by tasks; the list of runs and the totals of one."""

from collections.abc import Mapping
from datetime import date, datetime
from http import HTTPStatus
from typing import Any

import msgspec

from core.person_decisions import DecisionKind
from core.roles import PAYING_ROLES, Role
from service.auth.credentials import Caller
from service.auth.perimeter import require_all_programmes
from service.database.read_pool import Pool, borrow_connection
from service.http.http_messages import JSON, Request, Response, respond
from service.http.openapi.operation import Operation
from service.http.openapi.parameters import WAIT
from service.http.openapi.problem_types import DECIDING, FORBIDDEN, list_problems
from service.http.problems import Problem, not_found
from service.http.route import Route
from service.http.task_requests import Task, TaskRequests, read_body
from service.http.tickets import read_wait_seconds
from service.tasks.task_arguments import (
    AbandonmentTask,
    InterestProposal,
    IssueOptions,
    IssueTask,
    LineChange,
    LineTask,
    PayeeChange,
    PayeeTask,
    ReleaseTask,
    RunProposal,
    RunReason,
)

_DECISIONS: Mapping[str, DecisionKind] = {
    "propose": DecisionKind.PROPOSAL,
    "edit_lines": DecisionKind.EDIT,
    "edit_payees": DecisionKind.EDIT,
    "release": DecisionKind.RELEASE,
    "abandon": DecisionKind.ABANDONMENT,
    "issue": DecisionKind.ISSUE,
    "late_interest": DecisionKind.INTEREST,
}
"""What a person decides by each kind of task."""
_READERS = PAYING_ROLES | {Role.AUDITOR, Role.OPERATOR}


class PaymentRun(msgspec.Struct, frozen=True, kw_only=True):
    """A payment run, its state, and what it pays."""

    run: int
    state: str
    """``proposed``, ``released``, ``issuing``, ``issued`` or ``abandoned``."""
    until: date
    """The last due day of its lines."""
    lines: int
    cents: int
    left_out: int
    """Lines that are due and that the run does not pay."""
    left_out_cents: int
    proposed_by: str
    proposed_proof: str | None
    """How who proposed it was proved: ``user`` or ``key`` with its name; null for not."""
    proposed_at: datetime
    released_by: str | None
    released_proof: str | None
    released_at: datetime | None
    issued_by: str | None
    issued_proof: str | None
    issued_at: datetime | None
    paid: int | None
    """Requests whose payment was accepted; null until the run is issued."""
    paid_cents: int | None
    refused: int | None
    refused_cents: int | None
    files: int | None
    """Payment files written for the bank."""


class PaymentRuns(msgspec.Struct, frozen=True):
    """All payment runs."""

    runs: list[PaymentRun]


class PaymentRunsHandler:
    """Handles ``/v1/payment-runs`` and ``/v1/late-interest``."""

    def __init__(self, tasks: TaskRequests, pool: Pool) -> None:
        self._tasks, self._pool = tasks, pool

    async def list_runs(self, request: Request) -> Response:
        """Respond with all runs."""
        request.allow_only()
        _require_reader(request.caller)
        return respond(PaymentRuns(await self._load_runs(None)))

    async def show_run(self, request: Request) -> Response:
        """Respond with one run."""
        request.allow_only()
        _require_reader(request.caller)
        number = int(request.path_values["run"])
        runs = await self._load_runs(number)
        if not runs:
            raise not_found(f"There is no run {number}")
        return respond(runs[0])

    async def propose(self, request: Request) -> Response:
        """Propose a run."""
        return await self._request_task(request, "propose", body_type=RunProposal, arguments_type=RunProposal)

    async def change_lines(self, request: Request) -> Response:
        """Withhold or reinstate lines."""
        return await self._request_task(request, "edit_lines", body_type=LineChange, arguments_type=LineTask)

    async def change_payees(self, request: Request) -> Response:
        """Group or ungroup payees."""
        return await self._request_task(
            request, "edit_payees", body_type=PayeeChange, arguments_type=PayeeTask
        )

    async def release(self, request: Request) -> Response:
        """Release a run."""
        return await self._request_task(request, "release", body_type=_NoBody, arguments_type=ReleaseTask)

    async def abandon(self, request: Request) -> Response:
        """Abandon a run."""
        return await self._request_task(
            request, "abandon", body_type=RunReason, arguments_type=AbandonmentTask
        )

    async def issue(self, request: Request) -> Response:
        """Issue a run."""
        return await self._request_task(request, "issue", body_type=IssueOptions, arguments_type=IssueTask)

    async def propose_interest(self, request: Request) -> Response:
        """Propose late interest."""
        return await self._request_task(
            request, "late_interest", body_type=InterestProposal, arguments_type=InterestProposal
        )

    async def _request_task(
        self,
        request: Request,
        kind: str,
        *,
        body_type: type[msgspec.Struct],
        arguments_type: type[msgspec.Struct],
    ) -> Response:
        request.allow_only("wait")
        seconds = read_wait_seconds(request)
        await self._tasks.check_may_request(request.caller)
        values = msgspec.structs.asdict(await read_body(request, body_type))
        if not values.get("dry_run"):
            await self._tasks.check_person(request.caller, _DECISIONS[kind])
        if "run" in request.path_values:
            number = int(request.path_values["run"])
            if not await self._load_runs(number):
                raise not_found(f"There is no run {number}")
            values["run"] = number
        return await self._tasks.request_task(request, kind, arguments_type(**values), wait_seconds=seconds)

    async def _load_runs(self, run: int | None) -> list[PaymentRun]:
        from settlement.runs import run_queries

        async with borrow_connection(self._pool) as connection:
            rows = await run_queries.load_runs(connection, run)
        return [PaymentRun(**{name: row[name] for name in PaymentRun.__struct_fields__}) for row in rows]


class _NoBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


def _require_reader(caller: Caller) -> None:
    if not _READERS & caller.roles:
        detail = f"Payment runs are shown to {', '.join(sorted(_READERS))}"
        raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", detail)
    require_all_programmes(caller, "payment runs concern all programmes")


_RESPONSES: Mapping[str, Any] = {
    "200": Task,
    "202": Task,
    **list_problems(*DECIDING, "body-stalled", "limit-exceeded"),
}
_RUN_RESPONSES: Mapping[str, Any] = {**_RESPONSES, **list_problems("not-found")}
_TURN = (
    "The work becomes a task, which the engine does in turn with forms and files: 200 if it has ended within ``wait``"
    " seconds, else 202 with the task, whose state ``Location`` gives."
)


def _build_body(body_type: type, **example: Any) -> Mapping[str, Any]:
    return {JSON: {"schema": {"$ref": f"#/components/schemas/{body_type.__name__}"}, "example": example}}


def _describe_task(
    summary: str, body_type: type | None = None, *, of_run: bool = True, **example: Any
) -> Operation:
    return Operation(
        summary,
        _RUN_RESPONSES if of_run else _RESPONSES,
        (WAIT,),
        _build_body(body_type, **example) if body_type else None,
        description=_TURN,
        body_types=(body_type,) if body_type else (),
    )


ROUTES = (
    Route(
        "GET",
        "/v1/payment-runs",
        PaymentRunsHandler.list_runs,
        Operation("All payment runs, with their state", {"200": PaymentRuns, **list_problems(*FORBIDDEN)}),
    ),
    Route(
        "GET",
        "/v1/payment-runs/{run}",
        PaymentRunsHandler.show_run,
        Operation("One payment run", {"200": PaymentRun, **list_problems(*FORBIDDEN, "not-found")}),
    ),
    Route(
        "POST",
        "/v1/payment-runs",
        PaymentRunsHandler.propose,
        _describe_task(
            "Propose a payment run (accountants): what is due, grouped by accountant",
            RunProposal,
            of_run=False,
            until="2018-12-21",
        ),
    ),
    Route(
        "POST",
        "/v1/payment-runs/{run}/lines",
        PaymentRunsHandler.change_lines,
        _describe_task(
            "Withhold lines of a proposed run, or pay them after all",
            LineChange,
            edit="hold",
            lines=[3],
            reason="the invoice is disputed",
        ),
    ),
    Route(
        "POST",
        "/v1/payment-runs/{run}/payees",
        PaymentRunsHandler.change_payees,
        _describe_task(
            "Pay payees of a proposed run with one transfer each, or with one transfer per request again",
            PayeeChange,
            edit="regroup",
            payees=["1001000001"],
            reason="the payee asked for one transfer",
        ),
    ),
    Route(
        "POST",
        "/v1/payment-runs/{run}/release",
        PaymentRunsHandler.release,
        _describe_task("Release a proposed run: another person or system than its proposer"),
    ),
    Route(
        "POST",
        "/v1/payment-runs/{run}/abandon",
        PaymentRunsHandler.abandon,
        _describe_task(
            "Abandon a proposed run: its requests may be proposed again",
            RunReason,
            reason="proposed for the wrong day",
        ),
    ),
    Route(
        "POST",
        "/v1/payment-runs/{run}/issue",
        PaymentRunsHandler.issue,
        _describe_task(
            "Issue a released run: post its payments, and write those accepted to files for the bank",
            IssueOptions,
            version="09",
        ),
    ),
    Route(
        "POST",
        "/v1/late-interest",
        PaymentRunsHandler.propose_interest,
        _describe_task(
            "Propose the late interest that is due to creditors (accountants)",
            InterestProposal,
            of_run=False,
            dry_run=True,
        ),
    ),
)
