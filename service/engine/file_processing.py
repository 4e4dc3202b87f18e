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
from core.stage_timing import Stages
from ingest.queue.admission import sweep
from ingest.queue.file_feed import FileFeed, Order, Rejected
from ingest.spool.spool import Spool
from posting import pipeline
from posting.batch import Batch, Outcome, Tally
from posting.book.registry import Reference
from posting.pipeline import Pipeline
from posting.recovery.book_loading import Loaded
from posting.store.journal_store import PostgresStore
from service.database import command_queries
from service.database.embedded import Database
from service.results import pain002_files
from service.results.pain002_files import Answered
from service.results.receipts import Reason, Receipt
from service.settings import Settings
from service.terminal.processing_progress import Course, File, Narrator, followed
from service.terminal.signals import Interruption

Store = TypeVar("Store", bound=PostgresStore)
_STOPPING = "Stopping after the batches under way; once more stops at once."


class Rejection(msgspec.Struct, frozen=True):
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


class Lost(msgspec.Struct, frozen=True):
    """A submission that waits for its file."""

    submission: int
    reason: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the files of a run."""

    receipts: list[Receipt]
    known: list[Receipt]
    """Of files processed before."""
    rejected: list[Rejection]
    twice: list[str]
    """Paths with the same bytes as another one of the run, which were taken once."""
    reasons: list[Reason]
    batch: int
    chain: str
    """The hash of the last batch."""
    speed: Speed
    is_interrupted: bool
    lost: list[Lost]
    """Set aside: their files are gone from the spool, and must be sent again."""
    answered: list[Answered]
    """Payment files, and their pain.002."""


@dataclass(slots=True)
class Stoppable:
    """A feed that ends when it is asked to; what it has not given yet waits for the next run."""

    feed: FileFeed
    is_stopping: bool = False

    def stop(self) -> None:
        """Give no further batch."""
        self.is_stopping = True

    async def open(self, loaded: Loaded) -> None:
        """Stand where the last commit left off."""
        await self.feed.open(loaded)

    def batches(self) -> Generator[Batch]:
        """The feed's batches until the stop."""
        return self._until_stopped(self.feed.batches())

    def end(self) -> None:
        """No batch is asked for any more."""
        self.feed.end()

    def again(self, decided: Batch) -> Iterator[Batch]:
        """The feed's held acts until the stop."""
        return self._until_stopped(self.feed.again(decided))

    def _until_stopped(self, batches: Iterator[Batch]) -> Generator[Batch]:
        for batch in batches:
            if self.is_stopping:
                return
            yield batch


@dataclass(slots=True)
class Clock:
    """When the work began and when the last commit was."""

    course: Course
    stages: Stages = field(default_factory=Stages)
    began: float = field(default_factory=time.time)
    processor: float = field(default_factory=time.process_time)
    last_commit: float = field(default_factory=time.time)
    spent: float = 0.0
    """Processor seconds up to the last commit."""
    indexed: float = 0.0

    def commit(self, outcome: Outcome, taken: list[int]) -> None:
        """Note a committed batch."""
        decided = ((row.submission, _decided(row.tally)) for row in outcome.progress)
        self.course.advance(decided, taken)
        self.last_commit, self.spent = time.time(), time.process_time() - self.processor

    @contextmanager
    def indexing(self) -> Iterator[None]:
        """Note how long the body takes."""
        start = time.perf_counter()
        yield
        self.indexed = time.perf_counter() - start

    def speed(self) -> Speed:
        """What it all took."""
        lines = self.course.lines
        seconds = self.last_commit - started()
        unit = 1 if sys.platform == "darwin" else 1024
        return Speed(
            lines=lines,
            seconds=round(seconds, 3),
            lines_a_second=round(lines / seconds),
            working_seconds=round(self.last_commit - self.began, 3),
            indexing_seconds=round(self.indexed, 3),
            core_microseconds_a_line=round(self.spent * 1e6 / max(lines, 1), 3),
            peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit,
            stage_microseconds_a_line={
                stage: round(spent / 1e3 / max(lines, 1), 4)
                for stage, spent in self.stages.nanoseconds.items()
            },
        )


