"""The months of exercises: their states by accountant, and the decisions that close, reopen and lock them."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

import msgspec

from core.errors import NoSuchRecord
from core.period_states import PeriodAction
from core.periods import YEAR_FIRST, YEAR_LAST
from core.person_decisions import StatedPerson
from posting.store import period_store
from posting.store.period_store import NewDecision, RefusedDecision
from service.auth.perimeter import require_all_programmes
from service.database.read_pool import BORROW_SECONDS, Pool, borrow_connection
from service.http.http_messages import JSON, Request, Response, respond
from service.http.openapi.operation import Operation
from service.http.openapi.problem_types import DECIDING, list_problems
from service.http.problems import Problem, bad_request, not_found
from service.http.request_body import check_decision_texts, read_small_body
from service.http.route import Route
from service.tasks.task_queries import Pool as TaskPool

BODY_BYTES_MAX, ACCOUNTANT_LENGTH_MAX = 4096, 4
_TEXT = msgspec.Meta(min_length=1, max_length=300)


class MonthState(msgspec.Struct, frozen=True):
    """The state of a month: of all accountants, or of one whose month is in another state."""

    month: str
    accountant: str
    """Empty for all."""
    state: str


class MonthDecision(msgspec.Struct, frozen=True):
    """What a person decided about a month, and the last batch that was decided without it."""

    decision: int
    month: str
    accountant: str
    action: str
    reason: str
    by: str
    proof: str
    """How who decided it was proved: ``user`` or ``key`` with its name; empty for not."""
    at: datetime
    after_batch: int | None


class Periods(msgspec.Struct, frozen=True):
    """Every month with its states, and all decisions, the last one first."""

    months: list[MonthState]
    decisions: list[MonthDecision]


class PeriodRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A decision about a month of one accountant, or of all if none is named."""

    exercise: Annotated[int, msgspec.Meta(ge=YEAR_FIRST, le=YEAR_LAST)]
    month: Annotated[int, msgspec.Meta(ge=0, le=15)]
    action: PeriodAction
    reason: Annotated[str, _TEXT]
    by: Annotated[str, _TEXT] | None = None
    """The person who decides: the one whom the key proves. Left out, the key says who it is."""
    accountant: Annotated[str, msgspec.Meta(max_length=ACCOUNTANT_LENGTH_MAX)] = ""


class StoredPeriodDecision(msgspec.Struct, frozen=True):
    """The number of a stored decision, which holds from the next batch on."""

    decision: int


class PeriodsHandler:
    """Handles ``/v1/periods``."""

    def __init__(self, pool: Pool, writing_pool: TaskPool) -> None:
        self._pool, self._writing_pool = pool, writing_pool

    async def list_months(self, request: Request) -> Response:
        """Respond with the states of all months, and the decisions about them."""
        request.allow_only()
        async with borrow_connection(self._pool) as connection, connection.transaction(readonly=True):
            months = await period_store.load_months(connection)
        return respond(msgspec.convert({"months": months.months, "decisions": months.decisions}, Periods))

    async def decide(self, request: Request) -> Response:
        """Store the decision of an accountant: which month, whose, and why."""
        request.allow_only()
        caller = request.caller
        if not caller.is_accountant:
            raise Problem(
                HTTPStatus.FORBIDDEN, "role-not-held", "Only accountants close, reopen and lock months"
            )
        require_all_programmes(caller, "a month is closed for the acts of all programmes")
        decision_body = await _read_decision(request)
        new = NewDecision(
            *(decision_body.exercise, decision_body.month, decision_body.accountant, decision_body.action),
            *(decision_body.reason.strip(), StatedPerson((decision_body.by or "").strip(), caller.key)),
        )
        try:
            async with self._writing_pool.acquire(timeout=BORROW_SECONDS) as connection:
                number = await period_store.store_decision(connection, new)
        except RefusedDecision as refused:
            raise Problem(HTTPStatus.CONFLICT, "period-state", str(refused)) from refused
        except NoSuchRecord as missing:
            raise not_found(str(missing)) from missing
        return respond(StoredPeriodDecision(number))


async def _read_decision(request: Request) -> PeriodRequest:
    body = await read_small_body(request.receive, BODY_BYTES_MAX)
    try:
        decision_body = msgspec.json.decode(body, type=PeriodRequest)
    except msgspec.DecodeError as error:
        raise bad_request(f"The body is not a decision: {error}") from error
    check_decision_texts(decision_body.reason, decision_body.by)
    if not decision_body.accountant.isprintable():
        raise bad_request("accountant must be a code")
    return decision_body


_EXAMPLE: Mapping[str, Any] = {
    "exercise": 2018,
    "month": 5,
    "action": "close",
    "reason": "Clôture mensuelle",
    "by": "Alice Martin",
    "accountant": "PACA",
}

ROUTES = (
    Route(
        "GET",
        "/v1/periods",
        PeriodsHandler.list_months,
        Operation(
            "The months with their states by accountant, and the decisions about them", {"200": Periods}
        ),
    ),
    Route(
        "POST",
        "/v1/periods",
        PeriodsHandler.decide,
        Operation(
            "Close, reopen or lock a month (accountants only): it holds from the next batch on",
            {"200": StoredPeriodDecision, **list_problems(*DECIDING, "not-found", "period-state")},
            body={JSON: {"schema": {"$ref": "#/components/schemas/PeriodRequest"}, "example": _EXAMPLE}},
            body_types=(PeriodRequest,),
        ),
    ),
)
