"""Cancelling submissions that still wait."""

import asyncio
from http import HTTPStatus

import structlog

from core.errors import NotWaiting
from core.roles import Role
from ingest.queue.inbox import Inbox
from service.http.handlers.submissions import require_sending_role
from service.http.http_messages import Request, Response, respond
from service.http.openapi.operation import Operation
from service.http.openapi.problem_types import list_problems
from service.http.problems import Problem, disk_full, try_again
from service.http.route import Route
from service.http.service_state import ServiceState
from service.http.tickets import CANCELLED, SubmissionTickets, Ticket

LOG = structlog.get_logger()


class CancellationHandler:
    """Handles ``DELETE /v1/submissions/{submission}``."""

    def __init__(self, inbox: Inbox, state: ServiceState, tickets: SubmissionTickets) -> None:
        self._inbox, self._state, self._tickets = inbox, state, tickets
        self._lock = asyncio.Lock()

    async def cancel(self, request: Request) -> Response:
        """Cancel a submission that still waits; repeating the request gives the same response."""
        request.allow_only()
        number = await self._require_cancellable(request)
        if self._state.is_disk_full:
            raise disk_full()
        if not self._state.is_ready:
            raise try_again("The service is starting")
        async with self._lock:
            ticket = await self._tickets.load(number, request.language)
            if ticket.state != CANCELLED:
                ticket = await self._cancel_submission(number, request)
        return respond(ticket)

    async def _cancel_submission(self, number: int, request: Request) -> Ticket:
        caller = request.caller
        try:
            await self._inbox.files.cancel(number, caller.key, caller.sender)
        except NotWaiting as error:
            raise Problem(
                HTTPStatus.CONFLICT, "not-waiting", f"The submission cannot be cancelled any more: {error}"
            ) from error
        LOG.info("submission cancelled", submission=number, key=caller.key, sender=caller.sender)
        self._tickets.notify_end(number)
        return await self._tickets.load(number, request.language)

    async def _require_cancellable(self, request: Request) -> int:
        """Return the number in the path, if the caller may cancel that submission.

        Operators without a perimeter may cancel the submissions of all senders.
        """
        caller = request.caller
        if Role.OPERATOR in caller.roles and not caller.programmes:
            number = int(request.path_values["submission"])
            await self._tickets.require_existing(number)
            return number
        number = await self._tickets.require_visible(request)
        require_sending_role(request)
        return number


ROUTES = (
    Route(
        "DELETE",
        "/v1/submissions/{submission}",
        CancellationHandler.cancel,
        Operation(
            "Cancel a submission that still waits; it stays cancelled, and the same file sent again is a new attempt",
            {"200": Ticket, **list_problems("role-not-held", "not-found", "not-waiting")},
        ),
    ),
)
