"""Files of ``crescendo run`` as open submissions: spooled, validated, registered; unfinished submissions come first."""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from core.errors import InputError
from core.stage_timing import StageTimes
from ingest.formats.detection import may_have_charset
from ingest.queue.admission import Admission, AdmissionHooks, AdmissionResult, RegisteredSubmission
from ingest.queue.batch_cuts import BatchLimits
from ingest.queue.batch_feed import BatchFeed
from ingest.queue.decode_ahead import run_in_loop
from ingest.queue.file_queue import QueuedFile
from ingest.queue.missing_files import MissingFiles
from ingest.queue.open_submission import OpenSubmission, sort_by_progress
from ingest.resolution.resolver import ResolutionContext, Sender
from ingest.resolution.text_columns import DictionaryCache
from ingest.spool.envelope import Envelope
from ingest.spool.file_claims import FileIdentity
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import MemoryAllowance
from posting.batch import Batch
from posting.book.cells import CellNumbers
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore


class RejectedFile(NamedTuple):
    """A file refused as a whole; nothing of it was decided."""

    path: Path
    error: InputError


class AlreadyProcessed(NamedTuple):
    """A file that was processed to its end before."""

    path: Path
    submission: int


def _ignore_progress(path: Path, lines: int) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True)
class ProcessingRequest:
    """The files to be processed."""

    paths: Sequence[Path]
    declared: Envelope | None = None
    reprocess: bool = False
    """Process files once more that were processed before: what was refused may now be accepted."""
    is_internal: bool = False
    """Crescendo itself wrote the files: their sender may be one of its own."""
    awaited: Sequence[int] = ()
    """Submissions registered by an earlier call; an engine at work beside us has to decide them as well."""
    awaits_all: bool = False
    """An engine at work beside us has to decide all unfinished submissions, as this process does if it works alone."""
    on_admitted: Callable[[Path, int], None] = _ignore_progress
    """Called with each file that was validated, and its lines."""

    def declare(self, path: Path) -> Envelope | None:
        """Return what the command states about a file: its charset only if the file can be CSV."""
        if self.declared is None or not self.declared.charset or may_have_charset(path):
            return self.declared
        return msgspec.structs.replace(self.declared, charset="")


