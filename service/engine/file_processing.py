"""Files in, receipts out: the parts wired together, and nothing else."""

import os
import platform
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import psutil

from core.errors import EngineError
from core.stage_timing import StageTimes
from ingest.queue.admission import remove_undecided
from ingest.queue.file_feed import FileFeed, ProcessingRequest, RejectedFile
from ingest.spool.spool import Spool
from posting import pipeline
from posting.batch import Batch, BatchResult, Tally
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore
from service.database import command_queries
from service.database.embedded import Database
from service.results import pain002_files
from service.results.pain002_files import Pain002File
from service.results.receipts import Reason, Receipt
from service.settings import Settings
from service.terminal.processing_progress import (
    FileProgress,
    ProcessingProgress,
    ProgressReporter,
    report_progress,
)
from service.terminal.signals import Interruption

Store = TypeVar("Store", bound=PostgresStore)
_STOPPING = "Stopping after the batches under way; once more stops at once."


class FileRejection(msgspec.Struct, frozen=True):
    """A file refused whole; nothing of it was decided."""

    file: str
    error: str
    where: str
    found: str
    remedy: str


class Speed(msgspec.Struct, frozen=True):
    """What a run took, from the start of the command to the last commit."""

    lines: int
    seconds: float
    lines_a_second: float
    working_seconds: float
    """The part of it after the start of the database and the loading of the book."""
    indexing_seconds: float
    """Building of look-up indexes, after the last commit."""
    core_microseconds_a_line: float
    """Processor time of this process alone, while working."""
    peak_memory_bytes: int
    stage_microseconds_a_line: dict[str, float]
    """Core-microseconds a line of each stage, in this process."""


class MissingFile(msgspec.Struct, frozen=True):
    """A submission that waits for its file."""

    submission: int
    reason: str


class ProcessingResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the files of a run."""

    receipts: list[Receipt]
    known: list[Receipt]
    """Of files processed before."""
    rejected: list[FileRejection]
    twice: list[str]
    """Paths with the same bytes as another one of the run, which were taken once."""
    reasons: list[Reason]
    batch: int
    chain: str
    """The hash of the last batch."""
    speed: Speed
    is_interrupted: bool
    lost: list[MissingFile]
    """Set aside: their files are gone from the spool, and must be sent again."""
    answered: list[Pain002File]
    """Payment files, and their pain.002."""


@dataclass(slots=True)
class StoppableFeed:
    """A feed that ends when it is asked to; what it has not given yet waits for the next run."""

    feed: FileFeed
    is_stopping: bool = False

    def stop(self) -> None:
        """Give no further batch."""
        self.is_stopping = True

    async def open(self, loaded: LoadedBook) -> None:
        """Stand where the last commit left off."""
        await self.feed.open(loaded)

    def produce_batches(self) -> Generator[Batch]:
        """The feed's batches until the stop."""
        return self._until_stopped(self.feed.produce_batches())

    def stop_producing(self) -> None:
        """No batch is asked for any more."""
        self.feed.stop_producing()

    def retry_held(self, decided: Batch) -> Iterator[Batch]:
        """The feed's held acts until the stop."""
        return self._until_stopped(self.feed.retry_held(decided))

    def _until_stopped(self, batches: Iterator[Batch]) -> Generator[Batch]:
        for batch in batches:
            if self.is_stopping:
                return
            yield batch


@dataclass(slots=True)
class ProcessingClock:
    """When the work began and when the last commit was."""

    progress: ProcessingProgress
    stages: StageTimes = field(default_factory=StageTimes)
    started_at: float = field(default_factory=time.time)
    processor_start: float = field(default_factory=time.process_time)
    last_commit: float = field(default_factory=time.time)
    processor_seconds: float = 0.0
    """Processor seconds up to the last commit."""
    indexing_seconds: float = 0.0

    def record_commit(self, outcome: BatchResult, submissions: list[int]) -> None:
        """Note a committed batch."""
        decided = ((row.submission, _count_decided(row.tally)) for row in outcome.progress)
        self.progress.advance(decided, submissions)
        self.last_commit, self.processor_seconds = time.time(), time.process_time() - self.processor_start

    @contextmanager
    def time_indexing(self) -> Iterator[None]:
        """Note how long the body takes."""
        start = time.perf_counter()
        yield
        self.indexing_seconds = time.perf_counter() - start

    def measure_speed(self) -> Speed:
        """What it all took."""
        lines = self.progress.committed_lines
        seconds = self.last_commit - read_start_time()
        unit = 1 if sys.platform == "darwin" else 1024
        return Speed(
            lines=lines,
            seconds=round(seconds, 3),
            lines_a_second=round(lines / seconds),
            working_seconds=round(self.last_commit - self.started_at, 3),
            indexing_seconds=round(self.indexing_seconds, 3),
            core_microseconds_a_line=round(self.processor_seconds * 1e6 / max(lines, 1), 3),
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
            stage_microseconds_a_line={
                stage: round(spent / 1e3 / max(lines, 1), 4)
                for stage, spent in self.stages.nanoseconds.items()
            },
        )


