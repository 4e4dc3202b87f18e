"""What each route does, one row each: what is asked, what is answered, and an example."""

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import msgspec

from monitoring.live_figures import LiveFigures
from service.http.handlers import static_page
from service.http.handlers.dry_runs import DryRunResult
from service.http.handlers.forms import Decision
from service.http.handlers.metrics import EVENT_STREAM, BatchProofResult
from service.http.handlers.pain002 import MEDIA_TYPE as XML
from service.http.handlers.refused_lines import ARROW, CSV, RefusalPage
from service.http.handlers.senders import Sender
from service.http.handlers.submissions import SubmissionPage, Ticket
from service.http.handlers.uploads import UploadPage, UploadState
from service.http.openapi.operation import Operation
from service.http.openapi.query_operations import QUERY_OPERATIONS, QUERY_RESPONSE_TYPES
from service.http.problems import MEDIA_TYPE as PROBLEM
from service.http.upload_headers import ENVELOPE_HEADERS, MEDIA_TYPES, OCTET_STREAM, SENDER_HEADER

JSON = "application/json"
UPLOAD_LENGTH = "Upload-Length"
_FORM_EXAMPLE: Mapping[str, Any] = {
    "reference": "EJ-2018-000017",
    "kind": "commitment",
    "exercise": "2018",
    "date": "2018-05-02",
    "fund_centre": "0177-D013-DD13",
    "functional_area": "0177-12",
    "commitment_item": "31",
    "amount": "1250.00",
}
FILE_HEADERS = (
    SENDER_HEADER,
    *ENVELOPE_HEADERS.values(),
    "Crescendo-Sepa-Only",
    "Content-Digest",
    "Content-Disposition",
)
"""Headers that say what a file must add up to."""

