"""From files to open submissions: spooled, proved, registered; what was left unfinished comes first."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from core.errors import InputError
from core.stage_timing import Stages
from ingest.queue.batch_feed import Feed, Open
from ingest.queue.file_queue import Ticket
from ingest.queue.missing_files import Lost
from ingest.resolution.resolver import Context, Sender
from ingest.resolution.text_columns import Memory
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool, Spooled
from ingest.validation.decoded_cache import Allowance, Source
from ingest.validation.file_totals import Inspection
from ingest.validation.file_validation import prove
from posting.batch import Batch, Submission
from posting.book.cells import CellNumbers
from posting.recovery.book_loading import Loaded
from posting.store.journal_store import PostgresStore

Answer = TypeVar("Answer")


class Rejected(NamedTuple):
    """A file refused as a whole; nothing of it was decided."""

    path: Path
    error: InputError


class Known(NamedTuple):
    """A file that was processed to its end before."""

    path: Path
    submission: int


def _say_nothing(path: Path, lines: int) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be taken in."""

    paths: Sequence[Path]
    declared: Envelope | None = None
    again: bool = False
    """Present files anew that were processed before: what was refused may now pass."""
    admitted: Callable[[Path, int], None] = _say_nothing
    """Told of each file that was proved, and its lines."""


@dataclass(slots=True)
class FileFeed:
    """The files of an order as batches; implements the pipeline's feed."""

    order: Order
    spool: Spool
    store: PostgresStore
    stages: Stages = field(default_factory=Stages)
    rejected: list[Rejected] = field(default_factory=list)
    known: list[Known] = field(default_factory=list)
    taken: list[int] = field(default_factory=list)
    """Numbers of the submissions worked on, in order."""
    lost: Lost = field(init=False)
    _feed: Feed = field(init=False)
    _coming: Generator[Open] = field(init=False)
    _loop: asyncio.AbstractEventLoop = field(init=False)
    _loaded: Loaded = field(init=False)
    _allowance: Allowance = field(init=False)
    _is_over: bool = False
    _presented: set[tuple[str, bytes]] = field(default_factory=set)

    async def open(self, loaded: Loaded) -> None:
        """Stand where the last commit left off."""
        self._loop, self._loaded = asyncio.get_running_loop(), loaded
        self.rejected, self.known, self._allowance, self._is_over = [], [], Allowance(), False
        context = Context(
            loaded.state.registry, CellNumbers(loaded.state.cell_words[1:]), Memory(), loaded.secret
        )
        self.lost = Lost(self.spool, self.store)
        due = [await self._reopen(row) for row in await self.store.fetch("due")]
        unfinished = [each for each in due if each]
        self._coming = self._submissions(unfinished)
        self._feed = Feed(self._coming, context, loaded.state, self.stages)
        for each in unfinished:
            self._feed.remember_waiting(each)

    def batches(self) -> Generator[Batch]:
        """Batches of first passes; runs and is closed in the reader thread."""
        try:
            yield from self._feed.batches()
        finally:
            self._coming.close()

    def end(self) -> None:
        """Take in no further file."""
        self._is_over = True

    def again(self, decided: Batch) -> Iterator[Batch]:
        """Batches of held acts; runs in the kernel thread."""
        return self._feed.again(decided)

    async def _reopen(self, row: Any) -> Open | None:
        """A submission that was registered and not finished, from the spool; None where its file is lost."""
        ticket = await self.lost.left(row)
        return await self._at_hand(ticket) if ticket else None

    async def _at_hand(self, ticket: Ticket) -> Open | None:
        """A submission with its lines, where it stands; None where its file is lost."""
        found = await self.lost.opened(ticket, self._loaded.state.registry.numbers)
        if found:
            self._presented.add(ticket.spooled.identity)
            self._note(ticket.number)
        return found

    async def _opened(self, submission: Submission, said: Envelope, lines: Source) -> Open:
        numbers = self._loaded.state.registry.numbers
        sender = Sender(await self.store.sender_number(numbers, submission.sender), said.sepa_only)
        self._note(submission.number)
        return Open(submission, sender, lines, said.atomic)

    def _note(self, number: int) -> None:
        if number not in self.taken:
            self.taken.append(number)

    def _submissions(self, unfinished: list[Open]) -> Generator[Open]:
        yield from unfinished
        with ThreadPoolExecutor(1, "intake") as intake:
            # the next file is spooled and proved while this one is read
            ahead: deque[tuple[Path, Future[Open | None]]] = deque()
            for path in self.order.paths:
                ahead.append((path, intake.submit(self._admit, path)))
                if len(ahead) > 1:
                    yield from self._admitted(*ahead.popleft())
            for waiting in ahead:
                yield from self._admitted(*waiting)

    def _admitted(self, path: Path, admission: Future[Open | None]) -> Iterator[Open]:
        try:
            found = admission.result()
        except InputError as error:
            self.rejected.append(Rejected(path, error))
            return
        if found is not None:
            yield found

    def _admit(self, path: Path) -> Open | None:
        """Take one file in, unless one before it could not be: files are registered in their order."""
        if self._is_over:
            return None
        try:
            return self._registered(path)
        except InputError:
            raise
        except BaseException:
            self._is_over = True
            raise

    def _registered(self, path: Path) -> Open | None:
        """Spool, prove and register one file; None when it was processed before."""
        with self.stages.measured("spool"):
            spooled = self.spool.receive(path, path.name, self.order.declared)
        is_new = spooled.identity not in self._presented
        found = self._decidable(path, spooled) if is_new else None
        self.spool.release(spooled.identity, is_needed=True)
        return found

    def _decidable(self, path: Path, spooled: Spooled) -> Open | None:
        """Prove and register a spooled file; refused, it is gone unless an earlier submission needs it."""
        before = self._wait(self.store.find_submission(*spooled.identity))
        if before and (ticket := self.lost.take_back(before.number, spooled)):
            return self._wait(self._at_hand(ticket))
        if before and before.stands_for(again=self.order.again):
            self.known.append(Known(path, before.number))
            return None
        try:
            with self.stages.measured("prove"):
                found = prove(spooled, self._allowance)
        except BaseException as error:  # refused, or a disk that is full: then all the more
            if isinstance(error, InputError):
                error.batch_id = spooled.envelope.batch_id
            self.spool.release(spooled.identity, is_needed=before is not None)
            raise
        attempt = before.attempt + 1 if before else 1
        self.spool.state(spooled)
        submission = self._wait(self.store.register(record(spooled, found.total, attempt)))
        self._presented.add(spooled.identity)
        self.order.admitted(path, found.total.lines)
        self.lost.begin(submission.number, spooled)
        return self._wait(self._opened(submission, spooled.envelope, found.source))

    def _wait(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        """The reader thread's way to ask the store."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


def record(
    spooled: Spooled, found: Inspection, attempt: int, programmes: Sequence[str] | None = None
) -> tuple[Any, ...]:
    """The row of a new submission; ``programmes`` are those that its lines name, where that is known."""
    envelope = spooled.envelope
    file = (spooled.sha256, spooled.name, str(spooled.format), spooled.size_bytes)
    return (envelope.sender, envelope.batch_id, *file, attempt, found.lines, found.cents, programmes)
