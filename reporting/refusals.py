"""Refused lines: their number by reason, the meaning of the reason, and the remedy."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Literal, NamedTuple

import msgspec

from core.act_fields import Field
from core.amount_fields import AmountStruct, Cents, OldCents
from core.catalog import CATALOG
from core.outcome_codes import Outcome
from core.remedies import REMEDIES
from core.remedy import Remedy
from core.senders import RESERVED_SENDERS
from reporting.code_names import CodeNames
from reporting.kind_remedies import find_remedy
from reporting.report_queries import Connection, Row, fetch
from reporting.report_tables import CellType, Column, ReportTable, TextBelow
from reporting.visibility import WHOLE_JOURNAL, Visibility

Language = Literal["en", "fr"]
FetchRows = Callable[..., Awaitable[list[Row]]]
"""Runs a named query of the reports with its arguments."""
PAGE_LINES = 5000
"""Refused lines that are read and written together, so that a report of any length needs little memory."""


class RefusalReason(msgspec.Struct, frozen=True):
    """The lines refused for one reason."""

    code: str
    lines: int
    cents: int
    submissions: int
    finding: str
    action: str
    sent_by: str = "senders"
    """``senders``, or ``crescendo`` for what Crescendo proposed itself, such as late interest."""


class Refusals(msgspec.Struct, frozen=True):
    """Refused lines by reason, those of Crescendo's own proposals after the others, the most frequent first."""

    submission: int | None
    reasons: list[RefusalReason]
    lines: int
    cents: int
    """Of all lines, as they state it; where the amount itself is at fault it means nothing."""


class RefusedLine(AmountStruct, frozen=True, kw_only=True):
    """One refused line and its reason, or many consecutive lines that were refused for one reason of form."""

    batch: int
    submission: int
    line: int
    """From 1; of many lines the first."""
    reference: str
    kind: str
    amount: OldCents
    """In cents; of many lines the sum."""
    code: str
    field: str
    found: str
    """The text in the field."""
    node: str
    """The budget node that refused the line, in words."""
    missing: OldCents
    """Cents missing at that node, or of an earlier act of the same sender; 0 if they are of another sender's act."""
    finding: str
    action: str
    last_line: int
    """The last of many lines; else the line."""
    amount_cents: Cents = 0
    missing_cents: Cents = 0


async def load_refusals(
    connection: Connection,
    *,
    submission: int | None = None,
    sender: str | None = None,
    language: Language = "en",
    visibility: Visibility = WHOLE_JOURNAL,
) -> Refusals:
    """Load the refused lines by reason, of one submission or sender or of all, as far as they are visible."""
    scope = (submission, sender, sorted(RESERVED_SENDERS))
    if visibility.is_whole:
        rows = await fetch(connection, "refusals", *scope)
    else:
        rows = await fetch(connection, "refusals_of_scope", *scope, *visibility)
    reasons = [_build_reason(row, language) for row in rows]
    lines, cents = sum(reason.lines for reason in reasons), sum(reason.cents for reason in reasons)
    return Refusals(submission, reasons, lines, cents)


def _build_reason(row: Row, language: Language) -> RefusalReason:
    finding, action = select_language(REMEDIES[Outcome(row["code"])], language)
    sent_by = "crescendo" if row["is_own"] else "senders"
    return RefusalReason(
        Outcome(row["code"]).name, row["lines"], row["cents"], row["submissions"], finding, action, sent_by
    )


async def stream_refused_lines(
    connection: Connection, names: CodeNames, submission: int, *, language: Language = "en"
) -> AsyncIterator[list[RefusedLine]]:
    """Yield all lines of a submission that are refused by now, in the order of its file, a page at a time."""
    fetch_rows = partial(fetch, connection)
    (last,) = await fetch_rows("last_batch_of_submission", submission)
    async for rows in read_refused_pages(fetch_rows, submission, size=PAGE_LINES, last=last["batch"]):
        yield [describe_refused_line(names, row, language) for row in rows]


async def read_refused_pages(
    fetch_rows: FetchRows, submission: int, *, size: int, last: int
) -> AsyncIterator[list[Row]]:
    """Read all lines refused up to batch ``last``, in the order of the file, ``size`` at a time.

    Refusals never change, so the pages of one ``last`` are consistent however slowly a reader takes them.
    """
    after, is_full = -1, True
    while is_full and (rows := await fetch_rows("refused_page", submission, after, size, last)):
        yield rows
        after, is_full = rows[-1]["line"] + rows[-1]["lines"] - 1, len(rows) == size


