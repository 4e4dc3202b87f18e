"""Files handed in, and what became of them."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
import structlog

from core.errors import InputError, NotWaiting
from ingest.queue.admission import AdmissionResult
from ingest.spool.spool import Spool, SpooledFile
from service.auth.api_keys import Caller
from service.auth.perimeter import PerimeterCheck
from service.auth.roles import Role
from service.http import submission_queries, upload_headers
from service.http.handlers.dry_runs import FILE_BYTES_MAX, DryRunResult, run_file_dry_run, validate_file
from service.http.http_messages import Request, Response, respond
from service.http.problems import Problem, from_input_error, not_found, try_again
from service.http.request_body import BodyInterrupted
from service.http.service_context import ServiceContext
from service.results.receipt_queries import read_reasons_by_submission, read_receipts
from service.results.receipts import Reason, Receipt
from settlement.pain002_writer import write_whole_refusal

WAITING, DECIDING, DECIDED, CANCELLED, LOST = "waiting", "deciding", "decided", "cancelled", "lost"
END_STATES = frozenset({DECIDED, CANCELLED})
XML_MEDIA_TYPE = "application/xml"
WAIT_SECONDS_MAX = 300
PAGE_MAX = 1000
_NUMBER_MAX = 2**31 - 1
LOG = structlog.get_logger()


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """How far a submission is."""

    submission: int
    state: str
    """``waiting`` for its turn, ``deciding``, or ``decided``: each line then has its outcome for good; or ``cancelled``.
    ``lost`` where its file is gone from the spool: it goes on where it stands once the same file is sent again."""
    paused: str
    """Why it waits, where an operator has paused its sender; else empty."""
    lost: str
    """Why it is lost; else empty."""
    receipt: Receipt
    reasons: list[Reason]
    """Why lines were refused, the most frequent reason first; once all are decided."""
    links: dict[str, str]


class SubmissionPage(msgspec.Struct, frozen=True):
    """Submissions, the latest first, and where to go on."""

    submissions: list[Ticket]
    next: str | None


def require_sending_role(request: Request) -> Caller:
    """The caller, when it may send anything at all."""
    if not request.caller.kinds:
        told = f"No role of key {request.caller.key} may send acts"
        raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", told)
    return request.caller


def _respond_refused_file(error: InputError) -> Response:
    """Why nothing of a payment file was taken, as pain.002."""
    report = write_whole_refusal(error.batch_id, error, datetime.now(UTC))
    return Response(from_input_error(error).status, report, XML_MEDIA_TYPE)


class SubmissionsHandler:
    """Handlers of ``/v1/submissions``."""

    def __init__(self, desk: ServiceContext) -> None:
        self._desk = desk
        self._cancelling = asyncio.Lock()

    async def submit(self, request: Request) -> Response:
        """Take in a file: 202 once it is durable and adds up, 200 when it was sent before."""
        who = require_sending_role(request)
        request.allow_only("dry_run", "wait", "again", "atomic")
        self._desk.check_accepting_work()
        self._desk.check_sender(who.sender, is_file=True)
        if request.get_flag("dry_run"):
            return respond(await self._run_dry_run(request))
        wait, again = request.get_number("wait", 0, (0, WAIT_SECONDS_MAX)), request.get_flag("again")
        media = upload_headers.read_media_type(request)
        try:
            with self._desk.receiver.open_slot(who.sender):
                spooled = await self._receive_file(request, self._desk.file_bytes_max)
                admitted = await self._desk.admit(spooled, media, who, again=again)
        except InputError as error:
            if not upload_headers.wants_pain002(request):
                raise
            return _respond_refused_file(error)
        return await self.respond_admitted(admitted, wait)

    async def _run_dry_run(self, request: Request) -> DryRunResult:
        self._desk.check_dry_run_queue(request.caller.sender)
        media = upload_headers.read_media_type(request)
        with self._desk.receiver.open_temporary_spool(FILE_BYTES_MAX) as spool:
            with self._desk.receiver.open_slot(request.caller.sender):
                spooled = await self._receive_file(request, FILE_BYTES_MAX, spool)
                upload_headers.check_content(spooled, media)
                total = await validate_file(self._desk, spooled, PerimeterCheck(request.caller))
            return await run_file_dry_run(self._desk, spooled, total, request.language)

    async def _receive_file(
        self, request: Request, bytes_max: int, spool: Spool | None = None
    ) -> SpooledFile:
        """The body, durably in the spool."""
        _check_size(request, bytes_max)
        declared, name = (
            upload_headers.read_envelope(request, request.caller.sender),
            upload_headers.read_file_name(request),
        )
        try:
            spooled = await self._desk.receiver.receive(request.receive, name, declared, spool)
        except BodyInterrupted as cut:
            raise Problem(HTTPStatus.BAD_REQUEST, "body-cut", f"The body has no end: {cut}") from cut
        return spooled

    async def respond_admitted(self, admitted: AdmissionResult, wait: int) -> Response:
        """What is answered to a file that has its number."""
        ticket = await self._wait_for_end(admitted.number, wait)
        is_under_way = admitted.is_new and ticket.state not in END_STATES
        status = HTTPStatus.ACCEPTED if is_under_way else HTTPStatus.OK
        return respond(ticket, status, location=f"/v1/submissions/{admitted.number}")

    async def get_status(self, request: Request) -> Response:
        """How far a submission is, and its receipt; ``wait`` seconds for its end if asked to."""
        return respond(await self.wait_for_ticket(request))

    async def wait_for_ticket(self, request: Request) -> Ticket:
        """The ticket of the path, once it is decided or ``wait`` seconds are over."""
        number = await self.require_visible(request)
        return await self._wait_for_end(number, request.get_number("wait", 0, (0, WAIT_SECONDS_MAX)))

    async def list_submissions(self, request: Request) -> Response:
        """The caller's submissions, an auditor's everybody's, the latest first."""
        request.allow_only("before", "limit")
        who = request.caller
        before = request.get_number("before", _NUMBER_MAX, (1, _NUMBER_MAX))
        limit = request.get_number("limit", 50, (1, PAGE_MAX))
        numbers = await submission_queries.list_submissions(self._desk.pool, who, before, limit)
        tickets = await self._load_tickets(numbers)
        more = f"/v1/submissions?limit={limit}&before={numbers[-1]}" if len(numbers) == limit else None
        return respond(SubmissionPage(tickets[::-1], more))

    async def cancel(self, request: Request) -> Response:
        """Take a submission back that still waits; cancelled once, it stays so however often it is asked."""
        request.allow_only()
        number, who = await self._require_cancellable(request), request.caller
        if not self._desk.is_ready:
            raise try_again("The service is starting")
        async with self._cancelling:
            ticket = await self.load_ticket(number)
            if ticket.state != CANCELLED:
                ticket = await self._cancel_waiting(number, who)
        return respond(ticket)

    async def _cancel_waiting(self, number: int, who: Caller) -> Ticket:
        try:
            await self._desk.inbox.cancel(number, who.key, who.sender)
        except NotWaiting as error:
            raise Problem(HTTPStatus.CONFLICT, "not-waiting", f"Too late: {error}") from error
        LOG.info("submission cancelled", submission=number, key=who.key, sender=who.sender)
        self._desk.waiters.notify_ended(number)
        return await self.load_ticket(number)

    async def _require_cancellable(self, request: Request) -> int:
        """The number in the path, when the caller may cancel that submission: an operator of all programmes anybody's."""
        who = request.caller
        if Role.OPERATOR in who.roles and not who.programmes:
            number = int(request.path_values["submission"])
            if await submission_queries.find_sender(self._desk.pool, number) is None:
                raise not_found(f"There is no submission {number}")
            return number
        number = await self.require_visible(request)
        require_sending_role(request)
        return number

    async def require_visible(self, request: Request) -> int:
        """The number in the path, when that submission is the caller's to see.

        Raises
        ------
        Problem
            There is none, or it is another sender's, or names another programme: nobody learns which.
        """
        number = int(request.path_values["submission"])
        is_seen = await submission_queries.can_see_submission(self._desk.pool, number, request.caller)
        if not is_seen:
            problem = not_found(f"You have no submission {number}")
            problem.is_audited = is_seen is not None
            raise problem
        return number

    async def _wait_for_end(self, number: int, seconds: int) -> Ticket:
        """The ticket, at the latest ``seconds`` from now."""
        with self._desk.waiters.watch_end(number) as end:
            ticket = await self.load_ticket(number)
            if ticket.state in {*END_STATES, LOST} or not seconds:
                return ticket
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), seconds)
            return await self.load_ticket(number)

    async def load_ticket(self, number: int) -> Ticket:
        """How far a submission is."""
        (ticket,) = await self._load_tickets([number])
        return ticket

    async def _load_tickets(self, numbers: list[int]) -> list[Ticket]:
        async with submission_queries.borrow_connection(self._desk.pool) as connection:
            receipts = await read_receipts(connection, numbers)
            refused = [each.submission for each in receipts if each.done and each.refused.lines]
            reasons = await read_reasons_by_submission(connection, refused)
        return [self._build_ticket(each, reasons.get(each.submission, [])) for each in receipts]

    def _get_state(self, receipt: Receipt) -> str:
        if receipt.cancelled:
            return CANCELLED
        if receipt.done:
            return DECIDED
        if receipt.submission in self._desk.inbox.missing_files:
            return LOST
        is_begun = receipt.last_batch is not None or self._desk.inbox.is_taken_up(receipt.submission)
        return DECIDING if is_begun else WAITING

    def _build_ticket(self, receipt: Receipt, reasons: list[Reason]) -> Ticket:
        here, state = f"/v1/submissions/{receipt.submission}", self._get_state(receipt)
        is_paused = state == WAITING and receipt.sender in self._desk.inbox.paused
        return Ticket(
            submission=receipt.submission,
            state=state,
            paused=self._desk.inbox.paused[receipt.sender] if is_paused else "",
            lost=self._desk.inbox.missing_files.find_reason(receipt.submission),
            receipt=receipt,
            reasons=reasons,
            links={"self": here, "refusals": f"{here}/refusals", "pain002": f"{here}/pain002"},
        )


def _check_size(request: Request, bytes_max: int) -> None:
    """Refuse at once what says that it is over long; what does not say is counted as it comes."""
    length = request.get_header("content-length")
    if length.isdigit() and int(length) > bytes_max:
        told = f"The body has {int(length):,} bytes, over the {bytes_max:,} that a file may have"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", told)
