"""The OpenAPI 3.1 document, built from the rows of the routes and the types of their responses."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from core.act_fields import FORMATS, Field, FieldType
from core.senders import SENDER_PATTERN
from ingest.formats.charsets import CHARSETS
from service.auth.sender_pauses import REASON_LENGTH_MAX
from service.http.http_messages import JSON
from service.http.openapi.column_texts import COLUMN_TEXTS, HEADER_TEXTS
from service.http.openapi.common_responses import add_common_responses, complete_responses
from service.http.openapi.examples import find_example
from service.http.openapi.operation import Operation
from service.http.openapi.problem_types import ProblemCodes, describe_problems
from service.http.openapi.tags import TAGS, find_tag
from service.http.route import Route
from service.http.router import PARAMETER_PATTERNS, PATH_PARAMETER, get_digits_max
from service.http.upload_headers import (
    ENVELOPE_HEADERS,
    FLAG_HEADERS,
    SENDER_HEADER,
    SIZE_DIGITS_MAX,
    UPLOAD_LENGTH,
    UPLOAD_OFFSET,
)

_HEADER_PATTERNS: Mapping[str, str] = {
    SENDER_HEADER: SENDER_PATTERN,
    ENVELOPE_HEADERS["batch_id"]: "[A-Za-z0-9][A-Za-z0-9 ._:/+()?,'-]{0,34}",
    ENVELOPE_HEADERS["version"]: "1",
    ENVELOPE_HEADERS["count"]: "[0-9]{1,9}",
    ENVELOPE_HEADERS["control_sum"]: "-?[0-9]{1,16}([.][0-9]{1,2})?",
    ENVELOPE_HEADERS["sha256"]: "[0-9a-fA-F]{64}",
    "Crescendo-Charset": "|".join(CHARSETS),
    "Content-Digest": "sha-256=:[A-Za-z0-9+/]{43}=:",
    "Content-Disposition": ".*",
}
"""Patterns of the headers that describe a file; an empty header counts as missing."""

_BYTE_COUNT_HEADERS: Mapping[str, tuple[str, int]] = {
    UPLOAD_LENGTH: ("Size of the whole file in bytes", 104_857_600),
    UPLOAD_OFFSET: ("How many bytes have arrived already", 67_108_864),
}
"""Description and example of the headers that count bytes; they are required."""


def build_document(routes: Sequence[Route[Any]]) -> dict[str, Any]:
    """Describe ``routes``, but for pages and their files."""
    routes = [route for route in routes if not route.is_page]
    _, schemas = msgspec.json.schema_components(
        _list_types(routes), ref_template="#/components/schemas/{name}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _describe_operation(route)
    for schema in schemas.values():
        _require_new_names(schema)
    return add_common_responses(
        {
            "openapi": "3.1.0",
            "info": {"title": "Crescendo", "version": "1", "license": {"name": "Apache-2.0"}},
            "tags": [{"name": tag.name, "description": tag.description} for tag in TAGS],
            "paths": paths,
            "components": {
                "schemas": {
                    **schemas,
                    "PauseReason": _describe_reason(),
                    "ActLine": _describe_act_line(),
                    "Problem": _describe_problem(),
                },
                "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            },
        }
    )


def _require_new_names(schema: dict[str, Any]) -> None:
    """Require each amount under its new name where the old one is required: the service always fills both."""
    required, properties = schema.get("required", []), schema.get("properties", {})
    for name in [name for name in required if properties[name].get("deprecated")]:
        required.append(f"{name}_cents")
        del properties[f"{name}_cents"]["default"]


def _list_types(routes: Sequence[Route[Any]]) -> list[type]:
    """List each type that a request body or a response contains, once."""
    types: dict[type, None] = {}
    for route in routes:
        types |= dict.fromkeys(route.operation.body_types)
        for response in route.operation.responses.values():
            types |= dict.fromkeys(part for part in _split_alternatives(response) if isinstance(part, type))
    return list(types)


def _split_alternatives(response: Any) -> tuple[Any, ...]:
    return response if isinstance(response, tuple) else (response,)


def _describe_operation(route: Route[Any]) -> dict[str, Any]:
    operation, path = route.operation, route.path
    responses = complete_responses(path, operation, is_open=route.is_open)
    described: dict[str, Any] = {
        "tags": [find_tag(path)],
        "summary": operation.summary,
        **({"description": operation.description} if operation.description else {}),
        "parameters": [
            *_describe_path_parameters(path),
            *(parameter.to_openapi() for parameter in operation.query),
            *_describe_headers(operation),
        ],
        "responses": {status: _describe_response(meaning) for status, meaning in responses.items()},
        "security": [] if route.is_open else [{"key": []}],
    }
    if operation.body:
        described["requestBody"] = {"required": True, "content": dict(operation.body)}
    _add_examples(route, described)
    return described


def _add_examples(route: Route[Any], described: dict[str, Any]) -> None:
    """Add the examples of the response 200, in JSON and in other media types."""
    for media_type, text in route.operation.other_media.items():
        content = {"schema": _describe_media(media_type), **({"example": text} if text else {})}
        described["responses"]["200"]["content"][media_type] = content
    if route.method == "GET" and (example := find_example(route.path)) is not None:
        described["responses"]["200"]["content"][JSON]["example"] = example


def _describe_media(media_type: str) -> dict[str, str]:
    """Describe a body that is no JSON: a text, or bytes."""
    is_text = media_type.startswith("text/") or media_type.endswith("xml")
    return {"type": "string"} if is_text else {"type": "string", "format": "binary"}


def _describe_path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _describe_path_schema(name)}
        for name in PATH_PARAMETER.findall(path)
    ]


def _describe_path_schema(name: str) -> dict[str, Any]:
    if name in PARAMETER_PATTERNS:
        return {"type": "string", "pattern": f"^{PARAMETER_PATTERNS[name]}$"}
    return {"type": "integer", "minimum": 0, "maximum": 10 ** get_digits_max(name) - 1}


def _describe_headers(operation: Operation) -> list[dict[str, Any]]:
    """Describe the headers; an upload is identified by its digest, which is therefore required."""
    begins_upload = UPLOAD_LENGTH in operation.headers
    return [
        _describe_header(name, is_required=begins_upload and name == ENVELOPE_HEADERS["sha256"])
        for name in operation.headers
    ]


def _describe_header(name: str, *, is_required: bool) -> dict[str, Any]:
    if name in HEADER_TEXTS:
        return {
            "name": name,
            "in": "header",
            "required": is_required,
            "description": HEADER_TEXTS[name],
            "schema": _build_header_schema(name, is_required=is_required),
        }
    description, example = _BYTE_COUNT_HEADERS[name]
    schema = {"type": "integer", "minimum": 0, "maximum": 10**SIZE_DIGITS_MAX - 1}
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": schema,
        "example": example,
    }


def _build_header_schema(name: str, *, is_required: bool) -> dict[str, Any]:
    if name in FLAG_HEADERS.values():
        return {"type": "boolean"}
    pattern = f"^{_HEADER_PATTERNS[name]}$" if is_required else f"^({_HEADER_PATTERNS[name]})?$"
    return {"type": "string", "pattern": pattern}


def _describe_response(meaning: Any) -> dict[str, Any]:
    if isinstance(meaning, ProblemCodes):
        return describe_problems(meaning.codes)
    if isinstance(meaning, Mapping):
        return dict(meaning)
    if isinstance(meaning, str):
        return {"description": meaning}
    types = _split_alternatives(meaning)
    schemas = [{"$ref": f"#/components/schemas/{type_.__name__}"} for type_ in types]
    description = (types[0].__doc__ or "").partition("\n")[0]
    return {
        "description": description,
        "content": {JSON: {"schema": {"oneOf": schemas} if schemas[1:] else schemas[0]}},
    }


def _describe_act_line() -> dict[str, Any]:
    """Describe one line of the flat act format as JSON."""
    numbers = {FieldType.WHOLE, FieldType.DECIMAL}
    properties = {
        field.column: {
            "type": ["string", "number", "null"] if format_.type in numbers else ["string", "null"],
            "description": COLUMN_TEXTS[field],
        }
        for field, format_ in FORMATS.items()
        if field is not Field.AMOUNT_CENTS
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _describe_reason() -> dict[str, Any]:
    """Describe the reason for which an operator pauses or resumes a sender."""
    reason = {"type": "string", "minLength": 1, "maxLength": REASON_LENGTH_MAX}
    return {
        "type": "object",
        "properties": {"reason": reason},
        "required": ["reason"],
        "additionalProperties": False,
    }


def _describe_problem() -> dict[str, Any]:
    properties = {
        name: {"type": "string"} for name in ("type", "title", "code", "detail", "where", "found", "remedy")
    }
    return {
        "type": "object",
        "description": "A problem document (RFC 9457); the values of `code` do not change",
        "properties": {**properties, "status": {"type": "integer"}},
        "required": ["type", "title", "status", "code", "detail"],
    }
