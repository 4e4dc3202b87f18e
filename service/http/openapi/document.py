"""The interface described: OpenAPI 3.1, from the types that are sent and from one row a route."""

from collections.abc import Mapping
from typing import Any

import msgspec

from core.act_fields import FORMATS, Field, FieldType
from ingest.spool import envelope
from service.http.handlers.senders import REASON_LENGTH_MAX
from service.http.handlers.uploads import SIZE_DIGITS_MAX
from service.http.openapi.common_responses import add_common_responses
from service.http.openapi.ingest_operations import JSON, OPERATIONS, RESPONSE_TYPES, UPLOAD_LENGTH
from service.http.openapi.operation import Operation, Parameter
from service.http.problems import MEDIA_TYPE as PROBLEM
from service.http.router import PARAMETER_PATTERNS, PATH_PARAMETER, get_digits_max
from service.http.upload_headers import ENVELOPE_HEADERS, SENDER_HEADER

_NUMBER_MAX = 2**31 - 1
_QUERY_PARAMETERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "wait": ("Seconds to wait for the end, at most", {"type": "integer", "minimum": 0, "maximum": 300}),
    "atomic": ("Accept all acts of the form or file, or none", {"type": "boolean"}),
    "dry_run": ("Decide it as of now and take it back: nothing is stored", {"type": "boolean"}),
    "again": ("Present a decided file anew", {"type": "boolean"}),
    "limit": ("How many on a page", {"type": "integer", "minimum": 1, "maximum": 1000}),
    "before": (
        "Only submissions below this number",
        {"type": "integer", "minimum": 1, "maximum": _NUMBER_MAX},
    ),
    "version": ("Version of pain.002.001", {"type": "string", "enum": ["03", "10", "12"]}),
    "after": ("Only lines behind this one", {"type": "integer", "minimum": 0, "maximum": _NUMBER_MAX}),
}


_HEADER_PATTERNS: Mapping[str, str] = {
    SENDER_HEADER: envelope.SENDER_PATTERN,
    ENVELOPE_HEADERS["batch_id"]: "[A-Za-z0-9][A-Za-z0-9 ._:/+()?,'-]{0,34}",
    ENVELOPE_HEADERS["version"]: "1",
    ENVELOPE_HEADERS["count"]: "[0-9]{1,9}",
    ENVELOPE_HEADERS["control_sum"]: "-?[0-9]{1,16}([.][0-9]{1,2})?",
    ENVELOPE_HEADERS["sha256"]: "[0-9a-fA-F]{64}",
    "Crescendo-Sepa-Only": "true|false",
    "Content-Digest": "sha-256=:[A-Za-z0-9+/]{43}=:",
    "Content-Disposition": ".*",
}
"""What the headers of a file read as; an empty one says nothing."""

_BYTE_COUNT_HEADERS: Mapping[str, tuple[str, int]] = {
    UPLOAD_LENGTH: ("Bytes that the file has", 104_857_600),
    "Upload-Offset": ("Bytes that are there already", 67_108_864),
}
"""Headers that are required where they are read: what each says, and an example."""

_KEY_RESPONSES: Mapping[str, str] = {"401": PROBLEM, "429": PROBLEM, "503": PROBLEM}
"""What every route that asks for a key may answer."""


def build_document(open_paths: frozenset[str]) -> dict[str, Any]:
    """The whole description; ``open_paths`` ask for no key."""
    _, schemas = msgspec.json.schema_components(RESPONSE_TYPES, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), operation in OPERATIONS.items():
        paths.setdefault(path, {})[method.lower()] = _describe_operation(path, operation, path in open_paths)
    found = {
        "openapi": "3.1.0",
        "info": {"title": "Crescendo", "version": "1", "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {
                **schemas,
                "Why": _describe_reason(),
                "ActLine": _describe_act_line(),
                "Problem": _describe_problem(),
            },
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }
    return add_common_responses(found)


