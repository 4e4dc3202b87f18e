"""Reports over all of the journal, for who audits and who keeps the service: pages of JSON, or all of it as CSV."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

import msgspec

from core.errors import ReferenceDataError
from core.nomenclature import CentreLevel
from reporting import budget, delays, refusals, trial_balance
from reporting.budget import Appropriations, BudgetScope, NodeBudget
from reporting.delays import Delays
from reporting.refusals import Refusals
from reporting.report_queries import Connection
from reporting.report_tables import ReportTable
from reporting.trial_balance import TrialBalance
from service.auth.credentials import Caller
from service.auth.perimeter import require_all_programmes
from service.auth.roles import Role
from service.database.read_pool import Pool
from service.http import query_scope, submission_queries
from service.http.http_messages import JSON, Request, Response, respond
from service.http.journal_queries import JournalQuery, JournalReader
from service.http.name_cache import NameCache
from service.http.openapi.examples import QUERY_EXAMPLES
from service.http.openapi.operation import Operation, Parameter, list_problems
from service.http.openapi.parameters import (
    AFTER,
    BATCH,
    EXERCISE,
    YEAR,
    build_limit,
    build_number_schema,
    build_text_schema,
)
from service.http.problems import Problem, not_found
from service.http.query_scope import Page
from service.http.route import Route

CSV = "text/csv"
LEVELS = tuple(level.name.lower() for level in CentreLevel)
DELAYS_BY = ("ministry", "programme")
PROGRAMME_MAX = 10
SUBMISSION_MAX = 2**31 - 1
_BUDGET = ("level", "programme", "year", "batch", "limit", "after")
Made = TypeVar("Made")


class BudgetPage(msgspec.Struct, frozen=True, kw_only=True):
    """Execution of the budget at one level, in order of year and nomenclature; cents."""

    batch: int
    level: str
    nodes: list[NodeBudget]
    ae: Appropriations
    """Of all nodes, on every page."""
    cp: Appropriations
    next: str | None


class Reports:
    """Handlers of ``/v1/reports``."""

    def __init__(self, names: NameCache, journal: JournalReader, pool: Pool) -> None:
        self._names, self._journal, self._pool = names, journal, pool

    async def trial_balance(self, request: Request) -> Response:
        """Debit, credit and balance of every account."""
        request.allow_only("exercise", "batch")
        _check(request.caller, by_programme=False)
        form, names = request.negotiate_media_type((JSON, CSV)), await self._names.load()
        exercise, at = query_scope.read_year(request, "exercise"), query_scope.read_batch(request)

        async def found(connection: Connection) -> TrialBalance:
            number = await query_scope.check_batch(connection, at)
            return await trial_balance.load_trial_balance(connection, names, exercise=exercise, batch=number)

        made, text = await self._made(request, found, trial_balance.build_table, form)
        return respond(made) if text is None else _as_csv("trial-balance", text)

    async def budget(self, request: Request) -> Response:
        """Execution of the budget at one level, as far as the caller's programmes go."""
        request.allow_only(*_BUDGET)
        _check(request.caller, by_programme=True)
        form, names, page = (
            request.negotiate_media_type((JSON, CSV)),
            await self._names.load(),
            Page.read(request, 100, 1000),
        )
        scope, at = _scope(request), query_scope.read_batch(request)

        async def found(connection: Connection) -> budget.Budget:
            number = await query_scope.check_batch(connection, at)
            return await budget.load_budget(connection, names, replace(scope, batch=number))

        made, text = await self._made(request, found, budget.build_table, form)
        if text is not None:
            return _as_csv("budget", text)
        part, more = query_scope.slice_page(request, _BUDGET, made.nodes, page, batch=made.batch)
        return respond(
            BudgetPage(
                batch=made.batch, level=made.level.lower(), nodes=part, ae=made.ae, cp=made.cp, next=more
            )
        )

    async def refusals(self, request: Request) -> Response:
        """Refused lines by reason, the most frequent first; of one submission where one is named."""
        request.allow_only("submission")
        _check(request.caller, by_programme=False)
        form, language = request.negotiate_media_type((JSON, CSV)), request.language
        number = request.get_number("submission", 0, minimum=1, maximum=SUBMISSION_MAX) or None
        if number and await submission_queries.find_sender(self._pool, number) is None:
            raise not_found(f"There is no submission {number}")

        async def found(connection: Connection) -> Refusals:
            return await refusals.load_refusals(connection, submission=number, language=language)

        made, text = await self._made(request, found, refusals.build_table, form)
        return respond(made) if text is None else _as_csv("refusals", text)

    async def delays(self, request: Request) -> Response:
        """How long payments took, by ministry or programme, as far as the caller's programmes go."""
        request.allow_only("by", "year")
        _check(request.caller, by_programme=True)
        form, names = request.negotiate_media_type((JSON, CSV)), await self._names.load()
        by = "programme" if request.get_choice("by", DELAYS_BY) == "programme" else "ministry"
        scope = delays.DelayScope(by, query_scope.read_year(request, "year"), request.caller.programmes)

        async def found(connection: Connection) -> Delays:
            try:
                return await delays.load_delays(connection, names, scope)
            except ReferenceDataError as error:
                raise Problem(HTTPStatus.CONFLICT, "reference-data-missing", str(error)) from error

        made, text = await self._made(request, found, delays.build_table, form)
        return respond(made) if text is None else _as_csv("delays", text)

    async def _made(
        self, request: Request, found: JournalQuery[Made], grid: Callable[[Made], ReportTable], form: str
    ) -> tuple[Made, str | None]:
        """A report, and its CSV where that is asked for, laid out in the thread that made it."""

        async def laid(connection: Connection) -> tuple[Made, str | None]:
            made = await found(connection)
            return made, grid(made).to_csv() if form == CSV else None

        return await self._journal.run_report(laid, request.caller.sender)


