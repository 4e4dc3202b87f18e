"""How a file comes in: proved whole, registered, queued; the same sender's same file is one submission."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from core.observer import Stages
from ingest.inspection import Watch, inspect, see_nothing
from ingest.intake import record
from ingest.queue import Ticket
from ingest.spool import Spooled
from ingest.tally import Inspection
from posting.store.postgres import PostgresStore

Identity = tuple[str, bytes]
"""Who sent it, and the hash of its bytes."""


class Admitted(NamedTuple):
    """A submission's number, and whether it is new or was known before."""

    number: int
    is_new: bool


class Admission:
    """Admits files, the same one not twice at the same time."""

    def __init__(self, store: PostgresStore, stages: Stages, queue: Callable[[Ticket], None]) -> None:
        self._store, self._stages, self._queue = store, stages, queue
        self._admitting: dict[Identity, asyncio.Lock] = {}

    async def admit(self, spooled: Spooled, watch: Watch = see_nothing, *, again: bool = False) -> Admitted:
        """Prove, register and queue a file; one that was cancelled is a fresh attempt.

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
        if before and before.stands_for(again=again):
            return Admitted(before.number, is_new=False)
        found = await asyncio.to_thread(self._prove, spooled, watch)
        attempt = before.attempt + 1 if before else 1
        submission = await self._store.register(record(spooled, found, attempt))
        self._queue(Ticket(submission.number, spooled, found.lines, time.monotonic()))
        return Admitted(submission.number, is_new=True)

    def _prove(self, spooled: Spooled, watch: Watch) -> Inspection:
        with self._stages.measured("prove"):
            return inspect(spooled, watch)
