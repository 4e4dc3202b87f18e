"""The status of a submission, as a ticket or as an ISO 20022 report (pain.002)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ingest.spool.spool import Spool
from service.database.read_pool import Pool
from service.http.http_messages import JSON, XML, Request, Response, respond
from service.http.name_cache import NameCache
from service.http.openapi.examples import PAIN002_EXAMPLE
from service.http.openapi.operation import Operation
from service.http.openapi.parameters import PAIN002_VERSION, WAIT
from service.http.openapi.problem_types import list_problems
from service.http.problems import bad_request
from service.http.route import Route
from service.http.tickets import SubmissionTickets, Ticket
from service.results.pain002_report import ReportRequest, ReportSource, stream_report
from settlement.pain002_writer import Pain002Version


class Pain002Handler:
    """Handles the status of a submission, and its pain.002 report."""

    def __init__(self, names: NameCache, pool: Pool, spool: Spool, *, tickets: SubmissionTickets) -> None:
        self._names, self._pool, self._spool = names, pool, spool
        self._tickets = tickets

    async def get_status(self, request: Request) -> Response:
        """Respond with the ticket, or with pain.002 if Accept prefers XML; after the end or ``wait`` seconds."""
        request.allow_only("wait", "version")
        _read_version(request)  # an unknown version is an error in a request for JSON too
        number = await self._tickets.require_visible(request)
        ticket = await self._tickets.wait_for_end(number, request)
        if not request.prefers(XML, JSON):
            return respond(ticket)
        return await self._respond_report(request, number)

    async def get_report(self, request: Request) -> Response:
        """Respond with the report as of the last commit."""
        request.allow_only("version")
        return await self._respond_report(request, await self._tickets.require_visible(request))

    async def _respond_report(self, request: Request, submission: int) -> Response:
        report_request = ReportRequest(submission, _read_version(request), request.language)
        source = ReportSource(await self._names.load(), self._pool, self._spool)
        headers = {"content-disposition": f'attachment; filename="pain002-{submission}.xml"'}
        return Response(HTTPStatus.OK, await stream_report(source, report_request), XML, headers)


def _read_version(request: Request) -> Pain002Version:
    text = request.get_query("version") or Pain002Version.V10
    if text not in set(Pain002Version):
        raise bad_request(f"The parameter version must be one of {', '.join(Pain002Version)}")
    return Pain002Version(text)


_REPORT: Mapping[str, Any] = {
    "description": "A status report, pain.002.001, with one transaction for each refused line",
    "content": {XML: {"schema": {"type": "string"}, "example": PAIN002_EXAMPLE}},
}

ROUTES = (
    Route(
        "GET",
        "/v1/submissions/{submission}",
        Pain002Handler.get_status,
        Operation(
            "The state of a submission, and its receipt; as pain.002 if Accept prefers XML",
            {"200": Ticket, **list_problems("not-found", "file-unreadable", "format-unknown")},
            (WAIT, PAIN002_VERSION),
            other_media={XML: PAIN002_EXAMPLE},
        ),
    ),
    Route(
        "GET",
        "/v1/submissions/{submission}/pain002",
        Pain002Handler.get_report,
        Operation(
            "The outcome of a submission as ISO 20022 pain.002; in French if Accept-Language prefers French",
            {"200": _REPORT, **list_problems("not-found", "file-unreadable", "format-unknown")},
            (PAIN002_VERSION,),
        ),
    ),
)
