"""Forms: one act or a few as JSON, decided in a batch with others and answered after the commit."""

import asyncio
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
import numpy as np

from core.act_fields import ACT_LINES_MAX, Field
from core.amount_fields import AmountStruct, Cents, OldCents
from core.catalog import KIND_NUMBERS
from core.errors import FileUnreadable, FormatUnknown
from core.outcome_codes import Outcome
from core.reader_failures import refuse_on_failure
from ingest.formats.jsonl import parse_act_lines
from ingest.queue.form_batcher import Form, FormResult
from ingest.queue.inbox import Inbox
from monitoring.service_metrics import ServiceMetrics
from reporting.code_names import CodeNames
from reporting.kind_remedies import find_remedy
from reporting.refusals import Language, select_language
from service.auth.credentials import Caller
from service.auth.perimeter import PerimeterCheck
from service.http.handlers.dry_runs import DryRunner
from service.http.handlers.submissions import require_sending_role
from service.http.http_messages import JSON, Request, Response, respond
from service.http.name_cache import NameCache
from service.http.openapi.examples import FORM_EXAMPLE
from service.http.openapi.operation import Operation
from service.http.openapi.parameters import ATOMIC, DRY_RUN
from service.http.openapi.problem_types import SENDING, list_problems
from service.http.problems import Problem
from service.http.queue_limits import QueueLimits
from service.http.quotas import Quota
from service.http.request_body import read_small_body
from service.http.route import Route

BODY_BYTES_MAX = 2**20
_REFERENCE_COLUMN = Field.REFERENCE.column
_KIND_COLUMN = Field.KIND.column
_LINE_COLUMN = Field.LINE.column
_DUPLICATE = int(Outcome.DUPLICATE)
"""These are looked up once, as every form needs them."""

_OUTCOME_NAMES: Mapping[int, str] = {int(code): code.name for code in Outcome}
_FIRST_LINES = frozenset({"", "1"})
_FORM_OUTCOMES: Mapping[int, str] = {int(Outcome.ACCEPTED): "accepted", _DUPLICATE: "duplicate"}
MEDIA_TYPES = frozenset({"", JSON})


class LineDecision(AmountStruct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome of one line."""

    reference: str
    outcome: str
    """``ACCEPTED``, ``DUPLICATE``, or the code of the refusal."""
    entry: int = 0
    """The number of its entry; for a duplicate, that of the line which it repeats."""
    field: str = ""
    node: str = ""
    """The budget node that lacks credits, in words."""
    missing: OldCents = 0
    """The cents that the node lacks, or an earlier act of the same sender."""
    finding: str = ""
    action: str = ""
    missing_cents: Cents = 0


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a form, after its commit."""

    outcome: str
    """``accepted``, ``duplicate``, ``refused``, or ``mixed`` where acts of the form had different outcomes."""
    submission: int
    line: int
    """Position of its first line among all lines of the sender's forms, from 1."""
    batch: int
    chain: str
    lines: list[LineDecision]
    dry_run: bool = False
    """True where the form was decided and undone: there are no entries, and ``batch`` is the batch before it."""


class ParsedForm(NamedTuple):
    """The lines of a form, and the body that they were read from, which is stored."""

    rows: list[dict[str, str]]
    body: bytes


class FormHandler:
    """Handles forms, ``POST /v1/acts``."""

    def __init__(
        self,
        limits: QueueLimits,
        byte_quota: Quota,
        inbox: Inbox,
        *,
        dry_runner: DryRunner,
        names: NameCache,
        metrics: ServiceMetrics,
    ) -> None:
        self._limits, self._byte_quota, self._inbox = limits, byte_quota, inbox
        self._dry_runner, self._names, self._metrics = dry_runner, names, metrics

    async def decide(self, request: Request) -> Response:
        """Decide a form: one line, or an array of lines; the lines of one act are accepted together or not at all.

        With ``atomic``, so are all acts of the form; with ``dry_run``, the form is decided and undone.
        """
        sender = require_sending_role(request).sender
        request.allow_only("dry_run", "atomic")
        if request.get_header("content-type").partition(";")[0].strip().lower() not in MEDIA_TYPES:
            detail = "A form must be JSON"
            raise Problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type-unknown", detail, accepted=["application/json"]
            )
        self._limits.check_form(sender)
        with self._byte_quota.open_share(sender) as share:
            body = await read_small_body(request.receive, BODY_BYTES_MAX, share)
            return await self._decide_body(request, body)

    async def _decide_body(self, request: Request, body: bytes) -> Response:
        with refuse_on_failure("form"):
            rows = parse_act_lines(body, "form", ACT_LINES_MAX)
        _check_form(rows, request.caller)
        sender, is_atomic = request.caller.sender, request.get_flag("atomic")
        is_dry_run = request.get_flag("dry_run")
        if is_dry_run:
            result = await self._dry_runner.run_form(sender, rows, is_atomic=is_atomic)
        else:
            result = await self._post(sender, ParsedForm(rows, body), is_atomic=is_atomic)
        decision = _build_decision(rows, result, await self._names.load(), language=request.language)
        return respond(msgspec.structs.replace(decision, dry_run=is_dry_run))

    async def _post(self, sender: str, parsed: ParsedForm, *, is_atomic: bool) -> FormResult:
        self._limits.check_form(sender)  # again: meanwhile the body arrived
        future = asyncio.get_running_loop().create_future()
        form = Form(sender, parsed.rows, parsed.body, future, is_atomic)
        self._inbox.forms.submit(form)
        result = await form.result
        self._metrics.observe("form_seconds", time.monotonic() - form.received_at)
        return result


