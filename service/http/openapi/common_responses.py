"""What is true of every operation, said once: the answers that any may give, their headers, and types without more."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from service.http.problems import MEDIA_TYPE

_EVERYWHERE = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
)
_WITH_A_KEY = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_WITH_A_NUMBER = (HTTPStatus.NOT_FOUND,)
_WITH_A_BODY = (
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_SECONDS: Mapping[str, Any] = {
    "Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}},
}
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "401": {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "pattern": "^Bearer"}}},
    "405": {"Allow": {"required": True, "schema": {"type": "string"}}},
    "429": _SECONDS,
    "503": _SECONDS,
}
_EXTENDED = frozenset({"Problem"})
"""Types that may say more than is described (RFC 9457)."""


def completed(description: dict[str, Any]) -> dict[str, Any]:
    """``description`` with all that goes without saying."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            operation["operationId"] = _name(method, path)
            _answers(path, operation)
    for name, schema in description["components"]["schemas"].items():
        if name not in _EXTENDED and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return description


def _name(method: str, path: str) -> str:
    words = path.translate(str.maketrans("/.{}-", "     ")).split()
    return "_".join((method, *words))


def _answers(path: str, operation: dict[str, Any]) -> None:
    found = [
        *_EVERYWHERE,
        *(_WITH_A_KEY if operation["security"] else ()),
        *(_WITH_A_NUMBER if "{" in path else ()),
        *(_WITH_A_BODY if "requestBody" in operation else ()),
    ]
    for status in found:
        operation["responses"].setdefault(str(status.value), _problem(status))
    for status, answer in operation["responses"].items():
        if headers := _HEADERS.get(status):
            answer["headers"] = dict(headers)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _problem(status: HTTPStatus) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
