"""``crescendo run --dry-run``: what would become of files, were they run now.  Nothing is stored."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from core.errors import InputError
from core.stage_timing import StageTimes
from ingest.queue.dry_run_feed import DryRunFeed, DryRunFile
from ingest.queue.file_feed import ProcessingRequest
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import MemoryAllowance
from ingest.validation.file_totals import FileTotals
from ingest.validation.file_validation import validate_file
from posting import pipeline
from posting.pipeline import Pipeline
from posting.store.journal_store import PostgresStore
from reporting import code_labels as codes_of
from reporting.code_names import read_names
from service.database import command_queries
from service.engine.file_processing import EngineContext, FileRejection, open_store
from service.results.dry_run_result import BookPosition, DryRunResult, build_dry_run_result
from service.settings import UsageError
from service.terminal.processing_progress import ProgressReporter

LINES_MAX = 1_000_000
"""Lines of all files together: what became of each is held in memory until it is taken back."""


class RepeatedFile(msgspec.Struct, frozen=True):
    """A file that a run would take for one it has processed already."""

    file: str
    submission: int


class DryRunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What would become of the files of a run."""

    files: list[DryRunResult]
    known: list[RepeatedFile]
    rejected: list[FileRejection]
    """Files that would be refused whole."""
    twice: list[str]
    """Paths with the same bytes as another one, which would be taken once."""
    batch: int
    """The batch they were decided after."""
    dry_run: bool = True


@dataclass(slots=True)
class _Candidates:
    """Files to be tried, and those that would not be decided."""

    files: list[DryRunFile] = field(default_factory=list)
    totals: list[tuple[str, FileTotals]] = field(default_factory=list)
    known: list[RepeatedFile] = field(default_factory=list)
    rejected: list[FileRejection] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


async def run_dry(
    context: EngineContext, order: ProcessingRequest, reporter: ProgressReporter
) -> DryRunReport:
    """Decide the files of ``order`` together, in order and as of now, and take all of it back.

    Raises
    ------
    Misuse
        An earlier run left work, which would come first; or there are too many lines.
    EngineError
        The engine cannot go on.
    """
    async with open_store(context.database, PostgresStore, context.settings.command_seconds) as store:
        if left := await command_queries.read_unfinished(store.connection):
            raise UsageError(
                f"{left[0].file} is unfinished and would come first: run without --dry-run to finish it"
            )
        with _open_temporary_spool(context.settings.data) as spool:
            reporter.report_activity("proving")
            gathered = await _collect_candidates(spool, store, order)
            trial = DryRunFeed(gathered.files, StageTimes())
            if trial.rows > LINES_MAX:
                raise UsageError(f"{trial.rows:,} lines: a dry run takes {LINES_MAX:,}, name fewer files")
            reporter.report_activity("trying")
            await Pipeline(store, context.reference, pipeline.PipelineSettings(is_storing=False)).run(trial)
        return await _build_report(context, store, gathered, trial)


@contextmanager
def _open_temporary_spool(data: Path) -> Iterator[Spool]:
    """A spool of which nothing stays."""
    with Spool(data / "spool").open_temporary(2**40) as spool:
        yield spool


async def _collect_candidates(spool: Spool, store: PostgresStore, order: ProcessingRequest) -> _Candidates:
    found, met = _Candidates(), set[tuple[str, bytes]]()
    for path in order.paths:
        try:
            spooled = await asyncio.to_thread(spool.receive, path, path.name, order.declared)
            before = await store.find_submission(*spooled.identity)
            if spooled.identity in met:
                found.twice.append(str(path))
            elif before and before.covers_resend(again=order.reprocess):
                found.known.append(RepeatedFile(str(path), before.number))
            else:
                met.add(spooled.identity)
                await asyncio.to_thread(_validate, spooled, found)
        except InputError as error:
            name = type(error).__name__
            found.rejected.append(FileRejection(str(path), name, error.place, error.finding, error.remedy))
    return found


def _validate(spooled: SpooledFile, candidates: _Candidates) -> None:
    proved = validate_file(spooled, MemoryAllowance())
    candidates.files.append(DryRunFile(spooled, proved.source))
    candidates.totals.append((spooled.name, proved.totals))


async def _build_report(
    context: EngineContext, store: PostgresStore, candidates: _Candidates, trial: DryRunFeed
) -> DryRunReport:
    folder = context.settings.reference
    names = await read_names(store.connection, codes_of.load(folder) if folder else codes_of.load())
    batch, _ = await command_queries.read_chain_head(store.connection)
    after, passes = BookPosition(batch, trial.first_node), trial.result.passes if trial.result else []
    files = [
        build_dry_run_result(
            file, [one for one in passes if one[0].submission is submission], after, (names, "en")
        )
        for file, submission in zip(candidates.totals, trial.submissions, strict=True)
    ]
    return DryRunReport(
        files=files, known=candidates.known, rejected=candidates.rejected, twice=candidates.twice, batch=batch
    )