def started() -> float:
    """When this process began, in seconds since 1970.

    The system counts ticks from its start, but tells when that was in whole seconds only: hence the detour.
    """
    if sys.platform != "linux":
        return psutil.Process().create_time()
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")


def proved(result: Result, what: str) -> Result:
    """``result``, in which our own acts of ``what`` are; a file of ours that is refused whole is no outcome to go on with.

    Raises
    ------
    EngineError
        The acts were refused whole.
    """
    if result.rejected:
        raise EngineError(f"the acts of {what} were refused whole: {result.rejected[0].found}")
    return result


def _decided(tally: Tally) -> int:
    return tally.accepted + tally.duplicate + tally.refused + tally.suspended


class Where(NamedTuple):
    """Where files are processed, and by which nomenclature and chart."""

    settings: Settings
    database: Database
    reference: Reference


def reference_of(settings: Settings) -> Reference:
    """The reference data that the settings name: our own where they name none."""
    return Reference.load(settings.reference) if settings.reference else Reference.load()


async def process(where: Where, order: Order, interruption: Interruption, teller: Narrator) -> Result:
    """Bring the files of ``order``, and what earlier runs left, to their end in an open database.

    Raises
    ------
    EngineError
        The engine cannot go on; what is committed stays, and the same call goes on from there.
    """
    course = Course(order.paths)
    async with held(where.database, PostgresStore, where.settings.command_seconds) as store:
        clock = Clock(course)
        spool = Spool(where.settings.data / "spool")
        await sweep(spool, store)
        files = FileFeed(replace(order, admitted=course.admit), spool, store, clock.stages)
        feed = Stoppable(files)
        left = await command_queries.due(store.keeper)
        course.resume(File(each.file, each.size_bytes, each.lines, each.decided) for each in left)

        def committed(outcome: Outcome) -> None:
            clock.commit(outcome, files.taken)
            files.lost.committed(outcome)

        told = pipeline.Settings(
            stages=clock.stages,
            committed=committed,
            failed=lambda batch, cause: teller.doing(
                f"batch {batch} failed, once more from the last commit: {cause!r}"
            ),
        )
        with interruption.meaning(feed.stop, _STOPPING):
            async with followed(course, teller):
                await Pipeline(store, where.reference, told).run(feed)
        if not feed.is_stopping:
            teller.doing("indexing what came")
            with clock.indexing():
                await store.fetch("index_what_came")
        return await _result(where, store, feed, clock)


@asynccontextmanager
async def held(
    database: Database, made: Callable[[str], Store], command_seconds: int
) -> AsyncIterator[Store]:
    """The lease on the database, held by a store that is ``made`` for its address."""
    holder = f"process {os.getpid()} on {platform.node()}"
    with command_queries.told(database.dsn):
        store = made(database.dsn)
        store.limit(command_seconds)
        async with store.held(holder):
            yield store


async def _result(where: Where, store: PostgresStore, feed: Stoppable, clock: Clock) -> Result:
    files = feed.feed
    batch, chain = await command_queries.chain_head(store.keeper)
    receipts = await command_queries.read_receipts(store.keeper, files.taken)
    known = await command_queries.read_receipts(store.keeper, [each.submission for each in files.known])
    ended = pain002_files.Ended([*receipts, *known], files.rejected)
    return Result(
        receipts=receipts,
        known=known,
        rejected=[_rejection(each) for each in files.rejected],
        twice=[] if feed.is_stopping else _twice(files, clock.course),
        reasons=await command_queries.read_reasons(store.keeper, files.taken),
        batch=batch,
        chain=chain,
        speed=clock.speed(),
        is_interrupted=feed.is_stopping,
        lost=[Lost(number, files.lost.reason(number)) for number in files.lost],
        answered=await pain002_files.answer(where.settings, where.database.dsn, ended),
    )


def _twice(files: FileFeed, course: Course) -> list[str]:
    """Paths that were neither taken up nor refused nor known: their bytes came under another name."""
    met = {*course.admitted, *(each.path for each in files.known), *(each.path for each in files.rejected)}
    names = {file.name for file in course.files}
    return [str(path) for path in course.paths if path not in met and path.name not in names]


def _rejection(rejected: Rejected) -> Rejection:
    error = rejected.error
    return Rejection(str(rejected.path), type(error).__name__, error.place, error.found, error.remedy)
