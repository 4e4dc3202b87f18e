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
from ingest.queue.batch_feed import Open
from ingest.queue.file_queue import Ticket
from ingest.resolution.resolver import Sender
from ingest.spool.spool import Spool, Spooled, check
from ingest.validation.decoded_cache import Source
from ingest.validation.file_validation import forget, source
from posting.batch import Outcome
from posting.book.registry import Numbers
from posting.store.journal_store import PostgresStore

LOG = logging.getLogger(__name__)


class _Aside(NamedTuple):
    lines: int
    is_begun: bool
    reason: str


class Lost:
    """Who is set aside, and why."""

    def __init__(self, spool: Spool, store: PostgresStore) -> None:
        self._spool, self._store = spool, store
        self._aside: dict[int, _Aside] = {}
        self._under_way: dict[int, Spooled] = {}

    def __len__(self) -> int:
        return len(self._aside)

    def __contains__(self, number: int) -> bool:
        return number in self._aside

    def __iter__(self) -> Iterator[int]:
        return iter(sorted(self._aside))

    def reason(self, number: int) -> str:
        """Why a submission is set aside; empty where it is not."""
        found = self._aside.get(number)
        return found.reason if found else ""

    def is_waiting(self, number: int) -> bool:
        """Whether a submission is set aside, and none of its lines is decided."""
        return number in self._aside and not self._aside[number].is_begun

    async def left(self, row: Any) -> Ticket | None:
        """A submission that was registered and not finished; None where its file is not there.

        The bytes are hashed when its turn has come: there may be many that wait.
        """
        number, lines, is_begun = row["submission"], row["declared_lines"], row["is_begun"]
        try:
            spooled = await asyncio.to_thread(self._spool.find, row["file_hash"], row["sender"])
        except FileUnreadable as error:
            self._set_aside(number, (lines, is_begun), error)
            return None
        return Ticket(number, spooled, lines, time.monotonic(), is_checked=False)

    async def opened(self, ticket: Ticket, numbers: Numbers) -> Open | None:
        """A submission whose turn has come, where it stands; None where its bytes are not those that came."""
        self.begin(ticket.number, ticket.spooled)
        submission = await self._store.submission(ticket.number)
        try:
            lines = await asyncio.to_thread(_lines, ticket)
        except FileUnreadable as error:
            self._set_aside(ticket.number, (ticket.lines, submission.stage.next_line > 0), error)
            return None
        number = await self._store.sender_number(numbers, submission.sender)
        said = ticket.spooled.envelope
        return Open(submission, Sender(number, said.sepa_only), lines, said.atomic)

    def begin(self, number: int, spooled: Spooled) -> None:
        """The turn of a submission has come."""
        self._under_way[number] = spooled

    def committed(self, outcome: Outcome) -> None:
        """What was derived from a file that is decided is not needed any more: only what its sender sent is kept."""
        for row in outcome.progress:
            if row.stage.done and (spooled := self._under_way.pop(row.submission, None)):
                self.clear_up(spooled)

    def clear_up(self, spooled: Spooled) -> asyncio.Future[None] | None:
        """Remove what was derived from a file, unless somebody's same bytes are being decided."""
        if any(each.sha256 == spooled.sha256 for each in list(self._under_way.values())):
            return None
        return asyncio.get_running_loop().run_in_executor(None, forget, spooled)

    def take_back(self, number: int, spooled: Spooled) -> Ticket | None:
        """A submission whose file has come again; None where it was not set aside."""
        found = self._aside.pop(number, None)
        return Ticket(number, spooled, found.lines, time.monotonic()) if found else None

    def forget(self, number: int) -> None:
        """Its file is not needed any more."""
        self._aside.pop(number, None)

    def clear(self) -> None:
        """Nobody is set aside: whoever is will be found anew."""
        self._aside.clear()

    def _set_aside(self, number: int, stands: tuple[int, bool], error: FileUnreadable) -> None:
        LOG.error("submission %s is set aside: its file is lost, and must be sent again: %s", number, error)
        self._aside[number] = _Aside(*stands, f"Its file is lost: send it again. {error}")


def _lines(ticket: Ticket) -> Source:
    if not ticket.is_checked:
        check(ticket.spooled)
    return source(ticket.spooled)
