"""The budget: one node with the nodes above it, or all programmes; at present, or just after a batch."""

import msgspec

from core.nomenclature import FundFamily
from reporting.budget import Budget, BudgetScope, NodeBudget, load_budget
from reporting.budget_path import NodeSelector, NodeStatus, load_node_status
from reporting.code_names import CodeNames
from reporting.report_queries import Connection
from service.http import query_scope
from service.http.http_messages import Request, Response, respond
from service.http.journal_queries import JournalReader
from service.http.name_cache import NameCache
from service.http.openapi.operation import Operation, Parameter
from service.http.openapi.parameters import AFTER, BATCH, YEAR, build_limit, build_text_schema
from service.http.openapi.problem_types import list_problems
from service.http.problems import bad_request, not_found
from service.http.query_scope import Page
from service.http.route import Route

CENTRE_LENGTH_MAX = 40
FUND_LENGTH_MAX = 20
PAGE_MAX = 500
_NODE_PARAMETERS = ("fund_centre", "year", "staff", "fund", "batch")
_PROGRAMME_PARAMETERS = ("year", "batch", "limit", "after")


class ProgrammePage(msgspec.Struct, frozen=True):
    """Programmes that ever received credits, in order of year, code, and ceiling (T2 or HT2)."""

    batch: int
    programmes: list[NodeBudget]
    next: str | None


class BudgetHandler:
    """Handles the queries below ``/v1/budget``."""

    def __init__(self, names: NameCache, journal: JournalReader) -> None:
        self._names, self._journal = names, journal

    async def get_node(self, request: Request) -> Response:
        """Respond with a node, the nodes above it, and the level with the least credits left."""
        request.allow_only(*_NODE_PARAMETERS)
        names, batch = await self._names.load(), query_scope.read_batch(request)
        selector = _read_node_selector(request, names)

        async def load(connection: Connection) -> NodeStatus:
            number = await query_scope.check_batch(connection, batch)
            return await load_node_status(connection, names, selector, batch=number)

        return respond(await self._journal.run_lookup(load, request.caller.sender))

    async def list_programmes(self, request: Request) -> Response:
        """Respond with the programmes that the caller may see, one page at a time."""
        request.allow_only(*_PROGRAMME_PARAMETERS)
        names, batch = await self._names.load(), query_scope.read_batch(request)
        page = Page.read(request, 100, PAGE_MAX)
        year, programmes = query_scope.read_year(request, "year"), request.caller.programmes

        async def load(connection: Connection) -> Budget:
            number = await query_scope.check_batch(connection, batch)
            scope = BudgetScope(year=year, batch=number, within=programmes)
            return await load_budget(connection, names, scope)

        budget = await self._journal.run_report(load, request.caller.sender)
        items, next_link = query_scope.slice_page(
            request, _PROGRAMME_PARAMETERS, budget.nodes, page=page, batch=budget.batch
        )
        return respond(ProgrammePage(budget.batch, items, next_link))


def _read_node_selector(request: Request, names: CodeNames) -> NodeSelector:
    """Return the node that the request names.

    Raises
    ------
    Problem
        The node does not exist in that year, or the caller may not see it.
    """
    centre = query_scope.require_text(request.get_text("fund_centre", CENTRE_LENGTH_MAX), "fund_centre")
    year = query_scope.read_year(request, "year")
    if year is None:
        raise bad_request("The parameter year is required")
    is_staff = request.get_flag("staff")
    missing = f"You have no fund centre {centre}"
    if year not in names.codes.years:
        raise not_found(missing)
    codes = names.codes.find_year(year)
    if centre not in codes.centres or centre not in names.by_code:
        raise not_found(missing)
    if not query_scope.can_see_programme(names, request.caller, centre):
        raise query_scope.not_found_audited(missing)
    fund = request.get_text("fund", FUND_LENGTH_MAX)
    if fund and fund not in codes.funds:
        raise not_found(f"There is no fund {fund}")
    family = codes.funds[fund].family if fund else FundFamily.ORDINARY
    return NodeSelector(centre, year, is_staff, family)


ROUTES = (
    Route(
        "GET",
        "/v1/budget/nodes",
        BudgetHandler.get_node,
        Operation(
            "The commitment appropriations (AE) and payment appropriations (CP) of a budget node and of the nodes"
            " above it, and the level with the least credits left",
            {"200": NodeStatus, **list_problems("malformed-request", "not-found")},
            (
                Parameter(
                    "fund_centre", "Fund centre of the node", build_text_schema(CENTRE_LENGTH_MAX), True
                ),
                YEAR._replace(description="Budget year of the node", is_required=True),
                Parameter(
                    "staff",
                    "Whether the node is of title 2 (staff), not of the other titles",
                    {"type": "boolean"},
                ),
                Parameter(
                    "fund",
                    "Any fund of the node's family of funds; by default, the node of ordinary credits",
                    build_text_schema(FUND_LENGTH_MAX),
                ),
                BATCH,
            ),
            description="Every key whose perimeter includes the programme may read this; the figures include the acts of all"
            " senders.",
        ),
    ),
    Route(
        "GET",
        "/v1/budget/programmes",
        BudgetHandler.list_programmes,
        Operation(
            "The AE and CP of every programme in the caller's perimeter",
            {"200": ProgrammePage, **list_problems("malformed-request", "not-found")},
            (YEAR, BATCH, build_limit(PAGE_MAX), AFTER),
        ),
    ),
)
