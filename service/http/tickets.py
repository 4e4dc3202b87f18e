"""The tickets of submissions: the state of each, its receipt, and waiting for its end."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus

import msgspec

from ingest.queue.admission import AdmissionResult
from ingest.queue.inbox import Inbox
from reporting.refusals import Language
from service.auth.credentials import Caller
from service.database.read_pool import Pool, borrow_connection
from service.http import submission_queries
from service.http.http_messages import Request, Response, respond
from service.http.problems import not_found
from service.http.submission_waiters import SubmissionWaiters
from service.results.receipt_queries import read_reasons_by_submission, read_receipts
from service.results.receipts import Reason, Receipt

WAITING, DECIDING, DECIDED, CANCELLED, LOST = "waiting", "deciding", "decided", "cancelled", "lost"
END_STATES = frozenset({DECIDED, CANCELLED})
WAIT_SECONDS_MAX = 300


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """The state of a submission, and its receipt."""

    submission: int
    state: str
    """``waiting`` in the queue, ``deciding``, ``decided`` (the outcome of every line is final), or ``cancelled``.
    ``lost`` if the spool no longer contains the file: send the same file again, and the engine continues."""
    paused: str
    """Why an operator has paused the sender, while the submission waits for that; else empty."""
    lost: str
    """Why the file is lost; else empty."""
    receipt: Receipt
    reasons: list[Reason]
    """Why lines were refused, the most frequent reason first; empty until all lines are decided."""
    links: dict[str, str]


class SubmissionTickets:
    """Reads tickets, and waits until a submission ends."""

    def __init__(self, pool: Pool, inbox: Inbox, waiters: SubmissionWaiters) -> None:
        self._pool, self._inbox, self._waiters = pool, inbox, waiters

    async def can_see(self, number: int, caller: Caller) -> bool | None:
        """Return whether the caller may see a submission; None if the submission does not exist."""
        return await submission_queries.can_see_submission(self._pool, number, caller)

    async def require_visible(self, request: Request) -> int:
        """Return the submission number in the path, if the caller may see that submission.

        Raises
        ------
        Problem
            The submission does not exist, or is another sender's, or names another programme: the response is the same.
        """
        number = int(request.path_values["submission"])
        is_visible = await self.can_see(number, request.caller)
        if not is_visible:
            problem = not_found(f"You have no submission {number}")
            problem.is_audited = is_visible is not None
            raise problem
        return number

    async def require_existing(self, number: int) -> None:
        """Check that a submission exists, whoever sent it.

        Raises
        ------
        Problem
            It does not.
        """
        if await submission_queries.find_sender(self._pool, number) is None:
            raise not_found(f"There is no submission {number}")

    async def load(self, number: int, language: Language = "en") -> Ticket:
        """Return the ticket of a submission that exists, with texts in ``language``."""
        (ticket,) = await self._load_all([number], language)
        return ticket

    async def load_page(self, request: Request, before: int, limit: int) -> list[Ticket]:
        """Return the tickets below number ``before`` that the caller of a request may see, the latest first."""
        numbers = await submission_queries.list_submissions(
            self._pool, request.caller, before=before, limit=limit
        )
        return (await self._load_all(numbers, request.language))[::-1]

    async def wait_for_end(self, number: int, request: Request) -> Ticket:
        """Return the ticket once the submission has ended, and at the latest after the ``wait`` of the request."""
        seconds = read_wait_seconds(request)
        with self._waiters.watch_end(number) as ended:
            ticket = await self.load(number, request.language)
            if ticket.state in {*END_STATES, LOST} or not seconds:
                return ticket
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await ended.wait()
            return await self.load(number, request.language)

    def notify_end(self, number: int) -> None:
        """Wake the requests that wait for a submission which no commit will end."""
        self._waiters.notify_end(number)

    async def respond_with_ticket(self, admitted: AdmissionResult, request: Request) -> Response:
        """Respond to a file that has its number: 202 while a new one is not decided, else 200."""
        ticket = await self.wait_for_end(admitted.number, request)
        is_undecided = admitted.is_new and ticket.state not in END_STATES
        status = HTTPStatus.ACCEPTED if is_undecided else HTTPStatus.OK
        return respond(ticket, status, location=f"/v1/submissions/{admitted.number}")

    async def _load_all(self, numbers: Sequence[int], language: Language) -> list[Ticket]:
        async with borrow_connection(self._pool) as connection:
            receipts = await read_receipts(connection, numbers)
            with_refusals = [
                receipt.submission for receipt in receipts if receipt.done and receipt.refused.lines
            ]
            reasons = await read_reasons_by_submission(connection, with_refusals, language)
        return [self._build_ticket(receipt, reasons.get(receipt.submission, [])) for receipt in receipts]

    def _build_ticket(self, receipt: Receipt, reasons: list[Reason]) -> Ticket:
        path, state = f"/v1/submissions/{receipt.submission}", self._get_state(receipt)
        is_paused = state == WAITING and receipt.sender in self._inbox.files.paused_senders
        return Ticket(
            submission=receipt.submission,
            state=state,
            paused=self._inbox.files.paused_senders[receipt.sender] if is_paused else "",
            lost=self._inbox.files.missing.find_reason(receipt.submission),
            receipt=receipt,
            reasons=reasons,
            links={"self": path, "refusals": f"{path}/refusals", "pain002": f"{path}/pain002"},
        )

    def _get_state(self, receipt: Receipt) -> str:
        if receipt.cancelled:
            return CANCELLED
        if receipt.done:
            return DECIDED
        if receipt.submission in self._inbox.files.missing:
            return LOST
        is_begun = receipt.last_batch is not None or self._inbox.files.is_taken_up(receipt.submission)
        return DECIDING if is_begun else WAITING


def read_wait_seconds(request: Request) -> int:
    """Return how many seconds the caller waits for the end of the submission."""
    return request.get_number("wait", 0, minimum=0, maximum=WAIT_SECONDS_MAX)
