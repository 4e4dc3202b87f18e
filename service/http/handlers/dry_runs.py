"""Dry runs of forms and files: decide them against the current state, and undo everything."""

import asyncio

from core.errors import LimitExceeded
from ingest.queue.dry_runs import LINES_MAX, DryRunRequest, FormLines
from ingest.queue.form_batcher import FormResult
from ingest.queue.inbox import Inbox
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import MemoryAllowance
from ingest.validation.file_validation import ObserveLines, validate_file
from monitoring.service_metrics import ServiceMetrics
from posting.batch import DryRunDecisions
from posting.missing_amounts import read_missing_cents
from posting.outcome_rows import find_fields
from reporting.refusals import Language
from service.auth.perimeter import PerimeterCheck
from service.http.name_cache import NameCache
from service.http.queue_limits import QueueLimits
from service.http.validation_pool import ValidationPool
from service.results.dry_run_result import (
    BookPosition,
    DecidedFile,
    DryRunResult,
    FileContent,
    build_dry_run_result,
)

FILE_BYTES_MAX = 2**26


class DryRunner:
    """Runs dry runs; each takes its turn in the engine as a batch of its own."""

    def __init__(
        self,
        inbox: Inbox,
        limits: QueueLimits,
        validation_pool: ValidationPool,
        *,
        metrics: ServiceMetrics,
        names: NameCache,
    ) -> None:
        self._inbox, self._limits, self._validation_pool = inbox, limits, validation_pool
        self._metrics, self._names = metrics, names

    async def run_form(self, sender: str, rows: FormLines, *, is_atomic: bool) -> FormResult:
        """Decide a form and undo it; entries that were undone have no number in the result.

        Raises
        ------
        Problem
            Too many dry runs wait.
        """
        outcome = await self._run(sender, rows, is_atomic=is_atomic)
        ((piece, decisions),) = outcome.passes
        fields = find_fields(decisions["outcome"], piece.acts["fault"], piece.field)
        return FormResult(
            0,
            -1,
            outcome.after_batch,
            b"",
            decisions,
            fields,
            read_missing_cents(piece, decisions),
            self._inbox.first_node,
        )

    async def validate_file(self, spooled: SpooledFile, perimeter: PerimeterCheck) -> FileContent:
        """Validate a file before its dry run.

        Raises
        ------
        InputError
            The whole file would be refused, or it has more lines than a dry run accepts.
        """
        content = await self._validation_pool.run(
            spooled.envelope.sender, _validate, spooled, perimeter.check_lines
        )
        if content.totals.lines > LINES_MAX:
            remedy = f"A dry run accepts up to {LINES_MAX:,} lines: split the file"
            raise LimitExceeded(spooled.name, f"{content.totals.lines:,} lines", remedy)
        return content

    async def run_file(self, spooled: SpooledFile, content: FileContent, language: Language) -> DryRunResult:
        """Decide a validated file and undo it.

        Raises
        ------
        Problem
            Too many dry runs wait.
        """
        outcome = await self._run(spooled.envelope.sender, spooled)
        position = BookPosition(outcome.after_batch, self._inbox.first_node)
        file = DecidedFile(spooled.name, content, outcome.passes)
        names = await self._names.load()
        return await asyncio.to_thread(build_dry_run_result, file, position, names, language=language)

    async def _run(
        self, sender: str, lines: FormLines | SpooledFile, *, is_atomic: bool = False
    ) -> DryRunDecisions:
        self._limits.check_dry_run(sender)
        request = DryRunRequest(sender, lines, asyncio.get_running_loop().create_future(), is_atomic)
        self._inbox.dry_runs.add(request)
        outcome = await request.result
        self._metrics.increment("dry_runs_total")
        return outcome


def _validate(spooled: SpooledFile, observe: ObserveLines) -> FileContent:
    """Validate a file; no decoded lines stay in memory."""
    validated = validate_file(spooled, MemoryAllowance(0), observe)
    return FileContent(validated.totals, validated.extra_columns)
