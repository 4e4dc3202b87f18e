"""What all operations have in common: responses that any of them may give, response headers, and closed types."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from service.http.problems import MEDIA_TYPE

_ALL_ROUTES = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
)
_KEY_ROUTES = (HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
_PARAMETER_ROUTES = (HTTPStatus.NOT_FOUND,)
_BODY_ROUTES = (
    HTTPStatus.FORBIDDEN,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
)
_RETRY_AFTER: Mapping[str, Any] = {
    "Retry-After": {"required": True, "schema": {"type": "integer", "minimum": 1}},
}
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "401": {"WWW-Authenticate": {"required": True, "schema": {"type": "string", "pattern": "^Bearer"}}},
    "405": {"Allow": {"required": True, "schema": {"type": "string"}}},
    "429": _RETRY_AFTER,
    "503": _RETRY_AFTER,
}
_EXTENSIBLE_TYPES = frozenset({"Problem"})
"""Types that may have more members than described (RFC 9457)."""


def add_common_responses(document: dict[str, Any]) -> dict[str, Any]:
    """Add to an OpenAPI document what every operation and type has, and return it."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["operationId"] = _build_operation_id(method, path)
            _complete_responses(path, operation)
    for name, schema in document["components"]["schemas"].items():
        if name not in _EXTENSIBLE_TYPES and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document


def _build_operation_id(method: str, path: str) -> str:
    words = path.translate(str.maketrans("/.{}-", "     ")).split()
    return "_".join((method, *words))


def _complete_responses(path: str, operation: dict[str, Any]) -> None:
    statuses = [
        *_ALL_ROUTES,
        *(_KEY_ROUTES if operation["security"] else ()),
        *(_PARAMETER_ROUTES if "{" in path else ()),
        *(_BODY_ROUTES if "requestBody" in operation else ()),
    ]
    for status in statuses:
        operation["responses"].setdefault(str(status.value), _describe_problem(status))
    for status, response in operation["responses"].items():
        if headers := _HEADERS.get(status):
            response["headers"] = dict(headers)
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _describe_problem(status: HTTPStatus) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": status.phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
