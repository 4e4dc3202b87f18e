"""Files and forms that come while the pipeline runs.

Files are decided in the order in which they were admitted, forms between their batches.

What is admitted is durable, in the spool and as a row of ``submission``; the queue here is only a memory of it.  A
pipeline that loads its book anew finds everything unfinished in the database, and the queue starts empty.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from typing import Any, NamedTuple, TypeVar

from core.observer import Stages
from ingest.columns import Memory
from ingest.feed import Feed, Open
from ingest.forms import Counter, Decided, Form, Taken
from ingest.inspection import Watch, inspect, see_nothing, source
from ingest.intake import record
from ingest.resolve import Context, Sender
from ingest.spool import Spool, Spooled
from ingest.tally import Inspection
from ingest.turns import Turns
from posting.batch import Batch, Outcome
from posting.cells import CellNumbers
from posting.loading import Loaded
from posting.store.postgres import PostgresStore

Answer = TypeVar("Answer")
FORMS_A_BATCH = 1_000
FORM_BATCHES_MAX = 2
"""So many under way at once: one is decided while one commits, and the forms that come meanwhile share the next."""
GATHER_SECONDS = 0.003
"""A form waits so long for others: a commit takes longer, and serves them all."""

Received = Callable[[str, str, int], None]
"""Told of what is taken in: its sender, whether it is a ``file`` or a ``form``, and its lines."""

Identity = tuple[str, bytes]
"""Who sent it, and the hash of its bytes."""


class Admitted(NamedTuple):
    """A submission's number, and whether it is new or was known before."""

    number: int
    is_new: bool


class _Ticket(NamedTuple):
    """A submission that waits for its turn."""

    number: int
    spooled: Spooled
    lines: int
    at: float


