"""Dry runs: what would become of a form or a file, decided as of now and taken back."""

import asyncio

import numpy as np

from core.errors import LimitExceeded
from ingest.queue.dry_runs import LINES_MAX, DryRunRequest, FormLines
from ingest.queue.form_batcher import FormResult as Settled
from ingest.spool.spool import SpooledFile
from ingest.validation.file_totals import FileTotals
from ingest.validation.file_validation import validate_without_cache
from posting.batch import DryRunDecisions
from reporting.refusals import Language
from service.auth.perimeter import PerimeterCheck
from service.http.service_context import ServiceContext
from service.results.dry_run_result import BookPosition, DecidedFile, DryRunResult, build_dry_run_result

FILE_BYTES_MAX = 2**26


async def run_dry_run(
    desk: ServiceContext, sender: str, lines: FormLines | SpooledFile, is_atomic: bool = False
) -> DryRunDecisions:
    """Decide ``lines`` as of now, in their turn, and take it back.

    Raises
    ------
    Problem
        As many dry runs wait as can wait.
    """
    desk.check_dry_run_queue(sender)
    question = DryRunRequest(sender, lines, asyncio.get_running_loop().create_future(), is_atomic)
    desk.inbox.submit_dry_run(question)
    found = await question.result
    desk.metrics.increment("dry_runs_total")
    return found


def to_form_result(found: DryRunDecisions, first_node: int) -> Settled:
    """What would have become of a form, as that is told; an entry that was taken back has no number."""
    ((piece, decisions),) = found.passes
    decisions["entry"][decisions["entry"] > found.last_entry] = 0
    fields = np.where(decisions["outcome"] == piece.acts["fault"], piece.field, 0)
    return Settled(0, -1, found.after_batch, b"", decisions, fields, first_node)


async def validate_file(desk: ServiceContext, spooled: SpooledFile, perimeter: PerimeterCheck) -> FileTotals:
    """Prove a file that is to be decided for show.

    Raises
    ------
    InputError
        It would be refused whole, or has more lines than a dry run takes.
    """
    total = await desk.validation_pool.run(
        spooled.envelope.sender, validate_without_cache, spooled, perimeter.check_lines
    )
    if total.lines > LINES_MAX:
        remedy = f"A dry run takes up to {LINES_MAX:,}: split the file"
        raise LimitExceeded(spooled.name, f"{total.lines:,} lines", remedy)
    return total


async def run_file_dry_run(
    desk: ServiceContext, spooled: SpooledFile, total: FileTotals, language: Language
) -> DryRunResult:
    """Decide a proved file as of now.

    Raises
    ------
    Problem
        As many dry runs wait as can wait.
    """
    found = await run_dry_run(desk, spooled.envelope.sender, spooled)
    file = DecidedFile(spooled.name, total, found.passes)
    position = BookPosition(found.after_batch, desk.inbox.first_node)
    names = await desk.load_names()
    return await asyncio.to_thread(build_dry_run_result, file, position, names, language)
