"""The codes of problems, with the status and the meaning of each; an operation lists the codes that it can answer."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from service.http.problems import MEDIA_TYPE


class ProblemType(NamedTuple):
    """The status of a problem, and what it means."""

    status: HTTPStatus
    meaning: str


class ProblemCodes(NamedTuple):
    """The codes of the problems that an operation answers with one status."""

    codes: tuple[str, ...]


PROBLEM_TYPES: Mapping[str, ProblemType] = {
    "malformed-request": ProblemType(
        HTTPStatus.BAD_REQUEST, "A parameter, a header or the body is not as described; `detail` names it"
    ),
    "body-cut": ProblemType(
        HTTPStatus.BAD_REQUEST, "The connection ended before the body was complete: send the file again"
    ),
    "key-unknown": ProblemType(
        HTTPStatus.UNAUTHORIZED, "The key or token is missing, wrong or expired; the audit trail says which"
    ),
    "role-not-held": ProblemType(HTTPStatus.FORBIDDEN, "No role of the key permits the request"),
    "perimeter-not-held": ProblemType(
        HTTPStatus.FORBIDDEN, "The key is limited to programmes, and the request goes beyond them"
    ),
    "wrong-sender": ProblemType(
        HTTPStatus.FORBIDDEN, "The file or a header names another sender than that of the key"
    ),
    "person-not-proved": ProblemType(
        HTTPStatus.FORBIDDEN,
        "The key proves no person of the directory, another one than `by` names, or one who may not decide this",
    ),
    "not-found": ProblemType(
        HTTPStatus.NOT_FOUND, "The object does not exist, or the key may not see it: the response is the same"
    ),
    "method-not-allowed": ProblemType(
        HTTPStatus.METHOD_NOT_ALLOWED, "The path does not support the method; `Allow` lists those it supports"
    ),
    "not-acceptable": ProblemType(
        HTTPStatus.NOT_ACCEPTABLE, "None of the media types in `Accept` is available; `accepted` lists them"
    ),
    "body-stalled": ProblemType(
        HTTPStatus.REQUEST_TIMEOUT, "The body did not arrive in time: send the request again"
    ),
    "not-waiting": ProblemType(
        HTTPStatus.CONFLICT, "It has begun or ended, so it cannot be cancelled any more"
    ),
    "period-state": ProblemType(
        HTTPStatus.CONFLICT, "The month is not in the state that the action requires; `detail` says why"
    ),
    "directory-state": ProblemType(
        HTTPStatus.CONFLICT, "The directory of persons does not allow the change; `detail` says why"
    ),
    "reference-data-missing": ProblemType(
        HTTPStatus.CONFLICT,
        "The reference data lack what the report needs, such as the interest rate of a half-year",
    ),
    "upload-busy": ProblemType(
        HTTPStatus.CONFLICT, "Another connection appends to the upload: retry after `Retry-After` seconds"
    ),
    "upload-differs": ProblemType(
        HTTPStatus.CONFLICT,
        "An upload of the same bytes was begun with another size: remove it with DELETE, and begin again",
    ),
    "uploads-full": ProblemType(
        HTTPStatus.CONFLICT,
        "The sender has too many unfinished uploads: finish one, or remove one with DELETE",
    ),
    "offset-differs": ProblemType(
        HTTPStatus.CONFLICT, "The piece does not begin where the last one ended; `offset` says where to go on"
    ),
    "limit-exceeded": ProblemType(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body, or the file in it, is beyond a limit that `detail` names",
    ),
    "media-type-unknown": ProblemType(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The service does not accept the media type of the body; `accepted` lists those it accepts",
    ),
    "file-unreadable": ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The file cannot be read; `where`, `found` and `remedy` say why"
    ),
    "envelope-mismatch": ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The file does not add up to the count, total or hash of its envelope",
    ),
    "format-unknown": ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The format of the file, or a column in it, is unknown"
    ),
    "day-order": ProblemType(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The last day of the period is before its first day"
    ),
    "exercise-missing": ProblemType(HTTPStatus.UNPROCESSABLE_ENTITY, "A month is named without its exercise"),
    "rate-limited": ProblemType(
        HTTPStatus.TOO_MANY_REQUESTS,
        "The sender has sent too many requests: retry after `Retry-After` seconds",
    ),
    "head-too-long": ProblemType(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The request line and headers are beyond their limits"
    ),
    "internal-error": ProblemType(
        HTTPStatus.INTERNAL_SERVER_ERROR, "The service has met an error, which is in its log"
    ),
    "try-again": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The service starts, stops or is full, or the database does not respond: retry after `Retry-After` seconds",
    ),
    "disk-full": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE, "The disk of the service or of its database is full: retry later"
    ),
    "clock-set-back": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "A clock of the service is before the last time that it has stored: retry later",
    ),
    "sender-paused": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE, "An operator has paused the sender; `reason` says why"
    ),
}
FORBIDDEN = ("role-not-held", "perimeter-not-held")
"""The codes of a route that a role and a key without a perimeter permit."""
DECIDING = (*FORBIDDEN, "person-not-proved")
"""The codes of a route on which a person decides."""
SENDING = (*FORBIDDEN, "sender-paused", "limit-exceeded", "media-type-unknown")
"""The codes of a route that acts are sent to."""
FILE_REFUSALS = ("file-unreadable", "envelope-mismatch", "format-unknown", "limit-exceeded", "wrong-sender")
"""The codes of a file that is refused whole."""


def list_problems(*codes: str) -> dict[str, ProblemCodes]:
    """Return responses that are problems, by status."""
    by_status: dict[str, tuple[str, ...]] = {}
    for code in dict.fromkeys(codes):
        status = str(PROBLEM_TYPES[code].status.value)
        by_status[status] = (*by_status.get(status, ()), code)
    return {status: ProblemCodes(listed) for status, listed in by_status.items()}


def merge_problems(responses: Mapping[str, Any], codes: Iterable[str]) -> dict[str, Any]:
    """Return responses with further problems; a status that is described in another way stays as it is."""
    merged = dict(responses)
    for status, added in list_problems(*codes).items():
        described = merged.setdefault(status, ProblemCodes(()))
        if isinstance(described, ProblemCodes):
            merged[status] = ProblemCodes(tuple(dict.fromkeys((*described.codes, *added.codes))))
    return merged


def describe_problems(codes: Iterable[str]) -> dict[str, Any]:
    """Describe a response that is one of some problems: the meaning and an example of each."""
    listed = list(codes)
    meanings = [f"`{code}`: {PROBLEM_TYPES[code].meaning}" for code in listed]
    content = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "examples": {code: {"summary": code, "value": _build_example(code)} for code in listed},
    }
    return {
        "description": ". ".join(meanings),
        "content": {MEDIA_TYPE: content},
        "x-problem-codes": listed,
    }


def _build_example(code: str) -> dict[str, Any]:
    status, meaning = PROBLEM_TYPES[code]
    return {
        "type": f"urn:crescendo:problem:{code}",
        "title": status.phrase,
        "status": status.value,
        "code": code,
        "detail": meaning,
    }
