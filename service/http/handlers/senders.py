"""Senders paused and resumed, by operators."""

from http import HTTPStatus
from typing import Annotated

import msgspec

from service.auth.access_queries import Change
from service.auth.perimeter import check_whole
from service.auth.roles import Role
from service.http.http_messages import Answer, Request, answer
from service.http.problems import Problem, malformed, unknown
from service.http.request_body import small_body
from service.http.service_context import Desk

BODY_BYTES_MAX = 4096
REASON_LETTERS_MAX = 300


class Why(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a sender is paused or resumed, for the record; the sender is told."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_LETTERS_MAX)]


class Sender(msgspec.Struct, frozen=True):
    """A sender, and whether its work waits."""

    sender: str
    paused: bool
    reason: str


class Senders:
    """Handlers of ``/v1/senders``."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def pause(self, request: Request) -> Answer:
        """Let a sender's work wait: files are taken and keep their place, forms are not taken."""
        return await self._change(request, is_paused=True)

    async def resume(self, request: Request) -> Answer:
        """Let it go on."""
        return await self._change(request, is_paused=False)

    async def _change(self, request: Request, *, is_paused: bool) -> Answer:
        who, sender = request.who, request.path["sender"]
        if Role.OPERATOR not in who.roles:
            raise Problem(
                HTTPStatus.FORBIDDEN, "role-not-held", "Senders are paused and resumed by operators"
            )
        request.knows_only()
        check_whole(who, "pausing a sender stops the work of all programmes")
        reason = await _reason(request)
        if not await self._desk.pauses.change(Change(sender, is_paused, reason, who.key, who.sender)):
            raise unknown(f"There is no sender {sender}")
        return answer(Sender(sender, is_paused, reason))


async def _reason(request: Request) -> str:
    body = await small_body(request.receive, BODY_BYTES_MAX)
    try:
        reason = msgspec.json.decode(body, type=Why).reason.strip()
    except msgspec.DecodeError as error:
        raise malformed(f'The body says why, as {{"reason": "..."}}: {error}') from error
    if not (reason and reason.isprintable()):
        raise malformed("A reason is printable text, and not blank")
    return reason
