"""Files handed in to the service, from their admission until they are processed.

What is admitted is durable, in the spool and as a row of ``submission``; the queue here is only a memory of it.  When the
book is loaded anew the queue is filled again with everything unfinished in the database.
"""

import threading
from collections.abc import Mapping

from core.errors import NotWaiting
from core.stage_timing import StageTimes
from ingest.queue.admission import Admission, AdmissionHooks, RunInThread, run_in_default_thread
from ingest.queue.events import InboxEvents
from ingest.queue.file_queue import FileQueue, QueuedFile
from ingest.queue.missing_files import MissingFiles
from ingest.queue.open_submission import OpenSubmission
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from posting.book.code_numbers import NumbersByCode
from posting.store.journal_store import PostgresStore


class IncomingFiles:
    """Admits, queues, pauses, cancels and opens files; ``changed`` guards the queue, and is notified of files to take."""

    def __init__(
        self,
        spool: Spool,
        store: PostgresStore,
        stages: StageTimes,
        *,
        changed: threading.Condition,
        events: InboxEvents,
        run_in_thread: RunInThread = run_in_default_thread,
    ) -> None:
        self._store, self._changed, self._events = store, changed, events
        self.queue = FileQueue()
        """Others may read it; only this object changes it."""
        self.missing = MissingFiles(spool, store)
        hooks = AdmissionHooks(
            self._requeue_returned_file, self.missing.remove_derived_files, self._queue_new
        )
        self.admission = Admission(spool, store, stages, hooks=hooks, run_in_thread=run_in_thread)
        self._queued = set[int]()
        """Numbers of the submissions queued or taken up since the book was loaded."""
        self._generation = 0
        """Counts the books loaded."""
        self._paused_senders: Mapping[str, str] | None = None

    @property
    def paused_senders(self) -> Mapping[str, str]:
        """The senders whose work is paused, and the reasons."""
        return self._paused_senders or {}

    def is_taken_up(self, number: int) -> bool:
        """Return whether the processing of a submission has begun."""
        with self._changed:
            return number in self._queued and number not in self.queue

    def pause(self, senders: Mapping[str, str]) -> None:
        """Pause the work of ``senders``, each for the reason given, and of no others."""
        with self._changed:
            self._paused_senders = senders
            self.queue.pause(senders)
            self._changed.notify_all()

    async def cancel(self, number: int, key: str, sender: str) -> None:
        """Cancel a submission that waits, on behalf of ``key`` of ``sender``: none of its lines will be decided.

        The lock decides whether its processing has begun; the stored row makes the cancellation durable, and no batch
        with its lines can commit beside that.

        Raises
        ------
        NotWaiting
            Its processing has begun.
        """
        with self._changed:
            file, generation = self.queue.withdraw(number), self._generation
            is_missing = self.missing.is_undecided(number)
        if file is None and not is_missing:
            raise NotWaiting(f"submission {number} is being decided, or is already decided")
        try:
            await self._store.fetch("cancel", number, key, sender)
        except BaseException:
            with self._changed:
                if file and self._generation == generation:
                    self.queue.add(file)
                    self._changed.notify_all()
            raise
        with self._changed:
            self.queue.withdraw(number)  # a book loaded meanwhile may have queued it once more
            self.missing.remove(number)
        self._events.on_withdrawn(number)

    def clear(self) -> None:
        """Forget all files, for a book that is being loaded."""
        with self._changed:
            self._generation += 1
            self.queue.clear()
            self.missing.clear()
            self._queued.clear()

    async def restore_submissions(self, numbers: NumbersByCode) -> list[OpenSubmission]:
        """Queue what is unfinished in the database; return, opened, what was begun already."""
        if self._paused_senders is None:
            self.pause({row["sender"]: row["reason"] for row in await self._store.fetch("paused")})
        open_files: list[OpenSubmission] = []
        for row in await self._store.fetch("unfinished"):
            if (
                not row["is_begun"] and row["submission"] in self._queued
            ):  # it was registered and queued meanwhile
                continue
            queued_file = await self.missing.reopen(row)
            if queued_file and not row["is_begun"]:
                self._add(queued_file)
            elif queued_file and (open_file := await self.open_file(queued_file, numbers)):
                self._queued.add(queued_file.number)
                open_files.append(open_file)
        return open_files

    async def queue_registered_files(self) -> None:
        """Queue the files that other processes have registered, and those missing before that are there again."""
        for row in await self._store.fetch("unfinished"):
            number = row["submission"]
            if number in self.missing:
                if spooled := await self.missing.find_again(row):
                    self._requeue_returned_file(number, spooled)
                continue
            if row["is_begun"] or number in self._queued or self.admission.is_admitting(row):
                continue
            file = await self.missing.reopen(row)
            if file and number not in self._queued:
                self._queue_new(file)

    async def open_file(self, queued_file: QueuedFile, numbers: NumbersByCode) -> OpenSubmission | None:
        """Open a submission that is to be processed; None if its file is missing: it waits, and others go on."""
        open_file = await self.missing.open_submission(queued_file, numbers)
        if open_file:
            self._events.on_taken_up(open_file.submission)
        self.queue.finish_opening(queued_file)
        return open_file

    def _queue_new(self, file: QueuedFile) -> None:
        """Report a file that has its number, and queue it."""
        self._events.on_numbered(file.number, file.sender)
        self._add(file)
        self._events.on_received(file.sender, "file", file.lines)

    def _requeue_returned_file(self, number: int, spooled: SpooledFile) -> QueuedFile | None:
        """Queue a submission whose missing file has come again: it continues where it was."""
        file = self.missing.take_returned_file(number, spooled)
        if file:
            self._queued.discard(number)
            self._add(file)
        return file

    def _add(self, file: QueuedFile) -> None:
        """Queue a submission, unless a book loaded meanwhile has queued it already."""
        with self._changed:
            if file.number not in self._queued:
                self._queued.add(file.number)
                self.queue.add(file)
                self._changed.notify_all()
