"""What is answered when something is not done: RFC 9457, with a code that stays, and what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec

from core.errors import (
    CrescendoError,
    EnvelopeMismatch,
    FileUnreadable,
    FormatUnknown,
    InputError,
    LimitExceeded,
)
from service.auth.failures import PermissionDenied

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
PAUSED_RETRY_SECONDS = 60
"""When a paused sender may ask again: a person has to resume it."""

DISK_FULL_RETRY_SECONDS = 60
"""When to come again where the disk is full: a person has to make room."""

_INPUT_ERRORS: Mapping[type[InputError], tuple[str, HTTPStatus]] = {
    FileUnreadable: ("file-unreadable", HTTPStatus.UNPROCESSABLE_ENTITY),
    EnvelopeMismatch: ("envelope-mismatch", HTTPStatus.UNPROCESSABLE_ENTITY),
    FormatUnknown: ("format-unknown", HTTPStatus.UNPROCESSABLE_ENTITY),
    LimitExceeded: ("limit-exceeded", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
}


class Problem(CrescendoError):
    """A request that is not carried out; ``code`` is stable, ``detail`` is for people."""

    def __init__(self, status: HTTPStatus, code: str, detail: str, **extensions: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.extensions = status, code, detail, extensions
        self.headers: dict[str, str] = {}
        self.claimed_name = ""
        """Who an unknown caller says they are."""
        self.audit_code = ""
        """What the trail says in place of the code, where the caller is not to learn it."""
        self.is_audited = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

    def encode(self) -> bytes:
        """The problem as JSON."""
        said = {
            "type": f"urn:crescendo:problem:{self.code}",
            "title": self.status.phrase,
            "status": self.status.value,
            "code": self.code,
            "detail": self.detail,
        }
        return msgspec.json.encode({**said, **self.extensions})


def from_input_error(error: InputError) -> Problem:
    """A whole file refused: where, what stood there, and what to do."""
    code, status = _INPUT_ERRORS[type(error)]
    return Problem(status, code, str(error), where=error.place, found=error.finding, remedy=error.remedy)


def from_permission_denied(denied: PermissionDenied) -> Problem:
    """Translate a refusal for lack of a role or a programme; it goes to the audit trail."""
    return Problem(HTTPStatus.FORBIDDEN, denied.code, denied.detail)


def try_again(detail: str, seconds: int = RETRY_SECONDS) -> Problem:
    """Full, or not ready: to be tried again."""
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "try-again", detail)
    problem.headers["retry-after"] = str(seconds)
    return problem


def disk_full() -> Problem:
    """No room on the disk of the service, or of its database: nothing of the request was kept."""
    told = "The disk of the service is full: nothing of this was kept, and nothing else is lost. Send it again later"
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "disk-full", told)
    problem.headers["retry-after"] = str(DISK_FULL_RETRY_SECONDS)
    return problem


def sender_paused(sender: str, reason: str) -> Problem:
    """The sender's work waits until an operator resumes it."""
    told = f"An operator has paused {sender}: {reason}"
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "sender-paused", told, reason=reason)
    problem.headers["retry-after"] = str(PAUSED_RETRY_SECONDS)
    return problem


def malformed_request(detail: str) -> Problem:
    """The request does not read."""
    return Problem(HTTPStatus.BAD_REQUEST, "malformed-request", detail)


def not_found(detail: str) -> Problem:
    """Not there, or not the caller's to see: the answer is the same."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", detail)
