"""Files and forms that come while the pipeline runs: files are decided in the order in which they came, forms between.

What is admitted is durable, in the spool and as a row of ``submission``; the queue here is only a memory of it.  A
pipeline that loads its book anew finds everything unfinished in the database, and the queue starts empty.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from functools import partial
from itertools import takewhile

from core.errors import NotWaiting
from core.stage_timing import Stages
from ingest.queue.admission import Admission
from ingest.queue.batch_feed import Feed, Open
from ingest.queue.decode_ahead import Ahead, Coming, waited
from ingest.queue.dry_runs import Question, Rehearsals
from ingest.queue.file_queue import FormQueue, Numbered, Queue, Received, Ticket
from ingest.queue.form_batcher import Counter, Decided, Form, Taken
from ingest.queue.missing_files import Lost
from ingest.queue.scheduling import Turns
from ingest.resolution.resolver import Context
from ingest.resolution.text_columns import Memory
from ingest.spool.spool import Spool, Spooled
from posting.batch import Batch, Outcome
from posting.book.cells import CellNumbers
from posting.recovery.book_loading import Loaded
from posting.store.journal_store import PostgresStore

Opened = Callable[[Loaded], Awaitable[None]]


class Inbox:
    """Where files are handed in; implements the pipeline's feed, which ends when the inbox is closed."""

    def __init__(self, spool: Spool, store: PostgresStore, stages: Stages, opened: Opened) -> None:
        """``opened`` is told of every book that was loaded, before anything is decided on it."""
        self._store, self._stages, self._tell = store, stages, opened
        self.admission = Admission(spool, store, stages, self._admitted)
        self.taken: Taken = lambda _: None
        self.received: Received = lambda *_: None
        self.admitted: Numbered = lambda _number, _sender: None
        self.withdrawn: Callable[[int], None] = lambda _: None
        self._changed = threading.Condition()
        self.files = Queue()
        """Submissions that wait for their turn; others may look, and only the inbox changes it."""
        self.lost = Lost(spool, store)
        self.admission.came_again, self.admission.clear_up = self._came_again, self.lost.clear_up
        self._queued, self._course = set[int](), 0
        self._paused: Mapping[str, str] | None = None
        self._is_working = self._is_closed = False
        self._forms, self._turns, self._rehearsals = FormQueue(), Turns(), Rehearsals(stages)
        self._ahead = Ahead(self._look_again)

    def forms_waiting(self, sender: str | None = None) -> int:
        """Forms that wait to be decided, of all or of one."""
        return len(self._forms) if sender is None else self._forms.of(sender)

    @property
    def paused(self) -> Mapping[str, str]:
        """The senders whose work waits, and why."""
        return self._paused or {}

    def is_taken(self, number: int) -> bool:
        """Whether a submission's turn has come."""
        with self._changed:
            return number in self._queued and number not in self.files

    @property
    def oldest_seconds(self) -> float:
        """Age of the oldest submission whose turn may come, or form that waits for its answer; 0 when there is none."""
        with self._changed:
            began = [*self.files.since, *self._forms.since]
        return time.monotonic() - min(began) if began else 0.0

    def _admitted(self, ticket: Ticket) -> None:
        """Tell of a file that has its number, and queue it."""
        self.admitted(ticket.number, ticket.sender)
        self._queue(ticket)
        self.received(ticket.sender, "file", ticket.lines)

    def _came_again(self, number: int, spooled: Spooled) -> None:
        """Queue a submission whose file was lost: it goes on where it stands."""
        if ticket := self.lost.take_back(number, spooled):
            self._queued.discard(number)
            self._queue(ticket)

    def _queue(self, ticket: Ticket) -> None:
        """Queue a submission, unless a book loaded meanwhile has brought it up already."""
        with self._changed:
            if ticket.number not in self._queued:
                self._queued.add(ticket.number)
                self.files.add(ticket)
                self._changed.notify_all()

    async def cancel(self, number: int, key: str, sender: str) -> None:
        """Take back a submission that waits, on behalf of ``key`` of ``sender``: none of its lines will be decided.

        Whether its turn has come is seen here, under the lock; the row makes it last, and no batch that holds its
        lines commits beside that.

        Raises
        ------
        NotWaiting
            Its turn has come.
        """
        with self._changed:
            ticket, course, is_lost = self.files.withdraw(number), self._course, self.lost.is_waiting(number)
        if ticket is None and not is_lost:
            raise NotWaiting(f"submission {number} is being decided, or it is decided")
        try:
            await self._store.fetch("cancel", number, key, sender)
        except BaseException:
            with self._changed:
                if ticket and self._course == course:
                    self.files.add(ticket)
                    self._changed.notify_all()
            raise
        with self._changed:
            self.files.withdraw(number)  # a book loaded meanwhile may have brought it up once more
            self.lost.forget(number)
        self.withdrawn(number)

    def pause(self, senders: Mapping[str, str]) -> None:
        """Let the work of ``senders`` wait, for the reason that stands beside each, and that of nobody else."""
        with self._changed:
            self._paused = senders
            self.files.pause(senders)
            self._changed.notify_all()

    def take(self, form: Form) -> None:
        """Queue a form; its answer comes after the commit of its batch."""
        with self._changed:
            self._turns.form_came()
            if self._forms.add(form):
                self._changed.notify_all()
        self.received(form.sender, "form", len(form.rows))

    @property
    def first_node(self) -> int:
        """Number of the node that stands at position 0 of the book."""
        return self._counter.first_node

    def rehearsals(self, sender: str | None = None) -> int:
        """Dry runs that wait or are under way, of all or of one."""
        with self._changed:
            return self._rehearsals.of(sender)

    def ask(self, question: Question) -> None:
        """Queue a dry run; its answer comes once it is decided and taken back."""
        with self._changed:
            self._rehearsals.ask(question)
            self._changed.notify_all()

    def committed(self, outcome: Outcome) -> None:
        """Answer the forms of a committed batch, or make room for another one of files."""
        with self._changed:
            decided = self._forms.committed() if outcome.decided else None
            if decided is None:
                self._turns.file_committed()
            self._changed.notify_all()
        if decided:
            decided.answer(outcome, self.first_node)

    def close(self) -> None:
        """Give no further batch; what waits is taken up at the next start."""
        self._is_closed = True
        self._look_again()

    async def open(self, loaded: Loaded) -> None:
        """Stand where the last commit left off; whoever reads for an earlier book is sent home."""
        with self._changed:
            self._course += 1
            for each in (self.files, self.lost, self._queued):
                each.clear()
            for part in (self._forms, self._turns, self._ahead):
                part.begin_again()
            self._rehearsals.open()
            self._changed.notify_all()
        self._loaded, self._is_working = loaded, True
        self._wait = partial(waited, asyncio.get_running_loop())
        cells = CellNumbers(loaded.state.cell_words[1:])
        context = self._context = Context(loaded.state.registry, cells, Memory(), loaded.secret)
        self._counter = Counter(self._store, loaded, context, (self._wait, self.taken))
        begun = await self._take_up()
        self._feed = Feed(self._submissions(begun, self._course), context, loaded.state, self._stages)
        self._feed.lines_now, self._feed.ahead = lambda: self._turns.lines_now, self._ahead.each
        for each in begun:
            self._feed.remember_waiting(each)
        await self._tell(loaded)

    def batches(self) -> Generator[Batch]:
        """Batches of first passes, for as long as the inbox is open; runs in the reader thread."""
        return self._given(self._feed.batches(), self._counter, self._course)

    def end(self) -> None:
        """No batch is asked for any more: whoever reads goes home."""
        self._course += 1
        self._look_again()

    def again(self, decided: Batch) -> Iterator[Batch]:
        """Batches of held acts until another book is loaded; runs in the kernel thread, which may still be at it then."""
        course = self._course
        return takewhile(lambda batch: self._give(batch, course), self._feed.again(decided))

    def _given(self, files: Iterator[Batch], counter: Counter, course: int) -> Generator[Batch]:
        """A dry run, what waits of forms, then a batch of files, in turn."""
        while self._has_work(course):
            if question := self._asked(course):
                yield self._rehearsals.batch(question, self._loaded, self._context)
            if forms := self._taken(course):
                yield counter.batch(forms)
            if not self._may_take_files():
                continue
            batch = next(files)
            if (batch.pieces or batch.resumed) and self._give(batch, course):
                yield batch

    def _give(self, batch: Batch, course: int) -> bool:
        """Count a batch of files that will be committed; False when its course is over, and it will not."""
        with self._changed:
            if batch.pieces and not self._is_over(course):
                self._turns.give_file()
            return not self._is_over(course)

    def _has_work(self, course: int) -> bool:
        """Wait until there is something to read; False when this course is over."""
        beside = self._forms, self._rehearsals
        with self._changed:
            self._changed.wait_for(
                lambda: self._is_over(course) or self._may_take_files() or any(each.is_due for each in beside)
            )
            return not self._is_over(course)

    def _is_over(self, course: int) -> bool:
        return self._is_closed or self._course != course

    def _may_take_files(self) -> bool:
        is_there = self._is_working or self.files.is_ready
        return is_there and self._turns.has_room(self._forms.first_at) and self._ahead.is_at_hand

    def _asked(self, course: int) -> Question | None:
        with self._changed:
            return self._rehearsals.take() if self._course == course else None

    def _taken(self, course: int) -> Decided | None:
        """The forms that wait, once enough have come or they have waited long enough for others."""
        with self._changed:
            if not self._forms.is_due:
                return None
            self._changed.wait_for(lambda: self._forms.are_enough, self._forms.gather_seconds)
            return self._forms.take() if self._course == course else None

    def _submissions(self, begun: list[Open], course: int) -> Iterator[Open | Coming | None]:
        """What an earlier course began, then one ticket after the other, opened beside; None where none waits."""
        yield from begun
        while True:
            ticket = self._next(course)
            yield (yield from self._ahead.made(partial(self._wait, self._opened(ticket)))) if ticket else None

    def _look_again(self) -> None:
        """Something is at hand that was waited for."""
        with self._changed:
            self._changed.notify_all()

    def _next(self, course: int) -> Ticket | None:
        with self._changed:
            found = self.files.next() if self._course == course else None
            if self._course == course:
                self._is_working = found is not None
            return found

    async def _take_up(self) -> list[Open]:
        """What was registered and not finished: what is begun goes on, the rest waits at its place."""
        if self._paused is None:
            self.pause({row["sender"]: row["reason"] for row in await self._store.fetch("paused")})
        begun: list[Open] = []
        for row in await self._store.fetch("unfinished"):
            if not row["is_begun"] and row["submission"] in self._queued:  # it was queued this moment
                continue
            ticket = await self.lost.left(row)
            if ticket and not row["is_begun"]:
                self._queue(ticket)
            elif ticket and (found := await self._opened(ticket)):
                self._queued.add(ticket.number)
                begun.append(found)
        return begun

    async def _opened(self, ticket: Ticket) -> Open | None:
        """A submission with its lines; None where its file is lost: it is set aside, and the others go on."""
        found = await self.lost.opened(ticket, self._loaded.state.registry.numbers)
        if found:
            self.taken(found.submission)
        self.files.opened(ticket)
        return found
