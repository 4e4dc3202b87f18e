"""What the budget holds: one node with those above it, or every programme; now, or just after a batch."""

import msgspec

from core.nomenclature import FundFamily
from reporting.budget import Budget, BudgetScope, NodeBudget, load_budget
from reporting.budget_path import NodeSelector, NodeStatus, load_node_status
from reporting.report_queries import Connection
from service.http import query_scope
from service.http.http_messages import Request, Response, respond
from service.http.problems import malformed_request, not_found
from service.http.query_scope import Page
from service.http.service_context import ServiceContext

CENTRE_LENGTH_MAX = 40
FUND_LENGTH_MAX = 20
_NODE_PARAMETERS = ("fund_centre", "year", "staff", "fund", "batch")
_PROGRAMME_PARAMETERS = ("year", "batch", "limit", "after")


class ProgrammePage(msgspec.Struct, frozen=True):
    """Programmes by year, code and envelope, those that ever were given something."""

    batch: int
    programmes: list[NodeBudget]
    next: str | None


class BudgetHandler:
    """Handlers of the questions below ``/v1/budget``."""

    def __init__(self, desk: ServiceContext) -> None:
        self._desk = desk

    async def get_node(self, request: Request) -> Response:
        """A node, those above it, and the level that leaves least."""
        request.allow_only(*_NODE_PARAMETERS)
        names, at = await self._desk.load_names(), query_scope.read_batch(request)
        place = _read_node_key(request)
        if place.year not in names.codes.years:
            raise not_found(_describe_missing(place.centre))
        codes = names.codes.find_year(place.year)
        if place.centre not in codes.centres or place.centre not in names.by_code:
            raise not_found(_describe_missing(place.centre))
        if not query_scope.can_see_programme(names, request.caller, place.centre):
            raise query_scope.not_found_audited(_describe_missing(place.centre))
        fund = request.get_text("fund", FUND_LENGTH_MAX)
        if fund and fund not in codes.funds:
            raise not_found(f"There is no fund {fund}")
        family = codes.funds[fund].family if fund else FundFamily.ORDINARY

        async def found(connection: Connection) -> NodeStatus:
            number = await query_scope.check_batch(connection, at)
            return await load_node_status(connection, names, place._replace(family=family), number)

        return respond(await self._desk.journal.run_lookup(found, request.caller.sender))

    async def list_programmes(self, request: Request) -> Response:
        """The programmes that the caller sees, a page at a time."""
        request.allow_only(*_PROGRAMME_PARAMETERS)
        names, at, page = (
            await self._desk.load_names(),
            query_scope.read_batch(request),
            Page.read(request, 100, 500),
        )
        year, programmes = query_scope.read_year(request, "year"), request.caller.programmes

        async def found(connection: Connection) -> Budget:
            number = await query_scope.check_batch(connection, at)
            return await load_budget(
                connection, names, BudgetScope(year=year, batch=number, within=programmes)
            )

        made = await self._desk.journal.run_report(found, request.caller.sender)
        part, more = query_scope.slice_page(
            request, _PROGRAMME_PARAMETERS, made.nodes, page, batch=made.batch
        )
        return respond(ProgrammePage(made.batch, part, more))


def _describe_missing(centre: str) -> str:
    return f"You have no fund centre {centre}"


def _read_node_key(request: Request) -> NodeSelector:
    centre = query_scope.require_text(request.get_text("fund_centre", CENTRE_LENGTH_MAX), "fund_centre")
    year = query_scope.read_year(request, "year")
    if year is None:
        raise malformed_request("year must be named")
    return NodeSelector(centre, year, request.get_flag("staff"))
