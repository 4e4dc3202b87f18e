"""The inbox of the service: files, forms and dry runs that arrive while the pipeline runs.

Files are decided in the order in which they came, those of Crescendo's own acts first; forms and dry runs come between their
batches.  A pipeline that loads its book anew finds everything unfinished in the database.
"""

import threading
import time
from collections.abc import Generator, Iterator

from core.errors import EngineError
from core.stage_timing import StageTimes
from ingest.queue.admission import RunInThread, run_in_default_thread
from ingest.queue.book_session import BookSession, Work
from ingest.queue.decode_ahead import DecodeAhead
from ingest.queue.dry_runs import DryRuns
from ingest.queue.events import InboxEvents
from ingest.queue.incoming_files import IncomingFiles
from ingest.queue.incoming_forms import IncomingForms
from ingest.queue.scheduling import Scheduler
from ingest.spool.spool import Spool
from posting.batch import Batch, BatchResult
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore


class Inbox:
    """Receives what the service hands in; implements the pipeline's feed, which ends when the inbox is closed."""

    def __init__(
        self,
        spool: Spool,
        store: PostgresStore,
        stages: StageTimes,
        *,
        events: InboxEvents = InboxEvents(),  # noqa: B008
        run_in_thread: RunInThread = run_in_default_thread,
    ) -> None:
        self._store, self._stages, self._events = store, stages, events
        self._changed, self._scheduler = threading.Condition(), Scheduler()
        self.files = IncomingFiles(
            spool, store, stages, changed=self._changed, events=events, run_in_thread=run_in_thread
        )
        self.forms = IncomingForms(self._changed, self._scheduler, events)
        self.dry_runs = DryRuns(stages, self._changed)
        self._decode_ahead = DecodeAhead(self._notify)
        self._session: BookSession | None = None
        self._is_closed = False

    @property
    def oldest_wait_seconds(self) -> float:
        """Age of the oldest file that may be taken or form without result; 0 if there is none."""
        with self._changed:
            since = [*self.files.queue.first_queued_at, *self.forms.queue.unanswered_since]
        return time.monotonic() - min(since) if since else 0.0

    @property
    def first_node(self) -> int:
        """The number of the node at position 0 of the book."""
        return self._require_session().first_node

    def handle_commit(self, result: BatchResult) -> None:
        """Deliver the results of committed forms, or let the next batch of files start."""
        with self._changed:
            form_batch = self.forms.queue.finish_batch() if result.decisions else None
            if form_batch is None:
                self._scheduler.finish_file_batch()
            self._changed.notify_all()
        if form_batch:
            form_batch.deliver_results(result, self.first_node)
        self.files.missing.handle_commit(result)

    def refuse_forms(self, error: EngineError) -> None:
        """Answer the forms and dry runs that wait, which only this process knows, with ``error``; files stay queued.

        Call it between two books: a form under way may be committed, and is then known when it comes again.
        """
        with self._changed:
            results = [*self.forms.queue.clear(), *self.dry_runs.clear()]
        for result in results:
            if not result.done():
                result.set_exception(error)

    def close(self) -> None:
        """Produce no further batch; what is queued is processed after the next start."""
        self._is_closed = True
        if self._session:
            self._session.close()

    async def open(self, loaded: LoadedBook) -> None:
        """Continue from the last commit; the work on an earlier book ends."""
        work = Work(self._changed, self.files, self.forms, self.dry_runs, self._scheduler, self._decode_ahead)
        session = BookSession(
            work, self._store, loaded, stages=self._stages, on_taken_up=self._events.on_taken_up
        )
        with self._changed:
            if self._session:
                self._session.end()
            self._session = session
            if self._is_closed:
                session.close()
            self.files.clear()
            self.forms.queue.reset()
            self._scheduler.reset()
            self._decode_ahead.reset()
            self.dry_runs.requeue_requests()
            self._changed.notify_all()
        await session.start()
        await self._events.on_opened(loaded)

    def produce_batches(self) -> Generator[Batch]:
        """Yield batches of first passes, for as long as the inbox is open; runs in the reader thread."""
        return self._require_session().produce_batches()

    def stop_producing(self) -> None:
        """Stop producing: unblock the reader that waits for the next batch."""
        if self._session:
            self._session.end()

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Yield the batches to decide now that ``read`` is read; runs in the kernel thread."""
        return self._require_session().order_batches(read)

    def _require_session(self) -> BookSession:
        assert self._session, "no book is loaded"  # noqa: S101 -- the pipeline opens the inbox first
        return self._session

    def _notify(self) -> None:
        with self._changed:
            self._changed.notify_all()
