"""pain.002 over HTTP: which report is asked for, and by whom."""

from http import HTTPStatus

from service.http.handlers.submissions import Submissions
from service.http.http_messages import JSON, Answer, Request
from service.http.problems import malformed
from service.http.service_context import Desk
from service.results.pain002_report import Source, Wanted, written
from settlement.pain002_writer import Version

MEDIA_TYPE = "application/xml"


class Pain002:
    """The handlers of ``/v1/submissions/{submission}/pain002``, and of the submission itself."""

    def __init__(self, desk: Desk, submissions: Submissions) -> None:
        self._desk, self._submissions = desk, submissions

    async def status(self, request: Request) -> Answer:
        """How far a submission is: as JSON, or as pain.002 for who wants XML; waited for alike."""
        request.knows_only("wait", "version")
        _version(request)  # what is none is told, also to who wants JSON
        if not request.prefers(MEDIA_TYPE, JSON):
            return await self._submissions.status(request)
        await self._submissions.awaited(request)
        return await self._reported(request)

    async def report(self, request: Request) -> Answer:
        """The report, as things stand at the last commit."""
        request.knows_only("version")
        return await self._reported(request)

    async def _reported(self, request: Request) -> Answer:
        submission = await self._submissions.own(request)
        wanted = Wanted(submission, _version(request), request.language)
        name = f'attachment; filename="pain002-{submission}.xml"'
        pieces = await written(await source_of(self._desk), wanted)
        return Answer(HTTPStatus.OK, pieces, MEDIA_TYPE, {"content-disposition": name})


async def source_of(desk: Desk) -> Source:
    """What the service makes reports from."""
    return Source(await desk.names(), desk.pool, desk.receiver.spool)


def _version(request: Request) -> Version:
    text = request.query("version") or Version.V10
    if text not in set(Version):
        raise malformed(f"version must be one of {', '.join(Version)}")
    return Version(text)
