"""Dry runs: what would become of a form or a file, decided as of now and taken back."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np

from core.codes import Outcome
from core.errors import LimitExceeded
from ingest.forms import Answer as Settled
from ingest.inspection import inspect
from ingest.rehearsal import LINES_MAX, FormLines, Question
from ingest.spool import Spooled
from posting import outcome_rows
from posting.batch import Passed, Rehearsed
from posting.outcome_rows import Place
from reporting.refusals import Language, RefusedLine, refused_line
from service.access.perimeter import Perimeter
from service.receipts import Part, Reason, reasons
from service.web.desk import Desk

BYTES_MAX = 2**26
REFUSALS_MAX = 1000
"""Refused lines told one by one."""


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of a file, were it decided now; nothing of it is kept."""

    file: str
    lines: int
    cents: int
    accepted: Part
    duplicate: Part
    refused: Part
    reasons: list[Reason]
    """Why lines would be refused, the most frequent reason first."""
    refusals: list[RefusedLine]
    """The first of them, in the order of the file."""
    batch: int
    """The batch it was decided after."""


async def rehearse(desk: Desk, sender: str, lines: FormLines | Spooled, is_atomic: bool = False) -> Rehearsed:
    """Decide ``lines`` as of now, in their turn, and take it back.

    Raises
    ------
    Problem
        As many dry runs wait as can wait.
    """
    desk.check_rehearsals()
    question = Question(sender, lines, asyncio.get_running_loop().create_future(), is_atomic)
    desk.inbox.ask(question)
    found = await question.answer
    desk.board.count("dry_runs_total")
    return found


def as_form(found: Rehearsed, first_node: int) -> Settled:
    """What would have become of a form, as that is told; an entry that was taken back has no number."""
    ((piece, decisions),) = found.passes
    decisions["entry"][decisions["entry"] > found.last] = 0
    fields = np.where(decisions["outcome"] == piece.acts["fault"], piece.field, 0)
    return Settled(0, -1, found.batch, b"", decisions, fields, first_node)


async def rehearse_file(desk: Desk, spooled: Spooled, perimeter: Perimeter, language: Language) -> DryRun:
    """Prove a file and decide it as of now.

    Raises
    ------
    InputError
        It would be refused whole, or has more lines than a dry run takes.
    """
    total = await asyncio.to_thread(inspect, spooled, perimeter.see)
    if total.lines > LINES_MAX:
        remedy = f"A dry run takes up to {LINES_MAX:,}: split the file"
        raise LimitExceeded(spooled.name, f"{total.lines:,} lines", remedy)
    found = await rehearse(desk, spooled.envelope.sender, spooled)
    rows = await asyncio.to_thread(_refused, found.passes, desk.inbox.first_node)
    names, tally = await desk.names(), found.passes[0][0].submission.tally
    parts = {name: Part(getattr(tally, name), getattr(tally, f"{name}_cents")) for name in _OUTCOMES}
    return DryRun(
        file=spooled.name,
        lines=total.lines,
        cents=total.cents,
        **parts,
        reasons=reasons(_by_code(found.passes)),
        refusals=[refused_line(names, row, language) for row in rows],
        batch=found.batch,
    )


_OUTCOMES = ("accepted", "duplicate", "refused")


def _refused_rows(decisions: np.ndarray) -> Any:
    return np.flatnonzero(decisions["outcome"] > Outcome.HELD).astype(np.int32)


def _by_code(passes: list[Passed]) -> list[dict[str, int]]:
    """Lines and cents refused by code, the most frequent first."""
    codes = np.concatenate([told["outcome"][_refused_rows(told)] for _, told in passes])
    cents = np.concatenate([piece.cents[_refused_rows(told)] for piece, told in passes])
    found = [(int((codes == code).sum()), int(code)) for code in np.unique(codes)]
    return [
        {"code": code, "lines": lines, "cents": int(cents[codes == code].sum())}
        for lines, code in sorted(found, key=lambda each: (-each[0], each[1]))
    ]


def _refused(passes: list[Passed], first_node: int) -> list[dict[str, Any]]:
    """The first refused lines as rows of ``refusal``, in the order of the file."""
    rows = [row for one in passes if len(_refused_rows(one[1])) for row in _rows(one, first_node)]
    return sorted(rows, key=lambda row: row["line"])[:REFUSALS_MAX]


def _rows(one: Passed, first_node: int) -> Iterator[dict[str, Any]]:
    piece, decisions = one
    rows = _refused_rows(decisions)[:REFUSALS_MAX]
    table, texts = outcome_rows.refusals(piece, decisions, rows, Place(0, 0, first_node))
    columns = {name: column.tolist() for name, column in table._asdict().items()}
    for at in range(len(rows)):
        said = {name: cells.shown(at) for name, cells in zip(("reference", "found"), texts, strict=True)}
        yield {**{name: column[at] for name, column in columns.items()}, **said}