def describe_refused_line(names: CodeNames, row: Row, language: Language = "en") -> RefusedLine:
    """Describe a row of ``refusal`` in words."""
    code = Outcome(row["code"])
    finding, action = select_language(find_remedy(code, row["kind"]), language)
    return RefusedLine(
        batch=row["batch"],
        submission=row["submission"],
        line=row["line"] + 1,
        reference=row["reference"],
        kind=CATALOG[row["kind"]].name,
        amount=row["amount"],
        code=code.name,
        field=Field(row["field"]).column if row["field"] else "",
        found=row["found"],
        node=names.format_node(row["node"]) if row["node"] else "",
        missing=row["missing"],
        finding=finding,
        action=action,
        last_line=row["line"] + row["lines"],
    )


class RemedyTexts(NamedTuple):
    """A finding and the action to take, in one language."""

    finding: str
    action: str


def select_language(remedy: Remedy, language: Language) -> RemedyTexts:
    """Return the texts of a remedy in one language."""
    if language == "fr":
        return RemedyTexts(remedy.finding_fr, remedy.action_fr)
    return RemedyTexts(remedy.finding, remedy.action)


def build_table(refusals: Refusals) -> ReportTable:
    """Build the table by reason."""
    scope = f" of submission {refusals.submission}" if refusals.submission is not None else ""
    columns = [
        *(Column("sent by"), Column("reason")),
        *(Column("lines", CellType.COUNT), Column("euros", CellType.MONEY)),
        *(Column("what it means", CellType.PROSE), Column("what to do", CellType.PROSE)),
    ]
    rows = [
        [
            _SENT_BY[reason.sent_by],
            reason.code,
            reason.lines,
            _read_cents(reason),
            reason.finding,
            reason.action,
        ]
        for reason in refusals.reasons
    ]
    foot = ["all", "", refusals.lines, sum(_read_cents(reason) or 0 for reason in refusals.reasons), "", ""]
    return ReportTable(
        f"Refused lines{scope}" if refusals.reasons else f"No line{scope} was refused",
        columns,
        rows,
        foot,
        drop_order=("what it means", "euros", "sent by", "lines"),
    )


def _read_cents(reason: RefusalReason) -> int | None:
    """Return the sum of a reason; None where the amount itself is at fault, so that its sum means nothing."""
    return None if Outcome[reason.code] in _AMOUNT_FAULTS else reason.cents


_SENT_BY: Mapping[str, str] = {"senders": "senders", "crescendo": "Crescendo itself"}
_AMOUNT_FAULTS = frozenset({Outcome.AMOUNT_INVALID, Outcome.AMOUNT_NOT_POSITIVE, Outcome.AMOUNT_OVER_LIMIT})
_REMEDY = "what to do"
_DROP_ORDER = ("kind", "to line", _REMEDY, "euros")
"""The remedies stand below the table then; if that is too wide too, each line is shown as lines of heading and value."""


def build_lines_table(lines: list[RefusedLine]) -> ReportTable:
    """Build the table with one row per line."""
    columns = [
        *(
            Column("line", CellType.COUNT),
            Column("to line", CellType.COUNT),
            Column("reference"),
            Column("kind"),
            Column("euros", CellType.MONEY),
        ),
        *(
            Column("reason"),
            Column("field"),
            Column("found", CellType.PROSE),
            Column("node"),
            Column("missing", CellType.MONEY),
            Column(_REMEDY, CellType.PROSE),
        ),
    ]
    rows = [
        [
            *(line.line, line.last_line if line.last_line > line.line else None),
            *(line.reference, line.kind, line.amount, line.code, line.field, line.found),
            *(line.node, line.missing or None, line.action),
        ]
        for line in lines
    ]
    remedies = dict.fromkeys(f"{line.code}: {line.action}" for line in lines)
    title = "Refused lines, one by one" if lines else "No line was refused"
    return ReportTable(title, columns, rows, drop_order=_DROP_ORDER, below=TextBelow(_REMEDY, list(remedies)))
