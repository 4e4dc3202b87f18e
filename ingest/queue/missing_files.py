"""Submissions whose file is not in the spool, or no longer what came: set aside until it comes again.

A spool may be behind its database, after a failover or a loss of the disk.  What was acknowledged then waits for its sender,
who still has it; everybody else's work goes on.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from core.errors import FileUnreadable
from ingest.queue.file_queue import QueuedFile
from ingest.queue.open_submission import OpenSubmission
from ingest.resolution.resolver import Sender
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile, check_bytes
from ingest.validation.decoded_cache import LineSource
from ingest.validation.file_validation import open_source, remove_normalised
from posting.batch import BatchResult
from posting.book.registry import NumbersByCode
from posting.store.journal_store import PostgresStore

LOG = logging.getLogger(__name__)


class _MissingFile(NamedTuple):
    lines: int
    is_begun: bool
    reason: str


class MissingFiles:
    """Who is set aside, and why."""

    def __init__(self, spool: Spool, store: PostgresStore) -> None:
        self._spool, self._store = spool, store
        self._missing: dict[int, _MissingFile] = {}
        self._under_way: dict[int, SpooledFile] = {}

    def __len__(self) -> int:
        return len(self._missing)

    def __contains__(self, number: int) -> bool:
        return number in self._missing

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._missing))

    def find_reason(self, number: int) -> str:
        """Why a submission is set aside; empty where it is not."""
        found = self._missing.get(number)
        return found.reason if found else ""

    def is_undecided(self, number: int) -> bool:
        """Whether a submission is set aside, and none of its lines is decided."""
        return number in self._missing and not self._missing[number].is_begun

    async def reopen(self, row: Any) -> QueuedFile | None:
        """A submission that was registered and not finished; None where its file is not there.

        The bytes are hashed when its turn has come: there may be many that wait.
        """
        number, lines, is_begun = row["submission"], row["declared_lines"], row["is_begun"]
        try:
            spooled = await asyncio.to_thread(self._spool.find, row["file_hash"], row["sender"])
        except FileUnreadable as error:
            self._add(number, (lines, is_begun), error)
            return None
        return QueuedFile(number, spooled, lines, time.monotonic(), is_checked=False)

    async def open_submission(self, ticket: QueuedFile, numbers: NumbersByCode) -> OpenSubmission | None:
        """A submission whose turn has come, where it stands; None where its bytes are not those that came."""
        self.take_up(ticket.number, ticket.spooled)
        submission = await self._store.load_submission(ticket.number)
        try:
            lines = await asyncio.to_thread(_open_checked_source, ticket)
        except FileUnreadable as error:
            self._add(ticket.number, (ticket.lines, submission.progress.next_line > 0), error)
            return None
        number = await self._store.number_sender(numbers, submission.sender)
        said = ticket.spooled.envelope
        return OpenSubmission(submission, Sender(number, said.sepa_only), lines, said.atomic)

    def take_up(self, number: int, spooled: SpooledFile) -> None:
        """The turn of a submission has come."""
        self._under_way[number] = spooled

    def handle_commit(self, outcome: BatchResult) -> None:
        """What was derived from a file that is decided is not needed any more: only what its sender sent is kept."""
        for row in outcome.progress:
            if row.progress.is_done and (spooled := self._under_way.pop(row.submission, None)):
                self.remove_derived(spooled)

    def remove_derived(self, spooled: SpooledFile) -> asyncio.Future[None] | None:
        """Remove what was derived from a file, unless somebody's same bytes are being decided."""
        if any(each.sha256 == spooled.sha256 for each in list(self._under_way.values())):
            return None
        return asyncio.get_running_loop().run_in_executor(None, remove_normalised, spooled)

    def take_returned(self, number: int, spooled: SpooledFile) -> QueuedFile | None:
        """A submission whose file has come again; None where it was not set aside."""
        found = self._missing.pop(number, None)
        return QueuedFile(number, spooled, found.lines, time.monotonic()) if found else None

    def remove(self, number: int) -> None:
        """Its file is not needed any more."""
        self._missing.pop(number, None)

    def clear(self) -> None:
        """Nobody is set aside: whoever is will be found anew."""
        self._missing.clear()

    def _add(self, number: int, stands: tuple[int, bool], error: FileUnreadable) -> None:
        LOG.error("submission %s is set aside: its file is lost, and must be sent again: %s", number, error)
        self._missing[number] = _MissingFile(*stands, f"Its file is lost: send it again. {error}")


def _open_checked_source(ticket: QueuedFile) -> LineSource:
    if not ticket.is_checked:
        check_bytes(ticket.spooled)
    return open_source(ticket.spooled)