def _check(who: Caller, *, by_programme: bool) -> None:
    """Whether the caller may have a report.

    Raises
    ------
    Problem
        It neither audits nor keeps the service, or it is limited to programmes and the report knows none.
    """
    if not who.roles & {Role.AUDITOR, Role.OPERATOR}:
        raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", "Reports are for auditors and operators")
    if not by_programme:
        require_all_programmes(who, "that report is of all programmes")


def _scope(request: Request) -> BudgetScope:
    level = CentreLevel[(request.get_choice("level", LEVELS) or LEVELS[0]).upper()]
    programme, year = (
        request.get_text("programme", PROGRAMME_MAX) or None,
        query_scope.read_year(request, "year"),
    )
    return BudgetScope(level, programme, year, within=request.caller.programmes)


def _as_csv(name: str, text: str) -> Response:
    disposition = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(HTTPStatus.OK, text.encode(), CSV, disposition)


def _describe_report(path: str, summary: str, response: type, *query: Parameter) -> Operation:
    # 409: the reference data do not contain what the report needs, such as the interest rate of a half-year.
    return Operation(
        summary,
        {"200": response, **list_problems("400", "403", "404", "406", "409")},
        query,
        description="For auditors and operators. The service computes two reports at a time, one of each sender; further"
        " requests are answered 503.",
        text_examples={CSV: QUERY_EXAMPLES[path]["csv"]},
    )


def _build_route(
    name: str,
    handler: Callable[["Reports", Request], Awaitable[Response]],
    summary: str,
    response: type,
    *query: Parameter,
) -> "Route[Reports]":
    path = f"/v1/reports/{name}"
    return Route("GET", path, handler, _describe_report(path, summary, response, *query))


ROUTES = (
    _build_route(
        "trial-balance",
        Reports.trial_balance,
        "Debit, credit and balance of every account",
        TrialBalance,
        *(EXERCISE, BATCH),
    ),
    _build_route(
        "budget",
        Reports.budget,
        "Budget execution at one level; a page of JSON, or all of it as CSV",
        BudgetPage,
        Parameter("level", "Level of the fund centres shown", {"type": "string", "enum": list(LEVELS)}),
        Parameter("programme", "Only this programme", build_text_schema(PROGRAMME_MAX)),
        *(YEAR, BATCH, build_limit(1000), AFTER),
    ),
    _build_route(
        "refusals",
        Reports.refusals,
        "Refused lines by reason, the most frequent first; in French if Accept-Language prefers French",
        Refusals,
        Parameter("submission", "Only this submission", build_number_schema(1, SUBMISSION_MAX)),
    ),
    _build_route(
        "delays",
        Reports.delays,
        "How long payments took, from request to debit; how many were in time; late interest due, proposed and paid",
        Delays,
        Parameter("by", "One row for each of these", {"type": "string", "enum": list(DELAYS_BY)}),
        YEAR._replace(description="Only what was debited in this year"),
    ),
)
