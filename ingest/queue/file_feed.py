"""From files to open submissions: spooled, proved, registered; what was left unfinished comes first."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from core.errors import InputError
from core.stage_timing import StageTimes
from ingest.queue.batch_feed import BatchFeed, OpenSubmission
from ingest.queue.file_queue import QueuedFile
from ingest.queue.missing_files import MissingFiles
from ingest.resolution.resolver import ResolutionContext, Sender
from ingest.resolution.text_columns import DictionaryCache
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool, SpooledFile
from ingest.validation.decoded_cache import LineSource, MemoryAllowance
from ingest.validation.file_totals import FileTotals
from ingest.validation.file_validation import validate_file
from posting.batch import Batch, Submission
from posting.book.cells import CellNumbers
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import NewSubmission, PostgresStore

Result = TypeVar("Result")


class RejectedFile(NamedTuple):
    """A file refused as a whole; nothing of it was decided."""

    path: Path
    error: InputError


class AlreadyProcessed(NamedTuple):
    """A file that was processed to its end before."""

    path: Path
    submission: int


def _ignore_progress(path: Path, lines: int) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class ProcessingRequest:
    """What is to be taken in."""

    paths: Sequence[Path]
    declared: Envelope | None = None
    reprocess: bool = False
    """Present files anew that were processed before: what was refused may now pass."""
    on_admitted: Callable[[Path, int], None] = _ignore_progress
    """Told of each file that was proved, and its lines."""


@dataclass(slots=True)
class FileFeed:
    """The files of an order as batches; implements the pipeline's feed."""

    request: ProcessingRequest
    spool: Spool
    store: PostgresStore
    stages: StageTimes = field(default_factory=StageTimes)
    rejected: list[RejectedFile] = field(default_factory=list)
    already_processed: list[AlreadyProcessed] = field(default_factory=list)
    processed: list[int] = field(default_factory=list)
    """Numbers of the submissions worked on, in order."""
    missing_files: MissingFiles = field(init=False)
    _feed: BatchFeed = field(init=False)
    _submissions: Generator[OpenSubmission] = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _loaded: LoadedBook = field(init=False)
    _allowance: MemoryAllowance = field(init=False)
    _is_ended: bool = False
    _presented: set[tuple[str, bytes]] = field(default_factory=set)

    async def open(self, loaded: LoadedBook) -> None:
        """Stand where the last commit left off."""
        self._loop, self._loaded = asyncio.get_running_loop(), loaded
        self.rejected, self.already_processed, self._allowance, self._is_ended = (
            [],
            [],
            MemoryAllowance(),
            False,
        )
        context = ResolutionContext(
            loaded.state.registry, CellNumbers(loaded.state.cell_words[1:]), DictionaryCache(), loaded.secret
        )
        self.missing_files = MissingFiles(self.spool, self.store)
        due = [await self._reopen(row) for row in await self.store.fetch("due")]
        unfinished = [each for each in due if each]
        self._submissions = self._generate_submissions(unfinished)
        self._feed = BatchFeed(self._submissions, context, loaded.state, self.stages)
        for each in unfinished:
            self._feed.remember_held(each)

    def produce_batches(self) -> Generator[Batch]:
        """Batches of first passes; runs and is closed in the reader thread."""
        try:
            yield from self._feed.produce_batches()
        finally:
            self._submissions.close()

    def stop_producing(self) -> None:
        """Take in no further file."""
        self._is_ended = True

    def retry_held(self, decided: Batch) -> Iterator[Batch]:
        """Batches of held acts; runs in the kernel thread."""
        return self._feed.retry_held(decided)

    async def _reopen(self, row: Any) -> OpenSubmission | None:
        """A submission that was registered and not finished, from the spool; None where its file is lost."""
        ticket = await self.missing_files.reopen(row)
        return await self._open_ticket(ticket) if ticket else None

    async def _open_ticket(self, ticket: QueuedFile) -> OpenSubmission | None:
        """A submission with its lines, where it stands; None where its file is lost."""
        found = await self.missing_files.open_submission(ticket, self._loaded.state.registry.numbers)
        if found:
            self._presented.add(ticket.spooled.identity)
            self._note_processed(ticket.number)
        return found

    async def _open_registered(
        self, submission: Submission, said: Envelope, lines: LineSource
    ) -> OpenSubmission:
        numbers = self._loaded.state.registry.numbers
        sender = Sender(await self.store.number_sender(numbers, submission.sender), said.sepa_only)
        self._note_processed(submission.number)
        return OpenSubmission(submission, sender, lines, said.atomic)

    def _note_processed(self, number: int) -> None:
        if number not in self.processed:
            self.processed.append(number)

    def _generate_submissions(self, unfinished: list[OpenSubmission]) -> Generator[OpenSubmission]:
        yield from unfinished
        with ThreadPoolExecutor(1, "intake") as intake:
            # the next file is spooled and proved while this one is read
            ahead: deque[tuple[Path, Future[OpenSubmission | None]]] = deque()
            for path in self.request.paths:
                ahead.append((path, intake.submit(self._admit, path)))
                if len(ahead) > 1:
                    yield from self._collect_admission(*ahead.popleft())
            for waiting in ahead:
                yield from self._collect_admission(*waiting)

    def _collect_admission(
        self, path: Path, admission: Future[OpenSubmission | None]
    ) -> Iterator[OpenSubmission]:
        try:
            found = admission.result()
        except InputError as error:
            self.rejected.append(RejectedFile(path, error))
            return
        if found is not None:
            yield found

    def _admit(self, path: Path) -> OpenSubmission | None:
        """Take one file in, unless one before it could not be: files are registered in their order."""
        if self._is_ended:
            return None
        try:
            return self._receive(path)
        except InputError:
            raise
        except BaseException:
            self._is_ended = True
            raise

    def _receive(self, path: Path) -> OpenSubmission | None:
        """Spool, prove and register one file; None when it was processed before."""
        with self.stages.measure("spool"):
            spooled = self.spool.receive(path, path.name, self.request.declared)
        is_new = spooled.identity not in self._presented
        found = self._admit_spooled(path, spooled) if is_new else None
        self.spool.release(spooled.identity, is_needed=True)
        return found

    def _admit_spooled(self, path: Path, spooled: SpooledFile) -> OpenSubmission | None:
        """Prove and register a spooled file; refused, it is gone unless an earlier submission needs it."""
        before = self._wait(self.store.find_submission(*spooled.identity))
        if before and (ticket := self.missing_files.take_returned(before.number, spooled)):
            return self._wait(self._open_ticket(ticket))
        if before and before.covers_resend(again=self.request.reprocess):
            self.already_processed.append(AlreadyProcessed(path, before.number))
            return None
        try:
            with self.stages.measure("prove"):
                found = validate_file(spooled, self._allowance)
        except BaseException as error:  # refused, or a disk that is full: then all the more
            if isinstance(error, InputError):
                error.batch_id = spooled.envelope.batch_id
            self.spool.release(spooled.identity, is_needed=before is not None)
            raise
        attempt = before.attempt + 1 if before else 1
        self.spool.write_envelope(spooled)
        submission = self._wait(
            self.store.register_submission(build_submission_row(spooled, found.totals, attempt))
        )
        self._presented.add(spooled.identity)
        self.request.on_admitted(path, found.totals.lines)
        self.missing_files.take_up(submission.number, spooled)
        return self._wait(self._open_registered(submission, spooled.envelope, found.source))

    def _wait(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """The reader thread's way to ask the store."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


def build_submission_row(
    spooled: SpooledFile, found: FileTotals, attempt: int, programmes: Sequence[str] | None = None
) -> NewSubmission:
    """The row of a new submission; ``programmes`` are those that its lines name, where that is known."""
    envelope = spooled.envelope
    file = (spooled.sha256, spooled.name, str(spooled.format), spooled.size_bytes)
    return NewSubmission(
        envelope.sender, envelope.batch_id, *file, attempt, found.lines, found.cents, programmes
    )
