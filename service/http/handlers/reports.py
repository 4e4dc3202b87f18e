"""Reports over all of the journal, for who audits and who keeps the service: pages of JSON, or all of it as CSV."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import TypeVar

import msgspec

from core.errors import ReferenceDataError
from core.nomenclature import Level
from reporting import budget, delays, refusals, trial_balance
from reporting.budget import Appropriations, NodeBudget, Scope
from reporting.delays import Delays
from reporting.refusals import Refusals
from reporting.report_queries import Connection
from reporting.report_tables import Grid
from reporting.trial_balance import TrialBalance
from service.auth.api_keys import Caller
from service.auth.perimeter import check_whole
from service.auth.roles import Role
from service.http import query_scope, submission_queries
from service.http.http_messages import JSON, Answer, Request, answer
from service.http.journal_queries import Question
from service.http.problems import Problem, unknown
from service.http.query_scope import Page
from service.http.service_context import Desk

CSV = "text/csv"
LEVELS = tuple(level.name.lower() for level in Level)
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

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def trial_balance(self, request: Request) -> Answer:
        """Debit, credit and balance of every account."""
        request.knows_only("exercise", "batch")
        _check(request.who, by_programme=False)
        form, names = request.preferred((JSON, CSV)), await self._desk.names()
        exercise, at = query_scope.year(request, "exercise"), query_scope.batch(request)

        async def found(connection: Connection) -> TrialBalance:
            number = await query_scope.settled(connection, at)
            return await trial_balance.trial_balance(connection, names, exercise=exercise, batch=number)

        made, text = await self._made(request, found, trial_balance.grid, form)
        return answer(made) if text is None else _as_csv("trial-balance", text)

    async def budget(self, request: Request) -> Answer:
        """Execution of the budget at one level, as far as the caller's programmes go."""
        request.knows_only(*_BUDGET)
        _check(request.who, by_programme=True)
        form, names, page = (
            request.preferred((JSON, CSV)),
            await self._desk.names(),
            Page.of(request, 100, 1000),
        )
        scope, at = _scope(request), query_scope.batch(request)

        async def found(connection: Connection) -> budget.Budget:
            number = await query_scope.settled(connection, at)
            return await budget.budget(connection, names, replace(scope, batch=number))

        made, text = await self._made(request, found, budget.grid, form)
        if text is not None:
            return _as_csv("budget", text)
        part, more = query_scope.part(request, _BUDGET, made.nodes, page, batch=made.batch)
        return answer(
            BudgetPage(
                batch=made.batch, level=made.level.lower(), nodes=part, ae=made.ae, cp=made.cp, next=more
            )
        )

    async def refusals(self, request: Request) -> Answer:
        """Refused lines by reason, the most frequent first; of one submission where one is named."""
        request.knows_only("submission")
        _check(request.who, by_programme=False)
        form, language = request.preferred((JSON, CSV)), request.language
        number = request.number("submission", 0, (1, SUBMISSION_MAX)) or None
        if number and await submission_queries.sender_of(self._desk.pool, number) is None:
            raise unknown(f"There is no submission {number}")

        async def found(connection: Connection) -> Refusals:
            return await refusals.refusals(connection, submission=number, language=language)

        made, text = await self._made(request, found, refusals.grid, form)
        return answer(made) if text is None else _as_csv("refusals", text)

    async def delays(self, request: Request) -> Answer:
        """How long payments took, by ministry or programme, as far as the caller's programmes go."""
        request.knows_only("by", "year")
        _check(request.who, by_programme=True)
        form, names = request.preferred((JSON, CSV)), await self._desk.names()
        by = "programme" if request.choice("by", DELAYS_BY) == "programme" else "ministry"
        scope = delays.Scope(by, query_scope.year(request, "year"), request.who.programmes)

        async def found(connection: Connection) -> Delays:
            try:
                return await delays.delays(connection, names, scope)
            except ReferenceDataError as error:
                raise Problem(HTTPStatus.CONFLICT, "reference-data-missing", str(error)) from error

        made, text = await self._made(request, found, delays.grid, form)
        return answer(made) if text is None else _as_csv("delays", text)

    async def _made(
        self, request: Request, found: Question[Made], grid: Callable[[Made], Grid], form: str
    ) -> tuple[Made, str | None]:
        """A report, and its CSV where that is asked for, laid out in the thread that made it."""

        async def laid(connection: Connection) -> tuple[Made, str | None]:
            made = await found(connection)
            return made, grid(made).csv() if form == CSV else None

        return await self._desk.journal.report(laid, request.who.sender)


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
        check_whole(who, "that report is of all programmes")


def _scope(request: Request) -> Scope:
    level = Level[(request.choice("level", LEVELS) or LEVELS[0]).upper()]
    programme, year = request.text("programme", PROGRAMME_MAX) or None, query_scope.year(request, "year")
    return Scope(level, programme, year, within=request.who.programmes)


def _as_csv(name: str, text: str) -> Answer:
    disposition = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Answer(HTTPStatus.OK, text.encode(), CSV, disposition)
