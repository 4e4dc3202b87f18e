"""The interface described: OpenAPI 3.1, from the types that are sent and from one row a route."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from core.fields import FORMATS, Field, Sort
from service.web.acts import Decision
from service.web.pain002 import MEDIA_TYPE as XML
from service.web.presenting import HEADERS, MEDIA_TYPES
from service.web.problems import MEDIA_TYPE as PROBLEM
from service.web.refusals import ARROW, CSV, RefusalPage
from service.web.submissions import SubmissionPage, Ticket

_JSON = "application/json"
_FORM: Mapping[str, Any] = {
    "reference": "EJ-2018-000017",
    "kind": "commitment",
    "exercise": "2018",
    "date": "2018-05-02",
    "fund_centre": "0177-D013-DD13",
    "functional_area": "0177-12",
    "commitment_item": "31",
    "amount": "1250.00",
}
_QUERY: Mapping[str, tuple[str, dict[str, Any]]] = {
    "wait": ("Seconds to wait for the end, at most", {"type": "integer", "minimum": 0, "maximum": 300}),
    "again": ("Present a decided file anew", {"type": "boolean"}),
    "limit": ("How many on a page", {"type": "integer", "minimum": 1, "maximum": 1000}),
    "before": ("Only submissions below this number", {"type": "integer", "minimum": 1}),
    "version": ("Version of pain.002.001", {"type": "string", "enum": ["03", "10", "12"]}),
    "after": ("Only lines behind this one", {"type": "integer", "minimum": 0}),
}


class Operation(NamedTuple):
    """What one route does."""

    summary: str
    answers: Mapping[str, Any]
    """By status: the type of the answer, the answer described, PROBLEM, or what is meant."""
    query: Sequence[str] = ()
    body: Mapping[str, Any] | None = None


_ACT_LINE: Mapping[str, Any] = {"$ref": "#/components/schemas/ActLine"}
_FORMS: Mapping[str, Any] = {
    "oneOf": [_ACT_LINE, {"type": "array", "minItems": 1, "maxItems": 1000, "items": _ACT_LINE}]
}
_FILE: Mapping[str, Any] = {"type": "string", "format": "binary"}
_PAIN002: Mapping[str, Any] = {
    "description": "A status report, pain.002.001; every refused line is a transaction of it",
    "content": {
        XML: {
            "schema": {"type": "string"},
            "example": '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
            "<GrpHdr><MsgId>CRSC-2-7</MsgId><CreDtTm>2018-12-14T16:02:11.094Z</CreDtTm></GrpHdr>"
            "<OrgnlGrpInfAndSts><OrgnlMsgId>LOT-12</OrgnlMsgId><OrgnlMsgNmId>crescendo.acts.1</OrgnlMsgNmId>"
            "<OrgnlNbOfTxs>2</OrgnlNbOfTxs><GrpSts>ACCP</GrpSts></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>",
        }
    },
}
OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("GET", "/healthz"): Operation("Whether the process answers", {"200": "It does"}),
    ("GET", "/readyz"): Operation("Whether work is taken", {"200": "It is", "503": "It is not, for now"}),
    ("GET", "/metrics"): Operation(
        "Figures for Prometheus", {"200": "The text format of Prometheus", "401": PROBLEM, "403": PROBLEM}
    ),
    ("GET", "/docs"): Operation("This description, to be read", {"200": "A page"}),
    ("GET", "/docs.css"): Operation("Its looks", {"200": "A style sheet"}),
    ("GET", "/openapi.json"): Operation("This description, for programs", {"200": "OpenAPI 3.1"}),
    ("POST", "/v1/acts"): Operation(
        "Decide a form with others, and answer after the commit; lines of one reference are all or nothing",
        {"200": Decision, "400": PROBLEM, "403": PROBLEM, "413": PROBLEM, "415": PROBLEM, "422": PROBLEM},
        body={_JSON: {"schema": _FORMS, "example": _FORM}},
    ),
    ("POST", "/v1/submissions"): Operation(
        "Take in a file: 202 once it is durable and adds up, 200 when it was sent before or is decided already",
        {
            "200": Ticket,
            "202": Ticket,
            **dict.fromkeys(("400", "403", "408", "413", "415", "422"), PROBLEM),
        },
        ("wait", "again"),
        {media: {"schema": _FILE} for media in MEDIA_TYPES},
    ),
    ("GET", "/v1/submissions"): Operation(
        "The caller's submissions, the latest first",
        {"200": SubmissionPage, "400": PROBLEM},
        ("before", "limit"),
    ),
    ("GET", "/v1/submissions/{submission}"): Operation(
        "How far a submission is, and its receipt", {"200": Ticket, "400": PROBLEM, "404": PROBLEM}, ("wait",)
    ),
    ("GET", "/v1/submissions/{submission}/refusals"): Operation(
        f"Its refused lines: a page, or all of them as {CSV} or {ARROW}; in French where Accept-Language says so",
        {"200": RefusalPage, "400": PROBLEM, "404": PROBLEM, "406": PROBLEM},
        ("after", "limit"),
    ),
    ("GET", "/v1/submissions/{submission}/pain002"): Operation(
        "What became of it as ISO 20022 pain.002; in French where Accept-Language says so",
        {"200": _PAIN002, "400": PROBLEM, "404": PROBLEM},
        ("version",),
    ),
}
"""Every route, once: a test holds this against the routes."""

_ANYWHERE: Mapping[str, str] = {"401": PROBLEM, "429": PROBLEM, "503": PROBLEM}
"""What every route that asks for a key may answer."""


def described(open_paths: frozenset[str]) -> dict[str, Any]:
    """The whole description; ``open_paths`` ask for no key."""
    types = (Decision, Ticket, SubmissionPage, RefusalPage)
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), operation in OPERATIONS.items():
        paths.setdefault(path, {})[method.lower()] = _operation(path, operation, path in open_paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Crescendo", "version": "1", "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "ActLine": _act_line(), "Problem": _problem()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(path: str, operation: Operation, is_open: bool) -> dict[str, Any]:
    answers = operation.answers if is_open else {**operation.answers, **_ANYWHERE}
    found: dict[str, Any] = {
        "summary": operation.summary,
        "parameters": [*_path_parameters(path), *map(_query, operation.query), *_headers(operation)],
        "responses": {status: _answer(meant) for status, meant in sorted(answers.items())},
        "security": [] if is_open else [{"key": []}],
    }
    if operation.body:
        found["requestBody"] = {"required": True, "content": dict(operation.body)}
    return found


def _path_parameters(path: str) -> list[dict[str, Any]]:
    if "{submission}" not in path:
        return []
    schema = {"type": "integer", "minimum": 0, "maximum": 999_999_999}
    return [{"name": "submission", "in": "path", "required": True, "schema": schema}]


def _query(name: str) -> dict[str, Any]:
    told, schema = _QUERY[name]
    return {"name": name, "in": "query", "description": told, "schema": schema}


def _headers(operation: Operation) -> list[dict[str, Any]]:
    """The envelope, where a file is sent."""
    if operation.body is None or _JSON in operation.body:
        return []
    names = [*HEADERS.values(), "Crescendo-Sepa-Only", "Content-Digest", "Content-Disposition"]
    return [{"name": name, "in": "header", "schema": {"type": "string"}} for name in names]


def _answer(meant: Any) -> dict[str, Any]:
    if meant == PROBLEM:
        content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        return {"description": "It is not done: why, and what to do", "content": content}
    if isinstance(meant, Mapping):
        return dict(meant)
    if isinstance(meant, str):
        return {"description": meant}
    reference = {"$ref": f"#/components/schemas/{meant.__name__}"}
    return {"description": (meant.__doc__ or "").strip(), "content": {_JSON: {"schema": reference}}}


def _act_line() -> dict[str, Any]:
    """One line of the flat act format, as JSON says it."""
    numbers = {Sort.WHOLE, Sort.DECIMAL}
    properties = {
        field.column: {"type": ["string", "number", "null"] if said.sort in numbers else ["string", "null"]}
        for field, said in FORMATS.items()
        if field is not Field.AMOUNT_CENTS
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _problem() -> dict[str, Any]:
    properties = {
        name: {"type": "string"} for name in ("type", "title", "code", "detail", "where", "found", "remedy")
    }
    return {
        "type": "object",
        "description": "RFC 9457; the code is stable",
        "properties": {**properties, "status": {"type": "integer"}},
        "required": ["type", "title", "status", "code", "detail"],
    }
