"""The interface described: OpenAPI 3.1, from the types that are sent and from one row a route."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import msgspec

from core.fields import FORMATS, Field, Sort
from monitoring.figures import Figures
from service.web import page
from service.web.acts import Decision
from service.web.completing import completed
from service.web.figures import EVENTS, Proved
from service.web.operation import Operation, Parameter
from service.web.pain002 import MEDIA_TYPE as XML
from service.web.presenting import ANY, HEADERS, MEDIA_TYPES
from service.web.problems import MEDIA_TYPE as PROBLEM
from service.web.questions import ANSWERS, QUESTIONS
from service.web.refusals import ARROW, CSV, RefusalPage
from service.web.rehearsing import DryRun
from service.web.routing import PARAMETER, SHAPES, digits
from service.web.senders import REASON_LETTERS_MAX, Sender
from service.web.submissions import SubmissionPage, Ticket
from service.web.uploads import Partial, PartialPage

_JSON = "application/json"
_NUMBER_MAX = 2**31 - 1
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
    "atomic": ("Accept all acts of the form or none", {"type": "boolean"}),
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


_HEADERS: Mapping[str, str] = {
    HEADERS["batch_id"]: "[A-Za-z0-9][A-Za-z0-9 ._:/+()-]{0,34}",
    HEADERS["version"]: "1",
    HEADERS["count"]: "[0-9]{1,9}",
    HEADERS["control_sum"]: "-?[0-9]{1,16}([.][0-9]{1,2})?",
    HEADERS["sha256"]: "[0-9a-fA-F]{64}",
    "Crescendo-Sepa-Only": "true|false",
    "Content-Digest": "sha-256=:[A-Za-z0-9+/]{43}=:",
    "Content-Disposition": 'attachment; filename="[^";]+"',
}
"""What the headers of a file read as; an empty one says nothing."""


_ACT_LINE: Mapping[str, Any] = {"$ref": "#/components/schemas/ActLine"}
_FORMS: Mapping[str, Any] = {
    "oneOf": [_ACT_LINE, {"type": "array", "minItems": 1, "maxItems": 1000, "items": _ACT_LINE}]
}
_EXAMPLES: Mapping[str, Any] = msgspec.json.decode(
    files("service.web").joinpath("live_examples.json").read_bytes(), type=dict[str, Any]
)
"""By path: an answer that a service gave; the first entries of its lists."""
_ONLOOKERS: Mapping[str, str] = dict.fromkeys(("401", "403", "429", "503"), PROBLEM)
"""To who may not see figures of all senders, or may not now."""
_REASON: Mapping[str, Any] = {"$ref": "#/components/schemas/Why"}
_FILE: Mapping[str, Any] = {"type": "string", "format": "binary"}
_FILES: Mapping[str, Mapping[str, str]] = {
    "text/csv": {"example": f"{','.join(_FORM)}\n{','.join(_FORM.values())}\n"},
    "application/x-ndjson": {"example": f"{msgspec.json.encode(_FORM).decode()}\n"},
}
"""Files that people can read, by way of example."""
_ENVELOPE = tuple(_HEADERS)
_BYTES: Mapping[str, tuple[str, int]] = {
    "Upload-Length": ("Bytes that the file has", 104_857_600),
    "Upload-Offset": ("Bytes that are there already", 67_108_864),
}
"""Headers that are required where they are read: what each says, and an example."""
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
    **{
        ("GET", path): Operation(
            "The live page" if path == "/" else "A part of the live page", {"200": "A file"}
        )
        for path in page.PATHS
    },
    ("GET", "/v1/figures"): Operation(
        "The figures of the live page, looked at after they are asked for",
        {"200": Figures, **_ONLOOKERS},
        example=_EXAMPLES["/v1/figures"],
    ),
    ("GET", "/v1/live"): Operation(
        f"The same figures about once a second, for five minutes ({EVENTS}; each event is named figures)",
        {"200": "A stream of events", **_ONLOOKERS},
    ),
    ("GET", "/v1/batches/{batch}/proof"): Operation(
        "Hash the rows of a batch again, and hold its figures against them",
        {"200": Proved, "404": PROBLEM, **_ONLOOKERS},
        example=_EXAMPLES["/v1/batches/{batch}/proof"],
    ),
    ("GET", "/docs"): Operation("This description, to be read", {"200": "A page"}),
    ("GET", "/docs.css"): Operation("Its looks", {"200": "A style sheet"}),
    ("GET", "/openapi.json"): Operation("This description, for programs", {"200": "OpenAPI 3.1"}),
    ("POST", "/v1/acts"): Operation(
        "Decide a form with others, and answer after the commit; lines of one reference are all or nothing",
        {"200": Decision, "400": PROBLEM, "403": PROBLEM, "413": PROBLEM, "415": PROBLEM, "422": PROBLEM},
        ("atomic", "dry_run"),
        {_JSON: {"schema": _FORMS, "example": _FORM}},
    ),
    ("POST", "/v1/submissions"): Operation(
        "Take in a file: 202 once it is durable and adds up, 200 when it was sent before or is decided already",
        {
            "200": (Ticket, DryRun),
            "202": Ticket,
            **dict.fromkeys(("400", "403", "408", "413", "415", "422"), PROBLEM),
        },
        ("wait", "again", "dry_run"),
        {media: {"schema": _FILE, **_FILES.get(media, {})} for media in MEDIA_TYPES},
        _ENVELOPE,
    ),
    ("GET", "/v1/submissions"): Operation(
        "The caller's submissions, the latest first",
        {"200": SubmissionPage, "400": PROBLEM},
        ("before", "limit"),
    ),
    ("GET", "/v1/submissions/{submission}"): Operation(
        "How far a submission is, and its receipt", {"200": Ticket, "400": PROBLEM, "404": PROBLEM}, ("wait",)
    ),
    ("DELETE", "/v1/submissions/{submission}"): Operation(
        "Take a submission back that still waits; what is cancelled stays so, and a file sent again is a fresh attempt",
        {"200": Ticket, "403": PROBLEM, "404": PROBLEM, "409": PROBLEM},
    ),
    ("POST", "/v1/senders/{sender}/pause"): Operation(
        "Let a sender's work wait, for operators: files are taken and keep their place, forms are answered 503",
        {"200": Sender, "400": PROBLEM, "403": PROBLEM, "404": PROBLEM, "408": PROBLEM, "413": PROBLEM},
        body={_JSON: {"schema": _REASON, "example": {"reason": "amounts in cents instead of euros"}}},
    ),
    ("POST", "/v1/senders/{sender}/resume"): Operation(
        "Let a paused sender's work go on, for operators",
        {"200": Sender, "400": PROBLEM, "403": PROBLEM, "404": PROBLEM, "408": PROBLEM, "413": PROBLEM},
        body={_JSON: {"schema": _REASON, "example": {"reason": "the file was corrected"}}},
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
    ("POST", "/v1/uploads"): Operation(
        "Begin a file that comes in pieces, or find it again after a cut: 201 or 200, with the next byte to send; "
        "303 where these bytes are a submission already",
        {
            "200": Partial,
            "201": Partial,
            "303": "The bytes are a submission already: Location names it",
            **dict.fromkeys(("400", "403", "409", "413", "415", "422"), PROBLEM),
        },
        ("again",),
        headers=("Upload-Length", *_ENVELOPE),
    ),
    ("GET", "/v1/uploads"): Operation("The caller's unfinished uploads", {"200": PartialPage}),
    ("GET", "/v1/uploads/{upload}"): Operation(
        "How far an upload is; HEAD says it in headers alone",
        {"200": Partial, "404": PROBLEM, "409": PROBLEM},
    ),
    ("PATCH", "/v1/uploads/{upload}"): Operation(
        "Add a piece behind what is there; the last byte makes the file a submission, and answers as for one",
        {
            "200": Ticket,
            "202": Ticket,
            "204": "It is there, and more is missing: Upload-Offset says where to go on",
            **dict.fromkeys(("400", "403", "404", "408", "409", "413", "415", "422"), PROBLEM),
        },
        ("wait",),
        {ANY: {"schema": _FILE}},
        ("Upload-Offset",),
    ),
    ("DELETE", "/v1/uploads/{upload}"): Operation(
        "Give an upload up, and what has arrived of it",
        {"204": "It is gone", "404": PROBLEM, "409": PROBLEM},
    ),
    **QUESTIONS,
}
"""Every route, once: a test holds this against the routes."""

_ANYWHERE: Mapping[str, str] = {"401": PROBLEM, "429": PROBLEM, "503": PROBLEM}
"""What every route that asks for a key may answer."""


def described(open_paths: frozenset[str]) -> dict[str, Any]:
    """The whole description; ``open_paths`` ask for no key."""
    types = (Decision, Ticket, SubmissionPage, RefusalPage, Figures, Proved, Sender, DryRun)
    types = (*types, Partial, PartialPage, *ANSWERS)
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for (method, path), operation in OPERATIONS.items():
        paths.setdefault(path, {})[method.lower()] = _operation(path, operation, path in open_paths)
    found = {
        "openapi": "3.1.0",
        "info": {"title": "Crescendo", "version": "1", "license": {"name": "Apache-2.0"}},
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Why": _why(), "ActLine": _act_line(), "Problem": _problem()},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }
    return completed(found)


def _operation(path: str, operation: Operation, is_open: bool) -> dict[str, Any]:
    answers = operation.answers if is_open else {**operation.answers, **_ANYWHERE}
    found: dict[str, Any] = {
        "summary": operation.summary,
        **({"description": operation.more} if operation.more else {}),
        "parameters": [*_path_parameters(path), *map(_query, operation.query), *_headers(operation)],
        "responses": {status: _answer(meant) for status, meant in sorted(answers.items())},
        "security": [] if is_open else [{"key": []}],
    }
    for media, text in operation.texts.items():
        found["responses"]["200"]["content"][media] = {"schema": {"type": "string"}, "example": text}
    if operation.example is not None:
        found["responses"]["200"]["content"][_JSON]["example"] = operation.example
    if operation.body:
        found["requestBody"] = {"required": True, "content": dict(operation.body)}
    return found


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": _path_parameter(name)}
        for name in PARAMETER.findall(path)
    ]


def _path_parameter(name: str) -> dict[str, Any]:
    if name in SHAPES:
        return {"type": "string", "pattern": f"^{SHAPES[name]}$"}
    return {"type": "integer", "minimum": 0, "maximum": 10 ** digits(name) - 1}


def _query(asked: str | Parameter) -> dict[str, Any]:
    if isinstance(asked, Parameter):
        return asked.described()
    told, schema = _QUERY[asked]
    return Parameter(asked, told, schema).described()


def _headers(operation: Operation) -> list[dict[str, Any]]:
    """The envelope, where a file is sent, and what places a piece of one."""
    return [_header(name) for name in operation.headers]


def _header(name: str) -> dict[str, Any]:
    if name not in _BYTES:
        return {
            "name": name,
            "in": "header",
            "schema": {"type": "string", "pattern": f"^({_HEADERS[name]})?$"},
        }
    told, example = _BYTES[name]
    schema = {"type": "integer", "minimum": 0}
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": told,
        "schema": schema,
        "example": example,
    }


def _answer(meant: Any) -> dict[str, Any]:
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
        "content": {_JSON: {"schema": {"oneOf": schemas} if schemas[1:] else schemas[0]}},
    }


def _act_line() -> dict[str, Any]:
    """One line of the flat act format, as JSON says it."""
    numbers = {Sort.WHOLE, Sort.DECIMAL}
    properties = {
        field.column: {"type": ["string", "number", "null"] if said.sort in numbers else ["string", "null"]}
        for field, said in FORMATS.items()
        if field is not Field.AMOUNT_CENTS
    }
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _why() -> dict[str, Any]:
    """The reason that an operator gives."""
    reason = {"type": "string", "minLength": 1, "maxLength": REASON_LETTERS_MAX}
    return {
        "type": "object",
        "properties": {"reason": reason},
        "required": ["reason"],
        "additionalProperties": False,
    }


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
