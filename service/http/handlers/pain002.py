"""pain.002 over HTTP: which report is asked for, and by whom."""

from http import HTTPStatus

from service.http.handlers.submissions import SubmissionsHandler
from service.http.http_messages import JSON, Request, Response
from service.http.problems import malformed_request
from service.http.service_context import ServiceContext
from service.results.pain002_report import ReportRequest, ReportSource, stream_report
from settlement.pain002_writer import Pain002Version

MEDIA_TYPE = "application/xml"


class Pain002Handler:
    """The handlers of ``/v1/submissions/{submission}/pain002``, and of the submission itself."""

    def __init__(self, desk: ServiceContext, submissions: SubmissionsHandler) -> None:
        self._desk, self._submissions = desk, submissions

    async def get_status(self, request: Request) -> Response:
        """How far a submission is: as JSON, or as pain.002 for who wants XML; waited for alike."""
        request.allow_only("wait", "version")
        _read_version(request)  # what is none is told, also to who wants JSON
        if not request.prefers(MEDIA_TYPE, JSON):
            return await self._submissions.get_status(request)
        await self._submissions.wait_for_ticket(request)
        return await self._respond_report(request)

    async def get_report(self, request: Request) -> Response:
        """The report, as things stand at the last commit."""
        request.allow_only("version")
        return await self._respond_report(request)

    async def _respond_report(self, request: Request) -> Response:
        submission = await self._submissions.require_visible(request)
        wanted = ReportRequest(submission, _read_version(request), request.language)
        name = f'attachment; filename="pain002-{submission}.xml"'
        pieces = await stream_report(await build_report_source(self._desk), wanted)
        return Response(HTTPStatus.OK, pieces, MEDIA_TYPE, {"content-disposition": name})


async def build_report_source(desk: ServiceContext) -> ReportSource:
    """What the service makes reports from."""
    return ReportSource(await desk.load_names(), desk.pool, desk.receiver.spool)


def _read_version(request: Request) -> Pain002Version:
    text = request.get_query("version") or Pain002Version.V10
    if text not in set(Pain002Version):
        raise malformed_request(f"version must be one of {', '.join(Pain002Version)}")
    return Pain002Version(text)
