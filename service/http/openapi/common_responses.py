"""What all operations have in common: responses that any of them may give, response headers, and closed types."""

from collections.abc import Mapping
from typing import Any

from service.http.openapi.operation import Operation
from service.http.openapi.problem_types import merge_problems

_ALL_ROUTES = ("malformed-request", "method-not-allowed", "head-too-long", "internal-error")
_KEY_ROUTES = ("key-unknown", "rate-limited", "try-again", "disk-full", "clock-set-back")
_PARAMETER_ROUTES = ("not-found",)
_BODY_ROUTES = ("body-stalled", "limit-exceeded")
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
            _add_headers(operation)
    for name, schema in document["components"]["schemas"].items():
        if name not in _EXTENSIBLE_TYPES and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document


def _build_operation_id(method: str, path: str) -> str:
    words = path.translate(str.maketrans("/.{}-", "     ")).split()
    return "_".join((method, *words))


def _add_headers(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        if headers := _HEADERS.get(status):
            response["headers"] = dict(headers)


def complete_responses(path: str, operation: Operation, *, is_open: bool) -> dict[str, Any]:
    """Return the responses of an operation with the problems that any operation of its sort can answer."""
    codes = [
        *_ALL_ROUTES,
        *(() if is_open else _KEY_ROUTES),
        *(_PARAMETER_ROUTES if "{" in path else ()),
        *(_BODY_ROUTES if operation.body else ()),
    ]
    return dict(sorted(merge_problems(operation.responses, codes).items()))
