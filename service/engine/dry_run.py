"""``crescendo run --dry-run``: decide files as of now, and report the outcome. Nothing is stored."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from core.errors import InputError, LeaseHeld
from core.stage_timing import StageTimes
from ingest.queue.dry_run_feed import DryRunFeed, DryRunFile
from ingest.queue.file_feed import ProcessingRequest
from ingest.queue.sender_rules import SenderCheck, create_sender_check
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import MemoryAllowance
from ingest.validation.file_validation import validate_file
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.store.journal_store import PostgresStore
from reporting import code_labels
from reporting.code_names import read_names
from service.configuration.settings import UsageError
from service.database import command_queries
from service.engine.engine_context import EngineContext
from service.engine.file_processing import open_store
from service.engine.processing_result import FileRejection
from service.results import receipt_queries
from service.results.dry_run_result import (
    BookPosition,
    DecidedFile,
    DryRunResult,
    FileContent,
    build_dry_run_result,
)
from service.terminal.processing_progress import ProgressReporter

LINES_MAX = 1_000_000
"""Lines of all files together: their decisions stay in memory until they are rolled back."""


class RepeatedFile(msgspec.Struct, frozen=True):
    """A file that counts as processed before."""

    file: str
    submission: int


class DryRunReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the files would be decided."""

    files: list[DryRunResult]
    known: list[RepeatedFile]
    rejected: list[FileRejection]
    """Files that would be refused whole."""
    twice: list[str]
    """Paths with the same bytes as another file, which would be processed once."""
    batch: int
    """The last committed batch at the time of the decision."""
    dry_run: bool = True


@dataclass(slots=True)
class _Candidates:
    """Files to decide, and those that would not be decided."""

    files: list[DryRunFile] = field(default_factory=list)
    contents: list[FileContent] = field(default_factory=list)
    earlier_files: list[RepeatedFile] = field(default_factory=list)
    rejected: list[FileRejection] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


async def run_dry(
    context: EngineContext, request: ProcessingRequest, reporter: ProgressReporter
) -> DryRunReport:
    """Decide the files of ``request`` together, in order and as of now, and roll everything back.

    Raises
    ------
    UsageError
        Files of an earlier call are unfinished and would come first; or there are too many lines.
    EngineError
        The engine cannot continue, or another one is at work.
    """
    try:
        return await _run_with_lease(context, request, reporter)
    except LeaseHeld as error:
        raise LeaseHeld(f"{error}; a service at work answers crescendo submit --dry-run FILE...") from error


async def _run_with_lease(
    context: EngineContext, request: ProcessingRequest, reporter: ProgressReporter
) -> DryRunReport:
    async with open_store(context.database, PostgresStore, context.settings.command_seconds) as store:
        async with store.borrow_connection() as connection:
            unfinished = await receipt_queries.read_unfinished_receipts(connection)
        if unfinished:
            raise UsageError(
                f"{unfinished[0].file} is unfinished and would be processed first: "
                "run the command without --dry-run to finish that file"
            )
        with _open_temporary_spool(context.settings.data) as spool:
            reporter.report_activity("validating")
            candidates = await _collect_candidates(spool, store, request)
            feed = DryRunFeed(candidates.files, StageTimes())
            if feed.rows > LINES_MAX:
                raise UsageError(
                    f"the files have {feed.rows:,} lines, and a dry run accepts up to {LINES_MAX:,}: name fewer files"
                )
            reporter.report_activity("deciding")
            await Pipeline(store, context.reference, PipelineSettings(is_storing=False)).run(feed)
        return await _build_report(context, store, candidates, feed=feed)


@contextmanager
def _open_temporary_spool(data: Path) -> Iterator[Spool]:
    """Open a spool whose files are removed at the end."""
    with Spool(data / "spool").open_temporary(2**40) as spool:
        yield spool


async def _collect_candidates(spool: Spool, store: PostgresStore, request: ProcessingRequest) -> _Candidates:
    candidates, identities = _Candidates(), set[tuple[str, bytes]]()
    for path in request.paths:
        try:
            spooled = await asyncio.to_thread(spool.receive, path, path.name, request.declare(path))
            prior = await store.find_submission(*spooled.identity)
            if spooled.identity in identities:
                candidates.twice.append(str(path))
            elif prior and prior.covers_resend(again=request.reprocess):
                candidates.earlier_files.append(RepeatedFile(str(path), prior.number))
            else:
                identities.add(spooled.identity)
                check = await create_sender_check(store, spooled)
                await asyncio.to_thread(_validate, spooled, check, candidates)
        except InputError as error:
            candidates.rejected.append(FileRejection.from_error(path, error))
    return candidates


def _validate(spooled: SpooledFile, check: SenderCheck, candidates: _Candidates) -> None:
    validated = validate_file(spooled, MemoryAllowance(), check.check_lines)
    candidates.files.append(DryRunFile(spooled, validated.source))
    candidates.contents.append(FileContent(validated.totals, validated.extra_columns))


async def _build_report(
    context: EngineContext, store: PostgresStore, candidates: _Candidates, *, feed: DryRunFeed
) -> DryRunReport:
    folder = context.settings.reference
    codes = code_labels.load(folder) if folder else code_labels.load()
    async with store.borrow_connection() as connection:
        names = await read_names(connection, codes)
        batch, _ = await command_queries.read_chain_head(connection)
    position, passes = BookPosition(batch, feed.first_node), feed.result.passes if feed.result else []
    files = [
        build_dry_run_result(
            DecidedFile(
                file.spooled.name,
                content,
                [decided for decided in passes if decided.piece.submission is submission],
            ),
            position,
            names,
            language="en",
        )
        for file, content, submission in zip(
            candidates.files, candidates.contents, feed.submissions, strict=True
        )
    ]
    return DryRunReport(
        files=files,
        known=candidates.earlier_files,
        rejected=candidates.rejected,
        twice=candidates.twice,
        batch=batch,
    )