def read_start_time() -> float:
    """When this process began, in seconds since 1970.

    The system counts ticks from its start, but tells when that was in whole seconds only: hence the detour.
    """
    if sys.platform != "linux":
        return psutil.Process().create_time()
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


def require_accepted(result: ProcessingResult, origin: str) -> ProcessingResult:
    """``result``, in which our own acts of ``what`` are; a file of ours that is refused whole is no outcome to go on with.

    Raises
    ------
    EngineError
        The acts were refused whole.
    """
    if result.rejected:
        raise EngineError(f"the acts of {origin} were refused whole: {result.rejected[0].found}")
    return result


def _count_decided(tally: Tally) -> int:
    return tally.accepted + tally.duplicate + tally.refused + tally.suspended


class EngineContext(NamedTuple):
    """Where files are processed, and by which nomenclature and chart."""

    settings: Settings
    database: Database
    reference: ReferenceData


def load_reference(settings: Settings) -> ReferenceData:
    """The reference data that the settings name: our own where they name none."""
    return ReferenceData.load(settings.reference) if settings.reference else ReferenceData.load()


async def process_files(
    context: EngineContext, order: ProcessingRequest, interruption: Interruption, reporter: ProgressReporter
) -> ProcessingResult:
    """Bring the files of ``order``, and what earlier runs left, to their end in an open database.

    Raises
    ------
    EngineError
        The engine cannot go on; what is committed stays, and the same call goes on from there.
    """
    course = ProcessingProgress(order.paths)
    async with open_store(context.database, PostgresStore, context.settings.command_seconds) as store:
        clock = ProcessingClock(course)
        spool = Spool(context.settings.data / "spool")
        await remove_undecided(spool, store)
        files = FileFeed(replace(order, on_admitted=course.admit), spool, store, clock.stages)
        feed = StoppableFeed(files)
        left = await command_queries.read_unfinished(store.connection)
        course.resume(FileProgress(each.file, each.size_bytes, each.lines, each.decided) for each in left)

        def committed(outcome: BatchResult) -> None:
            clock.record_commit(outcome, files.processed)
            files.missing_files.handle_commit(outcome)

        told = pipeline.PipelineSettings(
            stages=clock.stages,
            on_committed=committed,
            on_failed=lambda batch, cause: reporter.report_activity(
                f"batch {batch} failed, once more from the last commit: {cause!r}"
            ),
        )
        with interruption.stop_with(feed.stop, _STOPPING):
            async with report_progress(course, reporter):
                await Pipeline(store, context.reference, told).run(feed)
        if not feed.is_stopping:
            reporter.report_activity("indexing what came")
            with clock.time_indexing():
                await store.fetch("summarise_indexes")
        return await _build_result(context, store, feed, clock)


@asynccontextmanager
async def open_store(
    database: Database, create: Callable[[str], Store], command_seconds: int
) -> AsyncIterator[Store]:
    """The lease on the database, held by a store that is ``made`` for its address."""
    holder = f"process {os.getpid()} on {platform.node()}"
    with command_queries.translate_database_errors(database.dsn):
        store = create(database.dsn)
        store.limit_command_time(command_seconds)
        async with store.own_lease(holder):
            yield store


async def _build_result(
    context: EngineContext, store: PostgresStore, feed: StoppableFeed, clock: ProcessingClock
) -> ProcessingResult:
    files = feed.feed
    batch, chain = await command_queries.read_chain_head(store.connection)
    receipts = await command_queries.read_receipts(store.connection, files.processed)
    known = await command_queries.read_receipts(
        store.connection, [each.submission for each in files.already_processed]
    )
    ended = pain002_files.ProcessedFiles([*receipts, *known], files.rejected)
    return ProcessingResult(
        receipts=receipts,
        known=known,
        rejected=[_to_rejected_file(each) for each in files.rejected],
        twice=[] if feed.is_stopping else _list_repeated_paths(files, clock.progress),
        reasons=await command_queries.read_reasons(store.connection, files.processed),
        batch=batch,
        chain=chain,
        speed=clock.measure_speed(),
        is_interrupted=feed.is_stopping,
        lost=[MissingFile(number, files.missing_files.find_reason(number)) for number in files.missing_files],
        answered=await pain002_files.write_reports(context.settings, context.database.dsn, ended),
    )


def _list_repeated_paths(files: FileFeed, progress: ProcessingProgress) -> list[str]:
    """Paths that were neither taken up nor refused nor known: their bytes came under another name."""
    met = {
        *progress.admitted,
        *(each.path for each in files.already_processed),
        *(each.path for each in files.rejected),
    }
    names = {file.name for file in progress.files}
    return [str(path) for path in progress.paths if path not in met and path.name not in names]


def _to_rejected_file(rejected: RejectedFile) -> FileRejection:
    error = rejected.error
    return FileRejection(str(rejected.path), type(error).__name__, error.place, error.finding, error.remedy)
