"""Submissions whose file is missing from the spool or has changed: they wait until the file comes again.

A spool may be behind its database, after a failover or a loss of the disk.  An acknowledged submission then waits for its
sender, who still has the file; the work of all others goes on.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from core.errors import FileUnreadable, InputError
from ingest.queue.file_queue import QueuedFile
from ingest.queue.open_submission import OpenSubmission
from ingest.resolution.resolver import Sender
from ingest.spool.byte_checks import ByteChecks
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile, check_bytes
from ingest.validation.decoded_cache import LineSource
from ingest.validation.file_validation import open_source
from ingest.validation.normalised_names import remove_normal_form
from posting.batch import BatchResult
from posting.book.code_numbers import NumbersByCode
from posting.store.journal_store import PostgresStore
from posting.store.submission_rows import FileStatements

LOG = logging.getLogger(__name__)


class _MissingFile(NamedTuple):
    lines: int
    is_begun: bool
    reason: str


class MissingFiles:
    """The submissions whose file is missing, and why; opens the files of all others."""

    def __init__(self, spool: Spool, store: PostgresStore) -> None:
        self._spool, self._store, self._checks = spool, store, ByteChecks(spool)
        self._missing: dict[int, _MissingFile] = {}
        self._under_way: dict[int, SpooledFile] = {}

    def __len__(self) -> int:
        return len(self._missing)

    def __contains__(self, number: int) -> bool:
        return number in self._missing

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._missing))

    def find_reason(self, number: int) -> str:
        """Return why the file of a submission is missing; empty if it is not."""
        missing = self._missing.get(number)
        return missing.reason if missing else ""

    def is_undecided(self, number: int) -> bool:
        """Return whether the file of a submission is missing and none of its lines is decided."""
        return number in self._missing and not self._missing[number].is_begun

    async def reopen(self, row: Any) -> QueuedFile | None:
        """Return an unfinished submission of an earlier run; None if its file is missing.

        The bytes are hashed when the submission is processed: many may be queued.
        """
        number, lines, is_begun = row["submission"], row["declared_lines"], row["is_begun"]
        try:
            spooled = await asyncio.to_thread(self._spool.find, row["file_hash"], row["sender"])
        except FileUnreadable as error:
            self._add(number, error, lines=lines, is_begun=is_begun)
            return None
        spooled = spooled.restore_statements(_get_statements(row))
        return QueuedFile(number, spooled, lines, time.monotonic(), is_checked=False)

    async def find_again(self, row: Any) -> SpooledFile | None:
        """Return the file of a submission whose file was missing; None if it still is, or its bytes have changed."""
        try:
            spooled = await asyncio.to_thread(self._checks.open, row["file_hash"], row["sender"])
        except FileUnreadable:
            return None
        return spooled.restore_statements(_get_statements(row))

    async def open_submission(self, file: QueuedFile, numbers: NumbersByCode) -> OpenSubmission | None:
        """Open a submission that is to be processed; None if its file is missing or its bytes have changed."""
        self.take_up(file.number, file.spooled)
        submission = await self._store.load_submission(file.number)
        try:
            source = await asyncio.to_thread(_open_checked_source, file)
        except InputError as error:  # also a limit that was higher when the file was admitted
            is_begun = submission.progress.next_line > 0
            self._add(file.number, error, lines=file.lines, is_begun=is_begun)
            return None
        number = await self._store.number_sender(numbers, submission.sender)
        envelope = file.spooled.envelope
        return OpenSubmission(submission, Sender(number, envelope.sepa_only), source, envelope.atomic)

    def take_up(self, number: int, spooled: SpooledFile) -> None:
        """Note that the processing of a submission begins."""
        self._under_way[number] = spooled

    def handle_commit(self, result: BatchResult) -> None:
        """Remove what was derived from files that are now decided: only the originals are kept."""
        for row in result.progress:
            if row.progress.is_done and (spooled := self._under_way.pop(row.submission, None)):
                self.remove_derived_files(spooled)

    def remove_derived_files(self, spooled: SpooledFile) -> asyncio.Future[None] | None:
        """Remove what was derived from a file, unless a submission with the same bytes is being processed."""
        if any(other.sha256 == spooled.sha256 for other in list(self._under_way.values())):
            return None
        return asyncio.get_running_loop().run_in_executor(None, remove_normal_form, spooled)

    def take_returned_file(self, number: int, spooled: SpooledFile) -> QueuedFile | None:
        """Return a submission whose missing file has come again, with its bytes checked; None if it was not missing."""
        missing = self._missing.pop(number, None)
        return QueuedFile(number, spooled, missing.lines, time.monotonic()) if missing else None

    def remove(self, number: int) -> None:
        """Forget a submission whose file is no longer needed."""
        self._missing.pop(number, None)

    def clear(self) -> None:
        """Forget all missing files; the next start detects them again."""
        self._missing.clear()

    def _add(self, number: int, error: InputError, *, lines: int, is_begun: bool) -> None:
        LOG.error("submission %s waits: its file is missing and must be sent again: %s", number, error)
        self._missing[number] = _MissingFile(lines, is_begun, describe_missing(error))


def describe_missing(error: InputError, is_internal: bool = False) -> str:
    """Describe a missing file, and what brings it back; ``is_internal``: a command of our own made the file."""
    remedy = "call the command that made it again" if is_internal else "send the file again"
    return f"The file is missing from the spool: {remedy}. {error}"


def _get_statements(row: Any) -> FileStatements:
    return FileStatements(*(row[name] for name in FileStatements._fields))


def _open_checked_source(file: QueuedFile) -> LineSource:
    if not file.is_checked:
        check_bytes(file.spooled)
    return open_source(file.spooled)