def _check_form(rows: list[dict[str, str]], caller: Caller) -> None:
    """Check that the caller may send the form, and that the form does not continue an act of another form.

    Raises
    ------
    PermissionDenied
        A kind that the caller's roles may not send, or a programme outside the caller's perimeter.
    FormatUnknown, FileUnreadable
        The first line continues an act, or a text contains NUL, which PostgreSQL cannot store.
    """
    if rows[0].get(_LINE_COLUMN, "") not in _FIRST_LINES:
        raise FormatUnknown(
            "form", "The form begins in the middle of an act", "Send all lines of an act in one form"
        )
    if any("\0" in text for row in rows for text in row.values()):
        raise FileUnreadable(
            "form", "The form contains the character NUL", "Remove the character NUL from the texts"
        )
    PerimeterCheck(caller).check_form(rows)


def _build_decision(
    rows: list[dict[str, str]], result: FormResult, names: CodeNames, *, language: Language
) -> Decision:
    outcomes = {_FORM_OUTCOMES.get(code, "refused") for code in result.decisions["outcome"].tolist()}
    nodes = NodeNames(names, result.first_node)
    lines = [
        _build_line_decision(row, decision, _StatedCause(*cause), nodes=nodes, language=language)
        for row, decision, *cause in zip(
            rows, result.decisions, result.fields.tolist(), result.missing.tolist(), strict=True
        )
    ]
    return Decision(
        outcome=outcomes.pop() if len(outcomes) == 1 else "mixed",
        submission=result.submission,
        line=result.first_line + 1,
        batch=result.batch,
        chain=result.chain.hex(),
        lines=lines,
    )


class _StatedCause(NamedTuple):
    """The field that a refusal names, and the cents that it states as missing; else 0."""

    field: int
    missing: int


class NodeNames(NamedTuple):
    """The names of budget nodes, for decisions that number them from the book's first node."""

    names: CodeNames
    first_node: int

    def format_node(self, position: int) -> str:
        """Return the node at a position in words; empty where there is none."""
        return self.names.format_node(position + self.first_node) if position >= 0 else ""


def _build_line_decision(
    row: Mapping[str, str], decision: np.void, cause: _StatedCause, *, nodes: NodeNames, language: Language
) -> LineDecision:
    code, reference = int(decision["outcome"]), row.get(_REFERENCE_COLUMN, "")
    if code <= _DUPLICATE:
        return LineDecision(reference=reference, outcome=_OUTCOME_NAMES[code], entry=int(decision["entry"]))
    kind = KIND_NUMBERS.get(row.get(_KIND_COLUMN, ""), -1)
    finding, action = select_language(find_remedy(Outcome(code), kind), language)
    return LineDecision(
        reference=reference,
        outcome=_OUTCOME_NAMES[code],
        field=Field(cause.field).column if cause.field else "",
        node=nodes.format_node(int(decision["node"])),
        missing=cause.missing,
        finding=finding,
        action=action,
    )


_ACT_LINE_SCHEMA: Mapping[str, Any] = {"$ref": "#/components/schemas/ActLine"}
_FORM_SCHEMA: Mapping[str, Any] = {
    "oneOf": [
        _ACT_LINE_SCHEMA,
        {"type": "array", "minItems": 1, "maxItems": ACT_LINES_MAX, "items": _ACT_LINE_SCHEMA},
    ]
}

ROUTES = (
    Route(
        "POST",
        "/v1/acts",
        FormHandler.decide,
        Operation(
            "Decide a form, in one batch with other forms, and respond after the commit; lines with the same reference are one"
            " act, accepted whole or not at all",
            {"200": Decision, **list_problems(*SENDING, "file-unreadable", "format-unknown")},
            (ATOMIC, DRY_RUN),
            {JSON: {"schema": _FORM_SCHEMA, "example": FORM_EXAMPLE}},
        ),
    ),
)
