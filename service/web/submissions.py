"""Files handed in, and what became of them."""

import asyncio
from contextlib import suppress
from http import HTTPStatus

import msgspec

from service.access.keys import Caller
from service.access.perimeter import Perimeter
from service.postgres import read_reasons, read_receipts
from service.receipts import Reason, Receipt
from service.web import postgres, presenting
from service.web.desk import Desk
from service.web.exchange import Answer, Request, answer
from service.web.problems import Problem, unknown
from service.web.upload import Cut

WAIT_SECONDS_MAX = 300
PAGE_MAX = 500
_NUMBER_MAX = 2**31 - 1


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """How far a submission is."""

    submission: int
    state: str
    """``waiting`` for its turn, ``deciding``, or ``decided``: each line then has its outcome for good."""
    receipt: Receipt
    reasons: list[Reason]
    """Why lines were refused, the most frequent reason first; once all are decided."""
    links: dict[str, str]


class SubmissionPage(msgspec.Struct, frozen=True):
    """Submissions, the latest first, and where to go on."""

    submissions: list[Ticket]
    next: str | None


class Submissions:
    """Handlers of ``/v1/submissions``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def submit(self, request: Request) -> Answer:
        """Take in a file: 202 once it is durable and adds up, 200 when it was sent before."""
        who = self._sender(request)
        self._desk.check_open()
        media, again = presenting.media_type(request), request.flag("again")
        wait = request.number("wait", 0, (0, WAIT_SECONDS_MAX))
        self._check_size(request)
        declared = presenting.envelope(request, who.sender)
        try:
            name = presenting.file_name(request)
            spooled = await self._desk.receiver.receive(request.receive, name, declared)
        except Cut as cut:
            raise Problem(HTTPStatus.BAD_REQUEST, "body-cut", f"The body has no end: {cut}") from cut
        presenting.agree(spooled, media)
        admitted = await self._desk.inbox.admit(spooled, Perimeter(who).see, again=again)
        ticket = await self._awaited(admitted.number, wait)
        is_under_way = admitted.is_new and ticket.state != "decided"
        status = HTTPStatus.ACCEPTED if is_under_way else HTTPStatus.OK
        return answer(ticket, status, location=f"/v1/submissions/{admitted.number}")

    def _sender(self, request: Request) -> Caller:
        """The caller, when it may send anything at all."""
        if not request.who.kinds:
            told = f"No role of key {request.who.key} may send acts"
            raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", told)
        return request.who

    def _check_size(self, request: Request) -> None:
        """Refuse at once what says that it is over long; what does not say is counted as it comes."""
        length, most = request.header("content-length"), self._desk.file_bytes_max
        if length.isdigit() and int(length) > most:
            told = f"The body has {int(length):,} bytes, over the {most:,} that a file may have"
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "limit-exceeded", told)

    async def status(self, request: Request) -> Answer:
        """How far a submission is, and its receipt; ``wait`` seconds for its end if asked to."""
        number = await self.own(request)
        return answer(await self._awaited(number, request.number("wait", 0, (0, WAIT_SECONDS_MAX))))

    async def listing(self, request: Request) -> Answer:
        """The caller's submissions, an auditor's everybody's, the latest first."""
        who = request.who
        before = request.number("before", _NUMBER_MAX, (1, _NUMBER_MAX))
        limit = request.number("limit", 50, (1, PAGE_MAX))
        numbers = await postgres.submissions_of(
            self._desk.pool, None if who.reads_all else who.sender, before, limit
        )
        tickets = await self._tickets(numbers)
        more = f"/v1/submissions?limit={limit}&before={numbers[-1]}" if len(numbers) == limit else None
        return answer(SubmissionPage(tickets[::-1], more))

    async def own(self, request: Request) -> int:
        """The number in the path, when that submission is the caller's to see.

        Raises
        ------
        Problem
            There is none, or it is another sender's: nobody learns which.
        """
        number, who = int(request.path["submission"]), request.who
        sender = await postgres.sender_of(self._desk.pool, number)
        if sender is None or not (who.reads_all or sender == who.sender):
            problem = unknown(f"You have no submission {number}")
            problem.is_audited = sender is not None
            raise problem
        return number

    async def _awaited(self, number: int, seconds: int) -> Ticket:
        """The ticket, at the latest ``seconds`` from now."""
        with self._desk.waiters.end_of(number) as end:
            ticket = await self.ticket(number)
            if ticket.state == "decided" or not seconds:
                return ticket
            with suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), seconds)
            return await self.ticket(number)

    async def ticket(self, number: int) -> Ticket:
        """How far a submission is."""
        (ticket,) = await self._tickets([number])
        return ticket

    async def _tickets(self, numbers: list[int]) -> list[Ticket]:
        async with postgres.borrowed(self._desk.pool) as connection:
            receipts = await read_receipts(connection, numbers)
            refused = [each.submission for each in receipts if each.done and each.refused.lines]
            reasons = {each: await read_reasons(connection, [each]) for each in refused}
        return [_ticket(each, reasons.get(each.submission, [])) for each in receipts]


def _ticket(receipt: Receipt, reasons: list[Reason]) -> Ticket:
    here = f"/v1/submissions/{receipt.submission}"
    begun = "deciding" if receipt.last_batch else "waiting"
    return Ticket(
        submission=receipt.submission,
        state="decided" if receipt.done else begun,
        receipt=receipt,
        reasons=reasons,
        links={"self": here, "refusals": f"{here}/refusals", "pain002": f"{here}/pain002"},
    )