def _describe_operation(path: str, operation: Operation, is_open: bool) -> dict[str, Any]:
    answers = operation.responses if is_open else {**operation.responses, **_KEY_RESPONSES}
    found: dict[str, Any] = {
        "summary": operation.summary,
        **({"description": operation.more} if operation.more else {}),
        "parameters": [
            *_describe_path_parameters(path),
            *map(_describe_query, operation.query),
            *_describe_headers(operation),
        ],
        "responses": {status: _describe_response(meant) for status, meant in sorted(answers.items())},
        "security": [] if is_open else [{"key": []}],
    }
    for media, text in operation.texts.items():
        found["responses"]["200"]["content"][media] = {"schema": {"type": "string"}, "example": text}
    if operation.example is not None:
        found["responses"]["200"]["content"][JSON]["example"] = operation.example
    if operation.body:
        found["requestBody"] = {"required": True, "content": dict(operation.body)}
    return found


def _describe_path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _describe_path_schema(name)}
        for name in PATH_PARAMETER.findall(path)
    ]


def _describe_path_schema(name: str) -> dict[str, Any]:
    if name in PARAMETER_PATTERNS:
        return {"type": "string", "pattern": f"^{PARAMETER_PATTERNS[name]}$"}
    return {"type": "integer", "minimum": 0, "maximum": 10 ** get_digits_max(name) - 1}


def _describe_query(asked: str | Parameter) -> dict[str, Any]:
    if isinstance(asked, Parameter):
        return asked.to_openapi()
    told, schema = _QUERY_PARAMETERS[asked]
    return Parameter(asked, told, schema).to_openapi()


def _describe_headers(operation: Operation) -> list[dict[str, Any]]:
    """The envelope, where a file is sent, and what places a piece of one."""
    begins = UPLOAD_LENGTH in operation.headers
    return [
        _describe_header(name, is_required=begins and name == ENVELOPE_HEADERS["sha256"])
        for name in operation.headers
    ]


def _describe_header(name: str, *, is_required: bool) -> dict[str, Any]:
    """``is_named`` is the digest that an upload is known by."""
    if name not in _BYTE_COUNT_HEADERS:
        pattern = f"^{_HEADER_PATTERNS[name]}$" if is_required else f"^({_HEADER_PATTERNS[name]})?$"
        schema = {"type": "string", "pattern": pattern}
        return {"name": name, "in": "header", "required": is_required, "schema": schema}
    told, example = _BYTE_COUNT_HEADERS[name]
    schema = {"type": "integer", "minimum": 0, "maximum": 10**SIZE_DIGITS_MAX - 1}
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": told,
        "schema": schema,
        "example": example,
    }


def _describe_response(meant: Any) -> dict[str, Any]:
    if meant == PROBLEM:
        content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        return {"description": "It is not done: why, and what to do", "content": content}
    if isinstance(meant, Mapping):
        return dict(meant)
    if isinstance(meant, str):
        return {"description": meant}
    types = meant if isinstance(meant, tuple) else (meant,)
    schemas = [{"$ref": f"#/components/schemas/{each.__name__}"} for each in types]
    said = (types[0].__doc__ or "").partition("\n")[0]
    return {
        "description": said,
        "content": {JSON: {"schema": {"oneOf": schemas} if schemas[1:] else schemas[0]}},
    }


def _describe_act_line() -> dict[str, Any]:
    """One line of the flat act format, as JSON says it."""
    numbers = {FieldType.WHOLE, FieldType.DECIMAL}
    properties = {
        field.column: {"type": ["string", "number", "null"] if said.type in numbers else ["string", "null"]}
        for field, said in FORMATS.items()
        if field is not Field.AMOUNT_CENTS
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _describe_reason() -> dict[str, Any]:
    """The reason that an operator gives."""
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
        "description": "RFC 9457; the code is stable",
        "properties": {**properties, "status": {"type": "integer"}},
        "required": ["type", "title", "status", "code", "detail"],
    }