class Inbox:
    """Where files are handed in; implements the pipeline's feed, which ends when the inbox is closed."""

    def __init__(
        self, spool: Spool, store: PostgresStore, stages: Stages, opened: Callable[[Loaded], None]
    ) -> None:
        """``opened`` is told of every book that was loaded, once it can be worked on."""
        self._spool, self._store, self._stages, self._tell = spool, store, stages, opened
        self.taken: Taken = lambda _: None
        self.received: Received = lambda *_: None
        self._changed = threading.Condition()
        self._waiting: deque[_Ticket] = deque()
        self._queued: set[int] = set()
        self._course = 0
        self._is_working = self._is_closed = False
        self._forms: deque[Form] = deque()
        self._under_way: deque[Decided] = deque()
        self._turns = Turns()
        self._admitting: dict[Identity, asyncio.Lock] = {}

    @property
    def waiting(self) -> int:
        """Submissions that wait for their turn."""
        return len(self._waiting)

    @property
    def forms_waiting(self) -> int:
        """Forms that wait to be decided."""
        return len(self._forms)

    @property
    def lines_waiting(self) -> int:
        """Lines of the submissions that wait."""
        return sum(ticket.lines for ticket in list(self._waiting))

    @property
    def oldest_seconds(self) -> float:
        """Age of the oldest submission that waits for its turn, or form that waits for its answer; 0 when none does."""
        with self._changed:
            under_way = self._under_way[0].forms if self._under_way else ()
            began = [each[0].at for each in (self._waiting, self._forms, under_way) if each]
        return time.monotonic() - min(began) if began else 0.0

    # --------------------------------------------------------------------------------- handing in

    async def admit(self, spooled: Spooled, watch: Watch = see_nothing, *, again: bool = False) -> Admitted:
        """Prove, register and queue a file; the same sender's same file is one submission.

        ``watch`` sees all lines of a file that is not known yet, and refuses it by what it raises.
        ``again`` presents a file anew once it was decided: what was refused may now pass.

        Raises
        ------
        InputError
            The file is refused whole, and nothing was changed.
        """
        identity = (spooled.envelope.sender, spooled.sha256)
        lock = self._admitting.setdefault(identity, asyncio.Lock())
        try:
            async with lock:
                return await self._admit(spooled, watch, again=again)
        finally:
            if not lock.locked():
                self._admitting.pop(identity, None)

    async def _admit(self, spooled: Spooled, watch: Watch, *, again: bool) -> Admitted:
        before = await self._store.find_submission(spooled.envelope.sender, spooled.sha256)
        if before and not (again and (await self._store.submission(before.number)).stage.done):
            return Admitted(before.number, is_new=False)
        found = await asyncio.to_thread(self._prove, spooled, watch)
        attempt = before.attempt + 1 if before else 1
        submission = await self._store.register(record(spooled, found, attempt))
        self._queue(_Ticket(submission.number, spooled, found.lines, time.monotonic()))
        self.received(submission.sender, "file", found.lines)
        return Admitted(submission.number, is_new=True)

    def _prove(self, spooled: Spooled, watch: Watch) -> Inspection:
        with self._stages.measured("prove"):
            return inspect(spooled, watch)

    def _queue(self, ticket: _Ticket) -> None:
        """Queue a submission, unless a book loaded meanwhile has brought it up already."""
        with self._changed:
            if ticket.number not in self._queued:
                self._queued.add(ticket.number)
                self._waiting.append(ticket)
                self._changed.notify_all()

    def take(self, form: Form) -> None:
        """Queue a form; its answer comes after the commit of its batch."""
        with self._changed:
            self._forms.append(form)
            self._turns.form_came()
            self._changed.notify_all()
        self.received(form.sender, "form", len(form.rows))

    def committed(self, outcome: Outcome) -> None:
        """Answer the forms of a committed batch, or make room for another one of files."""
        with self._changed:
            decided = self._under_way.popleft() if outcome.decided else None
            if decided is None:
                self._turns.file_committed()
            self._changed.notify_all()
        if decided:
            decided.answer(outcome, self._counter.first_node)

    def close(self) -> None:
        """Give no further batch; what waits is taken up at the next start."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    # --------------------------------------------------------------------------------- the feed

    async def open(self, loaded: Loaded) -> None:
        """Stand where the last commit left off; whoever reads for an earlier book is sent home."""
        with self._changed:
            self._course += 1
            self._waiting.clear()
            self._queued.clear()
            # what was not committed is decided again, before what came later
            for decided in reversed(self._under_way):
                self._forms.extendleft(reversed(decided.forms))
            self._under_way.clear()
            self._turns.begin_again()
            self._changed.notify_all()
        self._loop, self._loaded, self._is_working = asyncio.get_running_loop(), loaded, True
        cells = CellNumbers(loaded.state.cell_words[1:])
        context = Context(loaded.state.registry, cells, Memory(), loaded.secret)
        self._counter = Counter(self._store, loaded, context, (self._wait, self.taken))
        unfinished = [
            each for row in await self._store.fetch("unfinished") if (each := await self._left(row))
        ]
        self._feed = Feed(self._submissions(unfinished, self._course), context, loaded.state, self._stages)
        self._feed.lines_now = lambda: self._turns.lines_now
        for each in unfinished:
            self._feed.remember_waiting(each)
        self._tell(loaded)

    def batches(self) -> Generator[Batch]:
        """Batches of first passes, for as long as the inbox is open; runs in the reader thread."""
        return self._given(self._feed.batches(), self._counter, self._course)

    def end(self) -> None:
        """No batch is asked for any more: whoever reads goes home."""
        with self._changed:
            self._course += 1
            self._changed.notify_all()

    def again(self, decided: Batch) -> Iterator[Batch]:
        """Batches of held acts; runs in the kernel thread."""
        for batch in self._feed.again(decided):
            if self._is_closed:
                return
            self._give(batch)
            yield batch

    def _given(self, files: Iterator[Batch], counter: Counter, course: int) -> Generator[Batch]:
        """What waits of forms, then a batch of files, in turn."""
        while self._has_work(course):
            forms = self._taken(course)
            if forms:
                yield counter.batch(forms)
            if not self._may_take_files():
                continue
            batch = next(files)
            if batch.pieces or batch.resumed:
                self._give(batch)
                yield batch

    def _give(self, batch: Batch) -> None:
        """Count a batch of files that will be committed."""
        if batch.pieces:
            with self._changed:
                self._turns.give_file()

    def _has_work(self, course: int) -> bool:
        """Wait until there is something to read; False when this course is over."""

        def is_over() -> bool:
            return self._is_closed or self._course != course

        with self._changed:
            self._changed.wait_for(lambda: is_over() or self._may_take_files() or self._may_take_forms())
            return not is_over()

    def _may_take_files(self) -> bool:
        return self._turns.has_room and (self._is_working or bool(self._waiting))

    def _may_take_forms(self) -> bool:
        return bool(self._forms) and len(self._under_way) < FORM_BATCHES_MAX

    def _taken(self, course: int) -> Decided | None:
        """The forms that wait: as many as a batch may have, or what comes within a few milliseconds."""
        with self._changed:
            if not self._may_take_forms():
                return None
            self._changed.wait_for(lambda: len(self._forms) >= FORMS_A_BATCH, GATHER_SECONDS)
            if self._course != course:
                return None
            count = min(len(self._forms), FORMS_A_BATCH)
            self._under_way.append(Decided([self._forms.popleft() for _ in range(count)]))
            return self._under_way[-1]

    def _submissions(self, unfinished: list[Open], course: int) -> Iterator[Open | None]:
        """What an earlier course left, then one ticket after the other; None where none waits."""
        yield from unfinished
        while True:
            ticket = self._next(course)
            yield self._wait(self._opened(ticket)) if ticket else None

    def _next(self, course: int) -> _Ticket | None:
        with self._changed:
            found = self._waiting.popleft() if self._waiting and self._course == course else None
            if self._course == course:
                self._is_working = found is not None
            return found

    async def _left(self, row: Any) -> Open | None:
        """A submission that was registered and not finished; None when it was queued this moment."""
        with self._changed:
            if row["submission"] in self._queued:
                return None
            self._queued.add(row["submission"])
        spooled = await asyncio.to_thread(self._spool.open, row["file_hash"], row["sender"])
        return await self._opened(_Ticket(row["submission"], spooled, 0, time.monotonic()))

    async def _opened(self, ticket: _Ticket) -> Open:
        submission = await self._store.submission(ticket.number)
        self.taken(submission)
        numbers = self._loaded.state.registry.numbers
        number = await self._store.sender_number(numbers, submission.sender)
        lines = await asyncio.to_thread(source, ticket.spooled)
        return Open(submission, Sender(number, ticket.spooled.envelope.sepa_only), lines)

    def _wait(self, coroutine: Coroutine[Any, Any, Answer]) -> Answer:
        """The reader thread's way to ask the store."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()
