"""Files handed in, and what became of them."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus

import msgspec
import structlog

from core.errors import InputError, NotWaiting
from ingest.queue.admission import Admitted
from ingest.spool.spool import Spool, Spooled
from service.auth.api_keys import Caller
from service.auth.perimeter import Perimeter
from service.auth.roles import Role
from service.database.command_queries import read_reasons_each, read_receipts
from service.http import submission_queries, upload_headers
from service.http.handlers.dry_runs import BYTES_MAX, DryRun, prove, rehearse_file
from service.http.http_messages import Answer, Request, answer
from service.http.problems import Problem, busy, of_input, unknown
from service.http.request_body import Cut
from service.http.service_context import Desk
from service.results.receipts import Reason, Receipt
from settlement.pain002_writer import refused_whole

WAITING, DECIDING, DECIDED, CANCELLED, LOST = "waiting", "deciding", "decided", "cancelled", "lost"
ENDED = frozenset({DECIDED, CANCELLED})
XML = "application/xml"
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


def sending(request: Request) -> Caller:
    """The caller, when it may send anything at all."""
    if not request.who.kinds:
        told = f"No role of key {request.who.key} may send acts"
        raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", told)
    return request.who


def _refused_whole(error: InputError) -> Answer:
    """Why nothing of a payment file was taken, as pain.002."""
    report = refused_whole(error.batch_id, error, datetime.now(UTC))
    return Answer(of_input(error).status, report, XML)


class Submissions:
    """Handlers of ``/v1/submissions``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._cancelling = asyncio.Lock()

    async def submit(self, request: Request) -> Answer:
        """Take in a file: 202 once it is durable and adds up, 200 when it was sent before."""
        who = sending(request)
        request.knows_only("dry_run", "wait", "again", "atomic")
        self._desk.check_open()
        self._desk.check_sender(who.sender, is_file=True)
        if request.flag("dry_run"):
            return answer(await self._rehearsed(request))
        wait, again = request.number("wait", 0, (0, WAIT_SECONDS_MAX)), request.flag("again")
        media = upload_headers.media_type(request)
        try:
            with self._desk.receiver.seat(who.sender):
                spooled = await self._received(request, self._desk.file_bytes_max)
                admitted = await self._desk.admit(spooled, media, who, again=again)
        except InputError as error:
            if not upload_headers.wants_report(request):
                raise
            return _refused_whole(error)
        return await self.taken(admitted, wait)

    async def _rehearsed(self, request: Request) -> DryRun:
        self._desk.check_rehearsals(request.who.sender)
        media = upload_headers.media_type(request)
        with self._desk.receiver.passing(BYTES_MAX) as spool:
            with self._desk.receiver.seat(request.who.sender):
                spooled = await self._received(request, BYTES_MAX, spool)
                upload_headers.agree(spooled, media)
                total = await prove(self._desk, spooled, Perimeter(request.who))
            return await rehearse_file(self._desk, spooled, total, request.language)

    async def _received(self, request: Request, bytes_max: int, spool: Spool | None = None) -> Spooled:
        """The body, durably in the spool."""
        _check_size(request, bytes_max)
        declared, name = (
            upload_headers.envelope(request, request.who.sender),
            upload_headers.file_name(request),
        )
        try:
            spooled = await self._desk.receiver.receive(request.receive, name, declared, spool)
        except Cut as cut:
            raise Problem(HTTPStatus.BAD_REQUEST, "body-cut", f"The body has no end: {cut}") from cut
        return spooled

    async def taken(self, admitted: Admitted, wait: int) -> Answer:
        """What is answered to a file that has its number."""
        ticket = await self._awaited(admitted.number, wait)
        is_under_way = admitted.is_new and ticket.state not in ENDED
        status = HTTPStatus.ACCEPTED if is_under_way else HTTPStatus.OK
        return answer(ticket, status, location=f"/v1/submissions/{admitted.number}")

    async def status(self, request: Request) -> Answer:
        """How far a submission is, and its receipt; ``wait`` seconds for its end if asked to."""
        return answer(await self.awaited(request))

    async def awaited(self, request: Request) -> Ticket:
        """The ticket of the path, once it is decided or ``wait`` seconds are over."""
        number = await self.own(request)
        return await self._awaited(number, request.number("wait", 0, (0, WAIT_SECONDS_MAX)))

    async def listing(self, request: Request) -> Answer:
        """The caller's submissions, an auditor's everybody's, the latest first."""
        request.knows_only("before", "limit")
        who = request.who
        before = request.number("before", _NUMBER_MAX, (1, _NUMBER_MAX))
        limit = request.number("limit", 50, (1, PAGE_MAX))
        numbers = await submission_queries.submissions_of(self._desk.pool, who, before, limit)
        tickets = await self._tickets(numbers)
        more = f"/v1/submissions?limit={limit}&before={numbers[-1]}" if len(numbers) == limit else None
        return answer(SubmissionPage(tickets[::-1], more))

    async def cancel(self, request: Request) -> Answer:
        """Take a submission back that still waits; cancelled once, it stays so however often it is asked."""
        request.knows_only()
        number, who = await self._to_cancel(request), request.who
        if not self._desk.is_ready:
            raise busy("The service is starting")
        async with self._cancelling:
            ticket = await self.ticket(number)
            if ticket.state != CANCELLED:
                ticket = await self._cancelled(number, who)
        return answer(ticket)

    async def _cancelled(self, number: int, who: Caller) -> Ticket:
        try:
            await self._desk.inbox.cancel(number, who.key, who.sender)
        except NotWaiting as error:
            raise Problem(HTTPStatus.CONFLICT, "not-waiting", f"Too late: {error}") from error
        LOG.info("submission cancelled", submission=number, key=who.key, sender=who.sender)
        self._desk.waiters.end(number)
        return await self.ticket(number)

    async def _to_cancel(self, request: Request) -> int:
        """The number in the path, when the caller may cancel that submission: an operator of all programmes anybody's."""
        who = request.who
        if Role.OPERATOR in who.roles and not who.programmes:
            number = int(request.path["submission"])
            if await submission_queries.sender_of(self._desk.pool, number) is None:
                raise unknown(f"There is no submission {number}")
            return number
        number = await self.own(request)
        sending(request)
        return number

    async def own(self, request: Request) -> int:
        """The number in the path, when that submission is the caller's to see.

        Raises
        ------
        Problem
            There is none, or it is another sender's, or names another programme: nobody learns which.
        """
        number = int(request.path["submission"])
        is_seen = await submission_queries.is_submission_seen(self._desk.pool, number, request.who)
        if not is_seen:
            problem = unknown(f"You have no submission {number}")
            problem.is_audited = is_seen is not None
            raise problem
        return number

    async def _awaited(self, number: int, seconds: int) -> Ticket:
        """The ticket, at the latest ``seconds`` from now."""
        with self._desk.waiters.end_of(number) as end:
            ticket = await self.ticket(number)
            if ticket.state in {*ENDED, LOST} or not seconds:
                return ticket
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), seconds)
            return await self.ticket(number)

    async def ticket(self, number: int) -> Ticket:
        """How far a submission is."""
        (ticket,) = await self._tickets([number])
        return ticket

    async def _tickets(self, numbers: list[int]) -> list[Ticket]:
        async with submission_queries.borrowed(self._desk.pool) as connection:
            receipts = await read_receipts(connection, numbers)
            refused = [each.submission for each in receipts if each.done and each.refused.lines]
            reasons = await read_reasons_each(connection, refused)
        return [self._told(each, reasons.get(each.submission, [])) for each in receipts]

    def _state(self, receipt: Receipt) -> str:
        if receipt.cancelled:
            return CANCELLED
        if receipt.done:
            return DECIDED
        if receipt.submission in self._desk.inbox.lost:
            return LOST
        is_begun = receipt.last_batch is not None or self._desk.inbox.is_taken(receipt.submission)
        return DECIDING if is_begun else WAITING

    def _told(self, receipt: Receipt, reasons: list[Reason]) -> Ticket:
        here, state = f"/v1/submissions/{receipt.submission}", self._state(receipt)
        is_paused = state == WAITING and receipt.sender in self._desk.inbox.paused
        return Ticket(
            submission=receipt.submission,
            state=state,
            paused=self._desk.inbox.paused[receipt.sender] if is_paused else "",
            lost=self._desk.inbox.lost.reason(receipt.submission),
            receipt=receipt,
            reasons=reasons,
            links={"self": here, "refusals": f"{here}/refusals", "pain002": f"{here}/pain002"},
        )


def _check_size(request: Request, bytes_max: int) -> None:
    """Refuse at once what says that it is over long; what does not say is counted as it comes."""
    length = request.header("content-length")
    if length.isdigit() and int(length) > bytes_max:
        told = f"The body has {int(length):,} bytes, over the {bytes_max:,} that a file may have"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", told)
