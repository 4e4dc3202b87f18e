"""What the budget holds: one node with those above it, or every programme; now, or just after a batch."""

import msgspec

from core.nomenclature import FundFamily
from reporting.budget import Budget, NodeBudget, Scope, budget
from reporting.budget_path import NodeStanding, Place, standing
from reporting.report_queries import Connection
from service.http import query_scope
from service.http.http_messages import Answer, Request, answer
from service.http.problems import malformed, unknown
from service.http.query_scope import Page
from service.http.service_context import Desk

CENTRE_MAX = 40
FUND_MAX = 20
_NODE = ("fund_centre", "year", "staff", "fund", "batch")
_PROGRAMMES = ("year", "batch", "limit", "after")


class ProgrammePage(msgspec.Struct, frozen=True):
    """Programmes by year, code and envelope, those that ever were given something."""

    batch: int
    programmes: list[NodeBudget]
    next: str | None


class BudgetNodes:
    """Handlers of the questions below ``/v1/budget``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def node(self, request: Request) -> Answer:
        """A node, those above it, and the level that leaves least."""
        request.knows_only(*_NODE)
        names, at = await self._desk.names(), query_scope.batch(request)
        place = _place(request)
        if place.year not in names.codes.years:
            raise unknown(_none(place.centre))
        codes = names.codes.of(place.year)
        if place.centre not in codes.centres or place.centre not in names.by_code:
            raise unknown(_none(place.centre))
        if not query_scope.sees_programme(names, request.who, place.centre):
            raise query_scope.hidden(_none(place.centre))
        fund = request.text("fund", FUND_MAX)
        if fund and fund not in codes.funds:
            raise unknown(f"There is no fund {fund}")
        family = codes.funds[fund].family if fund else FundFamily.ORDINARY

        async def found(connection: Connection) -> NodeStanding:
            number = await query_scope.settled(connection, at)
            return await standing(connection, names, place._replace(family=family), number)

        return answer(await self._desk.journal.look_up(found, request.who.sender))

    async def programmes(self, request: Request) -> Answer:
        """The programmes that the caller sees, a page at a time."""
        request.knows_only(*_PROGRAMMES)
        names, at, page = await self._desk.names(), query_scope.batch(request), Page.of(request, 100, 500)
        year, programmes = query_scope.year(request, "year"), request.who.programmes

        async def found(connection: Connection) -> Budget:
            number = await query_scope.settled(connection, at)
            return await budget(connection, names, Scope(year=year, batch=number, within=programmes))

        made = await self._desk.journal.report(found, request.who.sender)
        part, more = query_scope.part(request, _PROGRAMMES, made.nodes, page, batch=made.batch)
        return answer(ProgrammePage(made.batch, part, more))


def _none(centre: str) -> str:
    return f"You have no fund centre {centre}"


def _place(request: Request) -> Place:
    centre = query_scope.needed(request.text("fund_centre", CENTRE_MAX), "fund_centre")
    year = query_scope.year(request, "year")
    if year is None:
        raise malformed("year must be named")
    return Place(centre, year, request.flag("staff"))
