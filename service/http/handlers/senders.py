"""Senders paused and resumed, by operators."""

from http import HTTPStatus
from typing import Annotated

import msgspec

from service.auth.access_queries import PauseChange
from service.auth.perimeter import require_all_programmes
from service.auth.roles import Role
from service.http.http_messages import Request, Response, respond
from service.http.problems import Problem, malformed_request, not_found
from service.http.request_body import read_small_body
from service.http.service_context import ServiceContext

BODY_BYTES_MAX = 4096
REASON_LENGTH_MAX = 300


class PauseReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a sender is paused or resumed, for the record; the sender is told."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_LENGTH_MAX)]


class Sender(msgspec.Struct, frozen=True):
    """A sender, and whether its work waits."""

    sender: str
    paused: bool
    reason: str


class SendersHandler:
    """Handlers of ``/v1/senders``."""

    def __init__(self, desk: ServiceContext) -> None:
        self._desk = desk

    async def pause(self, request: Request) -> Response:
        """Let a sender's work wait: files are taken and keep their place, forms are not taken."""
        return await self._change_pause(request, is_paused=True)

    async def resume(self, request: Request) -> Response:
        """Let it go on."""
        return await self._change_pause(request, is_paused=False)

    async def _change_pause(self, request: Request, *, is_paused: bool) -> Response:
        who, sender = request.caller, request.path_values["sender"]
        if Role.OPERATOR not in who.roles:
            raise Problem(
                HTTPStatus.FORBIDDEN, "role-not-held", "Senders are paused and resumed by operators"
            )
        request.allow_only()
        require_all_programmes(who, "pausing a sender stops the work of all programmes")
        reason = await _read_reason(request)
        if not await self._desk.sender_pauses.store_change(
            PauseChange(sender, is_paused, reason, who.key, who.sender)
        ):
            raise not_found(f"There is no sender {sender}")
        return respond(Sender(sender, is_paused, reason))


async def _read_reason(request: Request) -> str:
    body = await read_small_body(request.receive, BODY_BYTES_MAX)
    try:
        reason = msgspec.json.decode(body, type=PauseReason).reason.strip()
    except msgspec.DecodeError as error:
        raise malformed_request(f'The body says why, as {{"reason": "..."}}: {error}') from error
    if not (reason and reason.isprintable()):
        raise malformed_request("A reason is printable text, and not blank")
    return reason
