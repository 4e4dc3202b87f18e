"""Forms: one act, or a few, decided with others and answered after the commit."""

import asyncio
import time
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
import numpy as np

from core.act_fields import ACT_LINES_MAX, Field
from core.errors import FileUnreadable, FormatUnknown
from core.outcome_codes import Outcome
from core.remedies import REMEDIES
from ingest.formats.jsonl import parse_act_lines
from ingest.queue.form_batcher import Form
from ingest.queue.form_batcher import FormResult as Settled
from reporting.code_names import CodeNames
from reporting.refusals import Language, select_language
from service.auth.credentials import Caller
from service.auth.perimeter import PerimeterCheck
from service.http.handlers.dry_runs import run_dry_run, to_form_result
from service.http.http_messages import Request, Response, respond
from service.http.problems import Problem
from service.http.request_body import read_small_body
from service.http.service_context import ServiceContext

BODY_BYTES_MAX = 2**20
_REFERENCE_COLUMN = Field.REFERENCE.column
_LINE_COLUMN = Field.LINE.column
_DUPLICATE = int(Outcome.DUPLICATE)
"""Looked up once: every form comes by here."""

_OUTCOME_NAMES: Mapping[int, str] = {int(code): code.name for code in Outcome}
_FIRST_LINES = frozenset({"", "1"})
_FORM_OUTCOMES: Mapping[int, str] = {int(Outcome.ACCEPTED): "accepted", _DUPLICATE: "duplicate"}
MEDIA_TYPES = frozenset({"", "application/json"})


class LineDecision(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one line."""

    reference: str
    outcome: str
    """``ACCEPTED``, ``DUPLICATE``, or the code of the refusal."""
    entry: int = 0
    """Its document number; of a duplicate, the one it repeats."""
    field: str = ""
    node: str = ""
    """The budget node that refused, in words."""
    missing: int = 0
    """Cents missing there."""
    finding: str = ""
    action: str = ""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a form, as it is committed."""

    outcome: str
    """``accepted``, ``duplicate``, ``refused``, or ``mixed`` where its acts ended differently."""
    submission: int
    line: int
    """Position of its first line among the sender's forms, from 1."""
    batch: int
    chain: str
    lines: list[LineDecision]
    dry_run: bool = False
    """Whether it was decided for show and taken back: it has no numbers then, and ``batch`` is the one before it."""


class FormHandler:
    """The handler of ``/v1/acts``."""

    def __init__(self, desk: ServiceContext) -> None:
        self._desk = desk

    async def decide(self, request: Request) -> Response:
        """Decide a form: one line, or an array of lines; an act's lines are accepted all or not at all.

        With ``atomic``, so are its acts; with ``dry_run``, it is decided as of now and taken back.
        """
        request.allow_only("dry_run", "atomic")
        if request.get_header("content-type").partition(";")[0].strip().lower() not in MEDIA_TYPES:
            told = "A form is JSON"
            raise Problem(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type-unknown", told, accepted=["application/json"]
            )
        self._desk.check_accepting_work()
        self._desk.check_sender(request.caller.sender, is_file=False)
        with self._desk.form_quota.open_share(request.caller.sender) as share:
            return await self._decide_body(
                request, await read_small_body(request.receive, BODY_BYTES_MAX, share)
            )

    async def _decide_body(self, request: Request, body: bytes) -> Response:
        rows = parse_act_lines(body, "form", ACT_LINES_MAX)
        _check_form(rows, request.caller)
        is_dry, is_atomic = request.get_flag("dry_run"), request.get_flag("atomic")
        settled = await (self._dry_run_form if is_dry else self._post_form)(
            request.caller.sender, (rows, body), is_atomic
        )
        decision = _build_decision(rows, settled, await self._desk.load_names(), request.language)
        return respond(msgspec.structs.replace(decision, dry_run=is_dry))

    async def _post_form(
        self, sender: str, said: tuple[list[dict[str, str]], bytes], is_atomic: bool
    ) -> Settled:
        form = Form(sender, *said, asyncio.get_running_loop().create_future(), is_atomic)
        self._desk.inbox.submit_form(form)
        settled = await form.result
        self._desk.metrics.observe("form_seconds", time.monotonic() - form.received_at)
        return settled

    async def _dry_run_form(
        self, sender: str, said: tuple[list[dict[str, str]], bytes], is_atomic: bool
    ) -> Settled:
        return to_form_result(
            await run_dry_run(self._desk, sender, said[0], is_atomic), self._desk.inbox.first_node
        )


def _check_form(rows: list[dict[str, str]], who: Caller) -> None:
    """Whether the caller may send it, and whether it stands by itself.

    Raises
    ------
    Problem
        Out of role or perimeter.
    FormatUnknown, FileUnreadable
        A first line that continues an act which other forms would have to hold; a character that no database keeps.
    """
    if rows[0].get(_LINE_COLUMN, "") not in _FIRST_LINES:
        raise FormatUnknown(
            "form", "it begins in the middle of an act", "Send all lines of an act in one form"
        )
    if any("\0" in text for row in rows for text in row.values()):
        raise FileUnreadable("form", "it holds a NUL", "Send text that a person could read")
    PerimeterCheck(who).check_form(rows)


def _build_decision(
    rows: list[dict[str, str]], settled: Settled, names: CodeNames, language: Language
) -> Decision:
    sorts = {_FORM_OUTCOMES.get(code, "refused") for code in settled.decisions["outcome"].tolist()}
    lines = [
        _build_line_decision((row, one, field), settled.first_node, names, language)
        for row, one, field in zip(rows, settled.decisions, settled.fields.tolist(), strict=True)
    ]
    return Decision(
        outcome=sorts.pop() if len(sorts) == 1 else "mixed",
        submission=settled.submission,
        line=settled.first_line + 1,
        batch=settled.batch,
        chain=settled.chain.hex(),
        lines=lines,
    )


def _build_line_decision(
    told: tuple[dict[str, str], np.void, int], first_node: int, names: CodeNames, language: Language
) -> LineDecision:
    row, one, field = told
    code, reference = int(one["outcome"]), row.get(_REFERENCE_COLUMN, "")
    if code <= _DUPLICATE:
        return LineDecision(reference=reference, outcome=_OUTCOME_NAMES[code], entry=int(one["entry"]))
    node = int(one["node"])
    finding, action = select_language(REMEDIES[Outcome(code)], language)
    return LineDecision(
        reference=reference,
        outcome=_OUTCOME_NAMES[code],
        field=Field(field).column if field else "",
        node=names.format_node(node + first_node) if node >= 0 else "",
        missing=int(one["missing"]),
        finding=finding,
        action=action,
    )