_ACT_LINE_SCHEMA: Mapping[str, Any] = {"$ref": "#/components/schemas/ActLine"}
_FORM_SCHEMA: Mapping[str, Any] = {
    "oneOf": [_ACT_LINE_SCHEMA, {"type": "array", "minItems": 1, "maxItems": 1000, "items": _ACT_LINE_SCHEMA}]
}
_EXAMPLES: Mapping[str, Any] = msgspec.json.decode(
    files("service.http.openapi").joinpath("live_examples.json").read_bytes(), type=dict[str, Any]
)
"""By path: an answer that a service gave; the first entries of its lists."""
_METRICS_PROBLEMS: Mapping[str, str] = dict.fromkeys(("401", "403", "429", "503"), PROBLEM)
"""To who may not see figures of all senders, or may not now."""
_REASON_SCHEMA: Mapping[str, Any] = {"$ref": "#/components/schemas/Why"}
_FILE_SCHEMA: Mapping[str, Any] = {"type": "string", "format": "binary"}
_FILE_EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "text/csv": {"example": f"{','.join(_FORM_EXAMPLE)}\n{','.join(_FORM_EXAMPLE.values())}\n"},
    "application/x-ndjson": {"example": f"{msgspec.json.encode(_FORM_EXAMPLE).decode()}\n"},
}
"""Files that people can read, by way of example."""
_PAIN002_EXAMPLE = (
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt>'
    "<GrpHdr><MsgId>CRSC-2-7</MsgId><CreDtTm>2018-12-14T16:02:11.094Z</CreDtTm></GrpHdr>"
    "<OrgnlGrpInfAndSts><OrgnlMsgId>LOT-12</OrgnlMsgId><OrgnlMsgNmId>crescendo.acts.1</OrgnlMsgNmId>"
    "<OrgnlNbOfTxs>2</OrgnlNbOfTxs><GrpSts>ACCP</GrpSts></OrgnlGrpInfAndSts></CstmrPmtStsRpt></Document>"
)
_PAIN002_RESPONSE: Mapping[str, Any] = {
    "description": "A status report, pain.002.001; every refused line is a transaction of it",
    "content": {
        XML: {
            "schema": {"type": "string"},
            "example": _PAIN002_EXAMPLE,
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
        for path in static_page.PATHS
    },
    ("GET", "/v1/figures"): Operation(
        "The figures of the live page, looked at after they are asked for",
        {"200": LiveFigures, **_METRICS_PROBLEMS},
        example=_EXAMPLES["/v1/figures"],
    ),
    ("GET", "/v1/live"): Operation(
        f"The same figures about once a second, for five minutes ({EVENT_STREAM}; each event is named figures)",
        {"200": "A stream of events", **_METRICS_PROBLEMS},
    ),
    ("GET", "/v1/batches/{batch}/proof"): Operation(
        "Hash the rows of a batch again, and hold its figures against them",
        {"200": BatchProofResult, "404": PROBLEM, **_METRICS_PROBLEMS},
        example=_EXAMPLES["/v1/batches/{batch}/proof"],
    ),
    ("GET", "/docs"): Operation("This description, to be read", {"200": "A page"}),
    ("GET", "/docs.css"): Operation("Its looks", {"200": "A style sheet"}),
    ("GET", "/openapi.json"): Operation("This description, for programs", {"200": "OpenAPI 3.1"}),
    ("POST", "/v1/acts"): Operation(
        "Decide a form with others, and answer after the commit; lines of one reference are all or nothing",
        {"200": Decision, "400": PROBLEM, "403": PROBLEM, "413": PROBLEM, "415": PROBLEM, "422": PROBLEM},
        ("atomic", "dry_run"),
        {JSON: {"schema": _FORM_SCHEMA, "example": _FORM_EXAMPLE}},
    ),
    ("POST", "/v1/submissions"): Operation(
        "Take in a file: 202 once it is durable and adds up, 200 when it was sent before or is decided already",
        {
            "200": (Ticket, DryRunResult),
            "202": Ticket,
            **dict.fromkeys(("400", "403", "408", "413", "415", "422"), PROBLEM),
        },
        ("wait", "again", "atomic", "dry_run"),
        {media: {"schema": _FILE_SCHEMA, **_FILE_EXAMPLES.get(media, {})} for media in MEDIA_TYPES},
        FILE_HEADERS,
    ),
    ("GET", "/v1/submissions"): Operation(
        "The caller's submissions, the latest first",
        {"200": SubmissionPage, "400": PROBLEM},
        ("before", "limit"),
    ),
    ("GET", "/v1/submissions/{submission}"): Operation(
        "How far a submission is, and its receipt; as pain.002 for who wants XML",
        {"200": Ticket, "400": PROBLEM, "404": PROBLEM, "422": PROBLEM},
        ("wait", "version"),
        texts={XML: _PAIN002_EXAMPLE},
    ),
    ("DELETE", "/v1/submissions/{submission}"): Operation(
        "Take a submission back that still waits; what is cancelled stays so, and a file sent again is a fresh attempt",
        {"200": Ticket, "403": PROBLEM, "404": PROBLEM, "409": PROBLEM},
    ),
    ("POST", "/v1/senders/{sender}/pause"): Operation(
        "Let a sender's work wait, for operators: files are taken and keep their place, forms are answered 503",
        {"200": Sender, "400": PROBLEM, "403": PROBLEM, "404": PROBLEM, "408": PROBLEM, "413": PROBLEM},
        body={JSON: {"schema": _REASON_SCHEMA, "example": {"reason": "amounts in cents instead of euros"}}},
    ),
    ("POST", "/v1/senders/{sender}/resume"): Operation(
        "Let a paused sender's work go on, for operators",
        {"200": Sender, "400": PROBLEM, "403": PROBLEM, "404": PROBLEM, "408": PROBLEM, "413": PROBLEM},
        body={JSON: {"schema": _REASON_SCHEMA, "example": {"reason": "the file was corrected"}}},
    ),
    ("GET", "/v1/submissions/{submission}/refusals"): Operation(
        f"Its refused lines: a page, or all of them as {CSV} or {ARROW}; in French where Accept-Language says so",
        {"200": RefusalPage, "400": PROBLEM, "404": PROBLEM, "406": PROBLEM},
        ("after", "limit"),
    ),
    ("GET", "/v1/submissions/{submission}/pain002"): Operation(
        "What became of it as ISO 20022 pain.002; in French where Accept-Language says so",
        {"200": _PAIN002_RESPONSE, "400": PROBLEM, "404": PROBLEM, "422": PROBLEM},
        ("version",),
    ),
    ("POST", "/v1/uploads"): Operation(
        "Begin a file that comes in pieces, or find it again after a cut: 201 or 200, with the next byte to send; "
        "303 where these bytes are a submission already",
        {
            "200": UploadState,
            "201": UploadState,
            "303": "The bytes are a submission already: Location names it",
            **dict.fromkeys(("400", "403", "409", "413", "415", "422"), PROBLEM),
        },
        ("again", "atomic"),
        headers=(UPLOAD_LENGTH, *FILE_HEADERS),
    ),
    ("GET", "/v1/uploads"): Operation("The caller's unfinished uploads", {"200": UploadPage}),
    ("GET", "/v1/uploads/{upload}"): Operation(
        "How far an upload is; HEAD says it in headers alone",
        {"200": UploadState, "404": PROBLEM, "409": PROBLEM},
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
        {OCTET_STREAM: {"schema": _FILE_SCHEMA}},
        ("Upload-Offset",),
    ),
    ("DELETE", "/v1/uploads/{upload}"): Operation(
        "Give an upload up, and what has arrived of it",
        {"204": "It is gone", "404": PROBLEM, "409": PROBLEM},
    ),
    **QUERY_OPERATIONS,
}
"""Every route, once: a test holds this against the routes."""

RESPONSE_TYPES = (
    *(
        Decision,
        Ticket,
        SubmissionPage,
        RefusalPage,
        LiveFigures,
        BatchProofResult,
        Sender,
        DryRunResult,
        UploadState,
        UploadPage,
    ),
    *QUERY_RESPONSE_TYPES,
)
"""What answers are made of."""
