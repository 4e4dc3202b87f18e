"""Submissions: files sent in one request, and lists of their tickets."""

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec

from core.errors import InputError
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from service.auth import perimeter
from service.auth.credentials import Caller
from service.auth.perimeter import PerimeterCheck
from service.http import query_scope, upload_headers
from service.http.file_admission import FileAdmission
from service.http.handlers.dry_runs import FILE_BYTES_MAX, DryRunner
from service.http.http_messages import XML, Request, Response, respond
from service.http.openapi.examples import FILE_EXAMPLES
from service.http.openapi.operation import Operation, Parameter
from service.http.openapi.parameters import (
    AGAIN,
    ATOMIC,
    DRY_RUN,
    NUMBER_MAX,
    WAIT,
    build_limit,
    build_number_schema,
)
from service.http.openapi.problem_types import FILE_REFUSALS, SENDING, list_problems
from service.http.problems import Problem, from_input_error
from service.http.queue_limits import QueueLimits
from service.http.request_body import BodyInterrupted, UploadReceiver
from service.http.route import Route
from service.http.tickets import SubmissionTickets, Ticket, read_wait_seconds
from service.http.upload_headers import FILE_HEADERS, MEDIA_TYPES
from service.results.dry_run_result import DryRunResult
from settlement.pain002_writer import write_whole_refusal

PAGE_MAX = 1000


class SubmissionPage(msgspec.Struct, frozen=True):
    """Submissions, the latest first, and the address of the next page."""

    submissions: list[Ticket]
    next: str | None


class SubmissionsHandler:
    """Handles files that are sent in one request, and the list of submissions."""

    def __init__(
        self,
        limits: QueueLimits,
        receiver: UploadReceiver,
        admission: FileAdmission,
        *,
        tickets: SubmissionTickets,
        dry_runner: DryRunner,
        file_bytes_max: int,
    ) -> None:
        self._limits, self._receiver, self._admission = limits, receiver, admission
        self._tickets, self._dry_runner, self._file_bytes_max = tickets, dry_runner, file_bytes_max

    async def submit(self, request: Request) -> Response:
        """Accept a file: 202 once it is durable and valid, 200 if it was sent before."""
        caller = require_sending_role(request)
        request.allow_only("dry_run", "wait", "again", "atomic")
        self._limits.check_file(caller.sender)
        if request.get_flag("dry_run"):
            return respond(await self._dry_run(request))
        read_wait_seconds(request)  # an unreadable one is an error before the body is read
        again = request.get_flag("again")
        media_type = upload_headers.read_media_type(request)
        try:
            with self._receiver.open_slot(caller.sender):
                spooled = await self._receive_file(request, self._file_bytes_max)
                admitted = await self._admission.admit(spooled, media_type, caller, again=again)
        except InputError as error:
            if not upload_headers.wants_pain002(request):
                raise
            return _respond_refused_file(error)
        return await self._tickets.respond_with_ticket(admitted, request)

    async def list_submissions(self, request: Request) -> Response:
        """Respond with the submissions that the caller may see, the latest first."""
        request.allow_only("before", "limit")
        before = request.get_number("before", NUMBER_MAX, minimum=1, maximum=NUMBER_MAX)
        limit = request.get_number("limit", 50, minimum=1, maximum=PAGE_MAX)
        tickets = await self._tickets.load_page(request, before, limit)
        is_full = len(tickets) == limit
        next_page = f"/v1/submissions?limit={limit}&before={tickets[-1].submission}" if is_full else None
        return respond(SubmissionPage(tickets, next_page))

    async def _dry_run(self, request: Request) -> DryRunResult:
        sender = request.caller.sender
        self._limits.check_dry_run(sender)
        media_type = upload_headers.read_media_type(request)
        with self._receiver.open_temporary_spool(FILE_BYTES_MAX) as spool:
            with self._receiver.open_slot(sender):
                spooled = await self._receive_file(request, FILE_BYTES_MAX, spool)
                upload_headers.check_content(spooled, media_type)
                content = await self._dry_runner.validate_file(
                    spooled, PerimeterCheck(request.caller, spooled.name)
                )
            result = await self._dry_runner.run_file(spooled, content, request.language)
            if query_scope.can_see_bank_details(request.caller):
                return result
            return msgspec.structs.replace(
                result, refusals=list(map(query_scope.mask_refused_line, result.refusals))
            )

    async def _receive_file(
        self, request: Request, bytes_max: int, spool: Spool | None = None
    ) -> SpooledFile:
        """Write the body to the spool, durably."""
        _check_size(request, bytes_max)
        envelope = upload_headers.read_envelope(request, request.caller.sender)
        name, media_type = upload_headers.read_file_name(request), upload_headers.read_media_type(request)
        try:
            with upload_headers.explain_media_type(name, media_type):
                return await self._receiver.receive(request.receive, name, envelope, spool=spool)
        except BodyInterrupted as error:
            raise Problem(HTTPStatus.BAD_REQUEST, "body-cut", f"The body is incomplete: {error}") from error


def require_sending_role(request: Request) -> Caller:
    """Return the caller, if one of its roles may send acts.

    Raises
    ------
    PermissionDenied
        None of them may.
    """
    perimeter.require_sending_role(request.caller)
    return request.caller


def _check_size(request: Request, bytes_max: int) -> None:
    """Refuse a body whose declared length is too large; an undeclared length is counted while the body arrives."""
    length = request.get_header("content-length")
    if length.isdigit() and int(length) > bytes_max:
        detail = f"The body has {int(length):,} bytes; a file may have at most {bytes_max:,}"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", detail)


def _respond_refused_file(error: InputError) -> Response:
    """Respond to a payment file that is refused as a whole, as pain.002."""
    report = write_whole_refusal(error.batch_id, error, datetime.now(UTC))
    return Response(from_input_error(error).status, report, XML)


_BEFORE = Parameter("before", "Only submissions below this number", build_number_schema(1, NUMBER_MAX))
_FILE_SCHEMA: Mapping[str, str] = {"type": "string", "format": "binary"}


def _describe_body(media_type: str) -> dict[str, object]:
    example = FILE_EXAMPLES.get(media_type)
    return {"schema": _FILE_SCHEMA, **({"example": example} if example else {})}


ROUTES = (
    Route(
        "POST",
        "/v1/submissions",
        SubmissionsHandler.submit,
        Operation(
            "Accept a file: 202 once it is valid and stored on disk; 200 if it was sent before, or if it is decided before the"
            " service responds",
            {
                "200": (Ticket, DryRunResult),
                "202": Ticket,
                **list_problems(*SENDING, *FILE_REFUSALS, "body-cut", "body-stalled"),
            },
            (WAIT, AGAIN, ATOMIC, DRY_RUN),
            {media_type: _describe_body(media_type) for media_type in MEDIA_TYPES},
            FILE_HEADERS,
        ),
    ),
    Route(
        "GET",
        "/v1/submissions",
        SubmissionsHandler.list_submissions,
        Operation(
            "The caller's submissions, the latest first; for auditors, those of all senders",
            {"200": SubmissionPage, **list_problems("malformed-request")},
            (_BEFORE, build_limit(PAGE_MAX)),
        ),
    ),
)