@dataclass(slots=True)
class FileFeed:
    """The files of a request as batches; implements the pipeline's feed."""

    request: ProcessingRequest
    spool: Spool
    store: PostgresStore
    stages: StageTimes = field(default_factory=StageTimes)
    limits: BatchLimits = field(default_factory=BatchLimits)
    rejected: list[RejectedFile] = field(default_factory=list)
    already_processed: list[AlreadyProcessed] = field(default_factory=list)
    processed: list[int] = field(default_factory=list)
    """Numbers of the submissions processed, in order."""
    missing_files: MissingFiles = field(init=False)
    _admission: Admission = field(init=False)
    _feed: BatchFeed = field(init=False)
    _submissions: Generator[OpenSubmission] = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _loaded: LoadedBook = field(init=False)
    _is_ended: bool = False
    _presented: set[FileIdentity] = field(default_factory=set)

    async def open(self, loaded: LoadedBook) -> None:
        """Continue from the last commit."""
        self._loop, self._loaded = asyncio.get_running_loop(), loaded
        self.rejected, self.already_processed, self._is_ended = [], [], False
        self.missing_files = MissingFiles(self.spool, self.store)
        hooks = AdmissionHooks(self.missing_files.take_returned_file, self.missing_files.remove_derived_files)
        self._admission = Admission(
            self.spool, self.store, self.stages, hooks=hooks, allowance=MemoryAllowance()
        )
        unfinished: list[OpenSubmission] = []
        for row in await self.store.fetch("due"):
            queued_file = await self.missing_files.reopen(row)
            if queued_file and (open_file := await self._open_file(queued_file)):
                unfinished.append(open_file)
        self._submissions = self._generate_submissions(sort_by_progress(unfinished))
        cells = CellNumbers(loaded.state.cell_words[1:])
        context = ResolutionContext(loaded.state.registry, cells, DictionaryCache(), loaded.secret)
        self._feed = BatchFeed(
            self._submissions, context, loaded.state, stages=self.stages, limits=self.limits
        )

    def produce_batches(self) -> Generator[Batch]:
        """Yield the batches of first passes; runs and is closed in the reader thread."""
        try:
            yield from self._feed.produce_batches()
        finally:
            self._submissions.close()

    def stop_producing(self) -> None:
        """Admit no further file."""
        self._is_ended = True

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Yield the batches to decide now that ``read`` is read; runs in the kernel thread."""
        return self._feed.order_batches(read)

    async def _open_file(self, file: QueuedFile) -> OpenSubmission | None:
        """Open a submission with its lines; None if its file is missing."""
        open_file = await self.missing_files.open_submission(file, self._loaded.state.registry.numbers)
        if open_file:
            self._note_submission(file.number, file.spooled)
        return open_file

    async def _open_new(self, new: RegisteredSubmission, spooled: SpooledFile) -> OpenSubmission:
        """Open a new submission with the lines that its validation has decoded."""
        envelope, submission = spooled.envelope, new.submission
        self.missing_files.take_up(submission.number, spooled)
        number = await self.store.number_sender(self._loaded.state.registry.numbers, submission.sender)
        self._note_submission(submission.number, spooled)
        return OpenSubmission(
            submission, Sender(number, envelope.sepa_only), new.file.source, envelope.atomic
        )

    def _note_submission(self, number: int, spooled: SpooledFile) -> None:
        self._presented.add(spooled.identity)
        if number not in self.processed:
            self.processed.append(number)

    def _generate_submissions(self, unfinished: list[OpenSubmission]) -> Generator[OpenSubmission]:
        yield from unfinished
        with ThreadPoolExecutor(1, "intake") as intake:
            # the next file is spooled and validated while this one is read
            admissions: deque[tuple[Path, Future[OpenSubmission | None]]] = deque()
            for path in self.request.paths:
                admissions.append((path, intake.submit(self._receive, path)))
                if len(admissions) > 1:
                    yield from self._collect_admission(*admissions.popleft())
            for admission in admissions:
                yield from self._collect_admission(*admission)

    def _collect_admission(
        self, path: Path, admission: Future[OpenSubmission | None]
    ) -> Iterator[OpenSubmission]:
        try:
            open_file = admission.result()  # no time limit: it reads a file, and its commands have limits
        except InputError as error:
            self.rejected.append(RejectedFile(path, error))
            return
        if open_file is not None:
            yield open_file

    def _receive(self, path: Path) -> OpenSubmission | None:
        """Spool and admit one file, unless an earlier one failed: files are registered in their order."""
        if self._is_ended:
            return None
        try:
            with self.stages.measure("spool"):
                spooled = self.spool.receive(path, path.name, self.request.declare(path))
            if spooled.identity in self._presented:
                self.spool.release(spooled.identity, is_needed=True)
                return None
            return run_in_loop(self._loop, self._admit(path, spooled))
        except InputError:
            raise
        except BaseException:
            self._is_ended = True
            raise

    async def _register(self, spooled: SpooledFile) -> AdmissionResult:
        request = self.request
        return await self._admission.admit(
            spooled, reprocess=request.reprocess, is_internal=request.is_internal
        )

    async def _admit(self, path: Path, spooled: SpooledFile) -> OpenSubmission | None:
        """Admit a spooled file; None if it was processed before, or its bytes have changed."""
        admitted = await self._register(spooled)
        if admitted.new:
            self.request.on_admitted(path, admitted.new.file.totals.lines)
            return await self._open_new(admitted.new, spooled)
        if admitted.returned:
            return await self._open_file(admitted.returned)
        self.already_processed.append(AlreadyProcessed(path, admitted.number))
        return None
