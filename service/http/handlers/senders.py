"""Pausing and resuming senders, for operators."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

import msgspec

from core.roles import Role
from service.auth.access_queries import PauseChange
from service.auth.perimeter import require_all_programmes
from service.auth.sender_pauses import REASON_LENGTH_MAX, SenderPauses
from service.http.http_messages import JSON, Request, Response, respond
from service.http.openapi.operation import Operation
from service.http.openapi.problem_types import FORBIDDEN, list_problems
from service.http.problems import Problem, bad_request, not_found
from service.http.request_body import read_small_body
from service.http.route import Route

BODY_BYTES_MAX = 4096


class PauseReason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an operator pauses or resumes a sender: recorded, and shown to the sender."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_LENGTH_MAX)]


class Sender(msgspec.Struct, frozen=True):
    """A sender, and whether it is paused."""

    sender: str
    paused: bool
    reason: str


class SendersHandler:
    """Handles ``/v1/senders``."""

    def __init__(self, sender_pauses: SenderPauses) -> None:
        self._sender_pauses = sender_pauses

    async def pause(self, request: Request) -> Response:
        """Pause a sender: its files are accepted and keep their place in the queue, its forms are answered 503."""
        return await self._change_pause(request, is_paused=True)

    async def resume(self, request: Request) -> Response:
        """Resume a sender."""
        return await self._change_pause(request, is_paused=False)

    async def _change_pause(self, request: Request, *, is_paused: bool) -> Response:
        caller, sender = request.caller, request.path_values["sender"]
        if Role.OPERATOR not in caller.roles:
            raise Problem(HTTPStatus.FORBIDDEN, "role-not-held", "Only operators pause and resume senders")
        request.allow_only()
        require_all_programmes(caller, "pausing a sender stops the work of all programmes")
        reason = await _read_reason(request)
        change = PauseChange(sender, is_paused, reason, caller.key, caller.sender)
        if not await self._sender_pauses.store_change(change):
            raise not_found(f"There is no sender {sender}")
        return respond(Sender(sender, is_paused, reason))


async def _read_reason(request: Request) -> str:
    body = await read_small_body(request.receive, BODY_BYTES_MAX)
    try:
        reason = msgspec.json.decode(body, type=PauseReason).reason.strip()
    except msgspec.DecodeError as error:
        raise bad_request(f'The body must be {{"reason": "..."}}: {error}') from error
    if not (reason and reason.isprintable()):
        raise bad_request("The reason must be printable text and not blank")
    return reason


_RESPONSES: Mapping[str, Any] = {"200": Sender, **list_problems(*FORBIDDEN, "not-found")}


def _build_body(example: str) -> Mapping[str, Any]:
    schema = {"$ref": "#/components/schemas/PauseReason"}
    return {JSON: {"schema": schema, "example": {"reason": example}}}


ROUTES = (
    Route(
        "POST",
        "/v1/senders/{sender}/pause",
        SendersHandler.pause,
        Operation(
            "Pause a sender (operators only): its files are accepted and wait in the queue, its forms are answered 503",
            _RESPONSES,
            body=_build_body("amounts in cents instead of euros"),
        ),
    ),
    Route(
        "POST",
        "/v1/senders/{sender}/resume",
        SendersHandler.resume,
        Operation(
            "Resume a paused sender (operators only)",
            _RESPONSES,
            body=_build_body("the file was corrected"),
        ),
    ),
)
