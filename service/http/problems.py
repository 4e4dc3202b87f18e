"""Problems: responses to requests that are not carried out, by RFC 9457, each with a stable code and a remedy.

The functions that build a problem are named after its code.
"""

from collections.abc import Callable, Mapping
from datetime import date
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
    PersonNotProved,
    SenderForbidden,
)
from reporting.refusals import Language
from service.auth.failures import PermissionDenied
from service.http.problem_texts_fr import describe_refusal, translate
from service.http.remedy_texts_fr import translate_fault, translate_remedy

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
PAUSED_RETRY_SECONDS = 60
"""When a paused sender may retry: an operator has to resume it first."""

DISK_FULL_RETRY_SECONDS = 60
"""When to retry after a full disk: somebody has to free space first."""

_INPUT_ERRORS: Mapping[type[InputError], tuple[str, HTTPStatus]] = {
    FileUnreadable: ("file-unreadable", HTTPStatus.UNPROCESSABLE_ENTITY),
    EnvelopeMismatch: ("envelope-mismatch", HTTPStatus.UNPROCESSABLE_ENTITY),
    FormatUnknown: ("format-unknown", HTTPStatus.UNPROCESSABLE_ENTITY),
    LimitExceeded: ("limit-exceeded", HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    SenderForbidden: ("wrong-sender", HTTPStatus.FORBIDDEN),
}
_REMEDY_IN_DETAIL_MAX = 300
_TRANSLATED_MEMBERS: Mapping[str, Callable[[str], str]] = {
    "found": translate_fault,
    "remedy": translate_remedy,
}


class Problem(CrescendoError):
    """A request that is not carried out; ``code`` is stable, ``detail`` is for people."""

    def __init__(self, status: HTTPStatus, code: str, detail: str, **extensions: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.extensions = status, code, detail, extensions
        self.headers: dict[str, str] = {}
        self.claimed_name = ""
        """The key that an unauthenticated caller claims to have."""
        self.audit_code = ""
        """The code for the audit trail, where the caller must not learn it; empty for ``code`` itself."""
        self.is_audited = status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

    def encode(self, language: Language = "en") -> bytes:
        """Return the problem as JSON: title, detail, finding and remedy in ``language``; all else is the same in both."""
        title, detail, extensions = self.status.phrase, self.detail, self.extensions
        if language == "fr":
            title, detail = translate(self.code, self.status, detail)
            extensions = {name: _translate_member(name, value) for name, value in extensions.items()}
            if "found" in extensions:
                detail = describe_refusal(self.code, extensions["where"], extensions["found"])
        members = {
            "type": f"urn:crescendo:problem:{self.code}",
            "title": title,
            "status": self.status.value,
            "code": self.code,
            "detail": detail,
        }
        return msgspec.json.encode({**members, **extensions})


def _translate_member(name: str, value: Any) -> Any:
    translate_member = _TRANSLATED_MEMBERS.get(name)
    return translate_member(value) if translate_member else value


def from_input_error(error: InputError) -> Problem:
    """Translate the refusal of a whole file: where the error is, what was found there, and the remedy."""
    code, status = _INPUT_ERRORS[error.find_category()]
    # a long remedy, such as a list of all columns, is sent once
    detail = str(error) if len(error.remedy) <= _REMEDY_IN_DETAIL_MAX else f"{error.place}: {error.finding}"
    return Problem(status, code, detail, where=error.place, found=error.finding, remedy=error.remedy)


def from_permission_denied(denied: PermissionDenied) -> Problem:
    """Translate a refusal for lack of a role or a programme; it goes to the audit trail."""
    return Problem(HTTPStatus.FORBIDDEN, denied.code, denied.detail, **denied.members)


def from_unproved_person(unproved: PersonNotProved) -> Problem:
    """Translate the refusal of a decision whose person is not proved, or may not take it; it goes to the audit trail."""
    return Problem(HTTPStatus.FORBIDDEN, "person-not-proved", str(unproved))


def try_again(detail: str, seconds: int = RETRY_SECONDS) -> Problem:
    """Return the problem of a service that is full or not ready: the client retries after ``seconds``."""
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "try-again", detail)
    problem.headers["retry-after"] = str(seconds)
    return problem


def disk_full() -> Problem:
    """Return the problem of a full disk, of the service or of its database; what was acknowledged stays."""
    detail = (
        "The disk of the service is full: send the request again later, because repeating it does no harm"
    )
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "disk-full", detail)
    problem.headers["retry-after"] = str(DISK_FULL_RETRY_SECONDS)
    return problem


def clock_set_back() -> Problem:
    """Return the problem of a clock that is before the last stored time; the log says which clock, and both times."""
    detail = (
        "A clock of the service is set back, so what has expired cannot be recognised: send the request again later, because"
        " repeating it does no harm"
    )
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "clock-set-back", detail)
    problem.headers["retry-after"] = str(DISK_FULL_RETRY_SECONDS)
    return problem


def sender_paused(sender: str, reason: str) -> Problem:
    """Return the problem of a sender whose work waits until an operator resumes it."""
    detail = f"An operator has paused {sender}: {reason}"
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "sender-paused", detail, reason=reason)
    problem.headers["retry-after"] = str(PAUSED_RETRY_SECONDS)
    return problem


def bad_request(detail: str) -> Problem:
    """Return the problem of a request that cannot be understood."""
    return Problem(HTTPStatus.BAD_REQUEST, "malformed-request", detail)


def day_order(first_day: date, last_day: date) -> Problem:
    """Return the problem of a period whose last day is before its first one; each of both is valid by itself."""
    detail = f"first_day ({first_day}) is after last_day ({last_day}): no entry has such a day"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "day-order", detail)


def build_exercise_problem() -> Problem:
    """Return the problem of a month without its exercise; each month is valid by itself."""
    detail = "month is of an exercise: name it with exercise"
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "exercise-missing", detail)


def not_found(detail: str) -> Problem:
    """Return the problem of an object that does not exist, or that the caller may not see: the response is the same."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", detail)
