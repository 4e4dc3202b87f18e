"""The work on one loaded book: its batches of dry runs, forms and files, in turn, until another book is loaded."""

import asyncio
import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import NamedTuple

from core.stage_timing import StageTimes
from ingest.queue.batch_cuts import BatchLimits
from ingest.queue.batch_feed import BatchFeed
from ingest.queue.decode_ahead import DecodeAhead, Pending, run_in_loop
from ingest.queue.dry_runs import DryRunRequest, DryRuns
from ingest.queue.events import OnTakenUp
from ingest.queue.file_queue import QueuedFile
from ingest.queue.form_batcher import FormBatcher
from ingest.queue.incoming_files import IncomingFiles
from ingest.queue.incoming_forms import IncomingForms
from ingest.queue.open_submission import OpenSubmission
from ingest.queue.scheduling import Scheduler
from ingest.resolution.resolver import ResolutionContext
from ingest.resolution.text_columns import DictionaryCache
from posting.batch import Batch
from posting.book.cells import CellNumbers
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore


class Work(NamedTuple):
    """What is handed in, and the order of its processing; shared by the books that are loaded one after the other."""

    changed: threading.Condition
    """Guards all of it, and is notified when the reader thread has something to do."""
    files: IncomingFiles
    forms: IncomingForms
    dry_runs: DryRuns
    scheduler: Scheduler
    decode_ahead: DecodeAhead


class BookSession:
    """Produces the batches of one loaded book."""

    def __init__(
        self,
        work: Work,
        store: PostgresStore,
        loaded: LoadedBook,
        *,
        stages: StageTimes,
        on_taken_up: OnTakenUp,
    ) -> None:
        """Prepare the work on ``loaded``, in the event loop that reads the store."""
        self._work, self._loaded, self._stages = work, loaded, stages
        self._run_in_loop = partial(run_in_loop, asyncio.get_running_loop())
        cells, registry = CellNumbers(loaded.state.cell_words[1:]), loaded.state.registry
        self._context = ResolutionContext(registry, cells, DictionaryCache(), loaded.secret)
        self._form_batcher = FormBatcher(
            store, loaded, self._context, run_in_loop=self._run_in_loop, on_taken_up=on_taken_up
        )
        self._feed: BatchFeed | None = None
        self._interrupted: list[OpenSubmission] = []
        """Submissions that a restart found in a pass over their held acts: nothing may come before the rest of it."""
        self._is_reading_files = True
        """Whether a file is being read: then the next batch of files needs no file in the queue."""
        self._is_ended = self._is_closed = False
        self._is_cut_off = False
        """Whether a batch was left out when the book was over: then so is all that was read behind it."""

    @property
    def first_node(self) -> int:
        """The number of the node at position 0 of the book."""
        return self._form_batcher.first_node

    async def start(self) -> None:
        """Open what was begun before the book was loaded, and queue what was not."""
        open_files = await self._work.files.restore_submissions(self._loaded.state.registry.numbers)
        self._interrupted = [file for file in open_files if file.is_in_retry]
        self._feed = BatchFeed(
            self._open_submissions([file for file in open_files if not file.is_in_retry]),
            self._context,
            self._loaded.state,
            stages=self._stages,
            prefetch=self._work.decode_ahead.prefetch,
            limits=BatchLimits(choose_lines_max=lambda: self._work.scheduler.lines_limit),
        )

    def end(self) -> None:
        """Stop at once: the book is given up, and nothing more is taken for it."""
        with self._work.changed:
            self._is_ended = True
            self._work.changed.notify_all()

    def close(self) -> None:
        """Produce no further batch."""
        with self._work.changed:
            self._is_closed = True
            self._work.changed.notify_all()

    def produce_batches(self) -> Generator[Batch]:
        """Yield a dry run, the forms that wait, and a batch of files, in turn; runs in the reader thread."""
        if self._feed is None:
            return
        for file in self._interrupted:
            yield from self._count_file_batches(self._feed.resume(file))
        file_batches = self._feed.produce_batches()
        while self._wait_for_work():
            if request := self._take_dry_run():
                yield from self._work.dry_runs.produce_batches(request, self._loaded, self._context)
            if forms := self._work.forms.take_batch(lambda: not self._is_ended):
                yield self._form_batcher.build_batch(forms)
            if self._may_take_files():
                yield from self._count_file_batches(islice(file_batches, 1))

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Yield the batches to decide now that ``read`` is read; runs in the kernel thread.

        The first was counted when it was read.  Once the book is over, nothing more comes than what was counted, and
        nothing behind a batch that does not come: held acts never come after what was read behind their file.
        """
        if self._feed is None or self._is_cut_off:
            return
        batches = self._feed.order_batches(read)
        if read.pieces:
            yield next(batches)
        for batch in batches:
            if not self._count_file_batch(batch):
                self._is_cut_off = True
                return
            yield batch

    @property
    def _is_over(self) -> bool:
        return self._is_ended or self._is_closed

    def _count_file_batches(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Yield batches of files, counted; forms may come in between, so none leaves pieces for the next."""
        for batch in batches:
            if (batch.pieces or batch.resumed) and self._count_file_batch(batch):
                yield replace(batch, is_followed=False)

    def _count_file_batch(self, batch: Batch) -> bool:
        """Count a batch of files that will be committed; return False if the book is over, and it will not be."""
        with self._work.changed:
            if batch.pieces and not self._is_over:
                self._work.scheduler.start_file_batch()
            return not self._is_over

    def _wait_for_work(self) -> bool:
        """Wait until a batch can be produced; return False if the book is over."""
        work = self._work
        with work.changed:
            while True:
                pause_seconds = work.scheduler.pause_seconds  # before the check, which a later clock may pass
                if self._is_over or self._may_take_files() or work.forms.queue.is_due or work.dry_runs.is_due:
                    return not self._is_over
                # no time limit: work may come at any time, and the end of the book or of the service wakes this
                work.changed.wait(pause_seconds)

    def _may_take_files(self) -> bool:
        work = self._work
        has_files = self._is_reading_files or work.files.queue.is_ready
        may_start = has_files and work.scheduler.may_start_file_batch(work.forms.queue.first_received_at)
        return may_start and work.decode_ahead.is_ready

    def _take_dry_run(self) -> DryRunRequest | None:
        with self._work.changed:
            return None if self._is_ended else self._work.dry_runs.take()

    def _take_file(self) -> QueuedFile | None:
        with self._work.changed:
            if self._is_ended:
                return None
            file = self._work.files.queue.take_next()
            self._is_reading_files = file is not None
            return file

    def _open_submissions(
        self, open_files: list[OpenSubmission]
    ) -> Iterator[OpenSubmission | Pending | None]:
        """Yield what was begun before, then file after file, opened in another thread; None while none is queued."""
        yield from open_files
        files, numbers = self._work.files, self._loaded.state.registry.numbers
        while True:
            if file := self._take_file():
                open_file = partial(self._run_in_loop, files.open_file(file, numbers))
                yield (yield from self._work.decode_ahead.compute(open_file))
            else:
                yield None
