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
from core.stage_timing import StageTimes
from ingest.queue.admission import Admission, AdmissionHooks, RunInThread, run_in_default_thread
from ingest.queue.batch_feed import BatchFeed
from ingest.queue.decode_ahead import DecodeAhead, Pending, run_in_loop
from ingest.queue.dry_runs import DryRunRequest, DryRuns
from ingest.queue.file_queue import FileQueue, FormQueue, OnNumbered, OnReceived, QueuedFile
from ingest.queue.form_batcher import Form, FormBatch, FormBatcher, OnTakenUp
from ingest.queue.missing_files import MissingFiles
from ingest.queue.open_submission import OpenSubmission
from ingest.queue.scheduling import Scheduler
from ingest.resolution.resolver import ResolutionContext
from ingest.resolution.text_columns import DictionaryCache
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from posting.batch import Batch, BatchResult
from posting.book.cells import CellNumbers
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore

OnOpened = Callable[[LoadedBook], Awaitable[None]]


class Inbox:
    """Where files are handed in; implements the pipeline's feed, which ends when the inbox is closed."""

    def __init__(
        self,
        spool: Spool,
        store: PostgresStore,
        stages: StageTimes,
        opened: OnOpened,
        *,
        run_in_thread: RunInThread = run_in_default_thread,
    ) -> None:
        """``opened`` is told of every book that was loaded, before anything is decided on it."""
        self._store, self._stages, self._on_opened = store, stages, opened
        self.on_taken_up: OnTakenUp = lambda _: None
        self.on_received: OnReceived = lambda *_: None
        self.on_numbered: OnNumbered = lambda _number, _sender: None
        self.on_withdrawn: Callable[[int], None] = lambda _: None
        self._changed = threading.Condition()
        self.files = FileQueue()
        """Submissions that wait for their turn; others may look, and only the inbox changes it."""
        self.missing_files = MissingFiles(spool, store)
        hooks = AdmissionHooks(self._requeue_returned, self.missing_files.remove_derived, self._admitted)
        self.admission = Admission(spool, store, stages, hooks=hooks, run_in_thread=run_in_thread)
        self._queued, self._course = set[int](), 0
        self._paused: Mapping[str, str] | None = None
        self._is_working = self._is_closed = False
        self._forms, self._turns, self._rehearsals = FormQueue(), Scheduler(), DryRuns(stages)
        self._ahead = DecodeAhead(self._notify)

    def count_forms(self, sender: str | None = None) -> int:
        """Forms that wait to be decided, of all or of one."""
        return len(self._forms) if sender is None else self._forms.count(sender)

    @property
    def paused(self) -> Mapping[str, str]:
        """The senders whose work waits, and why."""
        return self._paused or {}

    def is_taken_up(self, number: int) -> bool:
        """Whether a submission's turn has come."""
        with self._changed:
            return number in self._queued and number not in self.files

    @property
    def oldest_wait_seconds(self) -> float:
        """Age of the oldest submission whose turn may come, or form that waits for its answer; 0 when there is none."""
        with self._changed:
            began = [*self.files.first_queued_at, *self._forms.unanswered_since]
        return time.monotonic() - min(began) if began else 0.0

    def _admitted(self, ticket: QueuedFile) -> None:
        """Tell of a file that has its number, and queue it."""
        self.on_numbered(ticket.number, ticket.sender)
        self._queue(ticket)
        self.on_received(ticket.sender, "file", ticket.lines)

    def _requeue_returned(self, number: int, spooled: SpooledFile) -> QueuedFile | None:
        """Queue a submission whose file was lost: it goes on where it stands."""
        if ticket := self.missing_files.take_returned(number, spooled):
            self._queued.discard(number)
            self._queue(ticket)
        return ticket

    def _queue(self, ticket: QueuedFile) -> None:
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
            ticket, course, is_lost = (
                self.files.withdraw(number),
                self._course,
                self.missing_files.is_undecided(number),
            )
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
            self.missing_files.remove(number)
        self.on_withdrawn(number)

    def pause(self, senders: Mapping[str, str]) -> None:
        """Let the work of ``senders`` wait, for the reason that stands beside each, and that of nobody else."""
        with self._changed:
            self._paused = senders
            self.files.pause(senders)
            self._changed.notify_all()

    def submit_form(self, form: Form) -> None:
        """Queue a form; its answer comes after the commit of its batch."""
        with self._changed:
            self._turns.note_form()
            if self._forms.add(form):
                self._changed.notify_all()
        self.on_received(form.sender, "form", len(form.rows))

    @property
    def first_node(self) -> int:
        """Number of the node that stands at position 0 of the book."""
        return self._counter.first_node

    def count_dry_runs(self, sender: str | None = None) -> int:
        """Dry runs that wait or are under way, of all or of one."""
        with self._changed:
            return self._rehearsals.count(sender)

    def submit_dry_run(self, request: DryRunRequest) -> None:
        """Queue a dry run; its answer comes once it is decided and taken back."""
        with self._changed:
            self._rehearsals.add(request)
            self._changed.notify_all()

    def handle_commit(self, outcome: BatchResult) -> None:
        """Answer the forms of a committed batch, or make room for another one of files."""
        with self._changed:
            decided = self._forms.finish_batch() if outcome.decisions else None
            if decided is None:
                self._turns.finish_file_batch()
            self._changed.notify_all()
        if decided:
            decided.deliver_results(outcome, self.first_node)

    def close(self) -> None:
        """Give no further batch; what waits is taken up at the next start."""
        self._is_closed = True
        self._notify()

    async def open(self, loaded: LoadedBook) -> None:
        """Stand where the last commit left off; whoever reads for an earlier book is sent home."""
        with self._changed:
            self._course += 1
            for each in (self.files, self.missing_files, self._queued):
                each.clear()
            for part in (self._forms, self._turns, self._ahead):
                part.reset()
            self._rehearsals.requeue_unfinished()
            self._changed.notify_all()
        self._loaded, self._is_working = loaded, True
        self._wait = partial(run_in_loop, asyncio.get_running_loop())
        cells = CellNumbers(loaded.state.cell_words[1:])
        context = self._context = ResolutionContext(
            loaded.state.registry, cells, DictionaryCache(), loaded.secret
        )
        self._counter = FormBatcher(
            self._store, loaded, context, run_in_loop=self._wait, on_taken_up=self.on_taken_up
        )
        begun = await self._restore_unfinished()
        self._feed = BatchFeed(
            self._open_submissions(begun, self._course),
            context,
            loaded.state,
            stages=self._stages,
            prefetch=self._ahead.prefetch,
            lines_limit=lambda: self._turns.lines_limit,
        )
        for each in begun:
            self._feed.remember_held(each)
        await self._on_opened(loaded)

    def produce_batches(self) -> Generator[Batch]:
        """Batches of first passes, for as long as the inbox is open; runs in the reader thread."""
        return self._interleave(self._feed.produce_batches(), self._counter, self._course)

    def stop_producing(self) -> None:
        """No batch is asked for any more: whoever reads goes home."""
        self._course += 1
        self._notify()

    def retry_held(self, decided: Batch) -> Iterator[Batch]:
        """Batches of held acts until another book is loaded; runs in the kernel thread, which may still be at it then."""
        course = self._course
        return takewhile(lambda batch: self._count_file_batch(batch, course), self._feed.retry_held(decided))

    def _interleave(self, files: Iterator[Batch], counter: FormBatcher, course: int) -> Generator[Batch]:
        """A dry run, what waits of forms, then a batch of files, in turn."""
        while self._wait_for_work(course):
            if question := self._take_dry_run(course):
                yield self._rehearsals.build_batch(question, self._loaded, self._context)
            if forms := self._take_forms(course):
                yield counter.build_batch(forms)
            if not self._may_take_files():
                continue
            batch = next(files)
            if (batch.pieces or batch.resumed) and self._count_file_batch(batch, course):
                yield batch

    def _count_file_batch(self, batch: Batch, course: int) -> bool:
        """Count a batch of files that will be committed; False when its course is over, and it will not."""
        with self._changed:
            if batch.pieces and not self._is_over(course):
                self._turns.start_file_batch()
            return not self._is_over(course)

    def _wait_for_work(self, course: int) -> bool:
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
        return (
            is_there
            and self._turns.may_start_file_batch(self._forms.first_received_at)
            and self._ahead.is_ready
        )

    def _take_dry_run(self, course: int) -> DryRunRequest | None:
        with self._changed:
            return self._rehearsals.take() if self._course == course else None

    def _take_forms(self, course: int) -> FormBatch | None:
        """The forms that wait, once enough have come or they have waited long enough for others."""
        with self._changed:
            if not self._forms.is_due:
                return None
            self._changed.wait_for(lambda: self._forms.has_enough, self._forms.gather_seconds)
            return self._forms.take_batch() if self._course == course else None

    def _open_submissions(
        self, begun: list[OpenSubmission], course: int
    ) -> Iterator[OpenSubmission | Pending | None]:
        """What an earlier course began, then one ticket after the other, opened beside; None where none waits."""
        yield from begun
        while True:
            ticket = self._take_next_file(course)
            yield (
                (yield from self._ahead.compute(partial(self._wait, self._open_file(ticket))))
                if ticket
                else None
            )

    def _notify(self) -> None:
        """Something is at hand that was waited for."""
        with self._changed:
            self._changed.notify_all()

    def _take_next_file(self, course: int) -> QueuedFile | None:
        with self._changed:
            found = self.files.take_next() if self._course == course else None
            if self._course == course:
                self._is_working = found is not None
            return found

    async def _restore_unfinished(self) -> list[OpenSubmission]:
        """What was registered and not finished: what is begun goes on, the rest waits at its place."""
        if self._paused is None:
            self.pause({row["sender"]: row["reason"] for row in await self._store.fetch("paused")})
        begun: list[OpenSubmission] = []
        for row in await self._store.fetch("unfinished"):
            if not row["is_begun"] and row["submission"] in self._queued:  # it was queued this moment
                continue
            ticket = await self.missing_files.reopen(row)
            if ticket and not row["is_begun"]:
                self._queue(ticket)
            elif ticket and (found := await self._open_file(ticket)):
                self._queued.add(ticket.number)
                begun.append(found)
        return begun

    async def _open_file(self, ticket: QueuedFile) -> OpenSubmission | None:
        """A submission with its lines; None where its file is lost: it is set aside, and the others go on."""
        found = await self.missing_files.open_submission(ticket, self._loaded.state.registry.numbers)
        if found:
            self.on_taken_up(found.submission)
        self.files.finish_opening(ticket)
        return found
