"""Dry runs: what would become of a form or a file, decided as of now and taken back."""

import asyncio

import numpy as np

from core.errors import LimitExceeded
from ingest.queue.dry_runs import LINES_MAX, FormLines, Question
from ingest.queue.form_batcher import Answer as Settled
from ingest.spool.spool import Spooled
from ingest.validation.file_totals import Inspection
from ingest.validation.file_validation import inspect
from posting.batch import Rehearsed
from reporting.refusals import Language
from service.auth.perimeter import Perimeter
from service.http.service_context import Desk
from service.results.dry_run_result import After, DryRun, told

BYTES_MAX = 2**26


async def rehearse(desk: Desk, sender: str, lines: FormLines | Spooled, is_atomic: bool = False) -> Rehearsed:
    """Decide ``lines`` as of now, in their turn, and take it back.

    Raises
    ------
    Problem
        As many dry runs wait as can wait.
    """
    desk.check_rehearsals(sender)
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


async def prove(desk: Desk, spooled: Spooled, perimeter: Perimeter) -> Inspection:
    """Prove a file that is to be decided for show.

    Raises
    ------
    InputError
        It would be refused whole, or has more lines than a dry run takes.
    """
    total = await desk.proving.run(spooled.envelope.sender, inspect, spooled, perimeter.see)
    if total.lines > LINES_MAX:
        remedy = f"A dry run takes up to {LINES_MAX:,}: split the file"
        raise LimitExceeded(spooled.name, f"{total.lines:,} lines", remedy)
    return total


async def rehearse_file(desk: Desk, spooled: Spooled, total: Inspection, language: Language) -> DryRun:
    """Decide a proved file as of now.

    Raises
    ------
    Problem
        As many dry runs wait as can wait.
    """
    found = await rehearse(desk, spooled.envelope.sender, spooled)
    file, after = (spooled.name, total), After(found.batch, desk.inbox.first_node)
    return await asyncio.to_thread(told, file, found.passes, after, (await desk.names(), language))
