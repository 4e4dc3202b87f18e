"""The way of a spooled file to a number: proved, registered, or refused and gone."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

from core.errors import CrescendoError
from core.observer import Stages
from ingest.claims import Identity
from ingest.inspection import Watch, inspect, see_nothing
from ingest.intake import record
from ingest.queue import Ticket
from ingest.spool import Spool, Spooled
from ingest.tally import Inspection
from posting.store.postgres import Earlier, PostgresStore


class Admitted(NamedTuple):
    """A submission's number, and whether it is new or was known before."""

    number: int
    is_new: bool


async def sweep(spool: Spool, store: PostgresStore) -> None:
    """Remove what a crash left in the spool before it got a number; nothing that has one."""
    for identity in await asyncio.to_thread(spool.undecided):
        before = await store.find_submission(*identity)
        spool.release(identity, is_needed=before is not None)


class Admission:
    """Admits files, those of one identity one after the other."""

    def __init__(
        self, spool: Spool, store: PostgresStore, stages: Stages, queue: Callable[[Ticket], None]
    ) -> None:
        self._spool, self._store, self._stages, self._queue = spool, store, stages, queue
        self._locks: WeakValueDictionary[Identity, asyncio.Lock] = WeakValueDictionary()
        """Each is there for as long as somebody holds it or waits for it."""

    async def known(self, identity: Identity, *, again: bool) -> int | None:
        """The submission that a file is already; None when it is to be decided, for the first time or ``again``."""
        before = await self._store.find_submission(*identity)
        return before.number if before and before.stands_for(again=again) else None

    async def admit(self, spooled: Spooled, watch: Watch = see_nothing, *, again: bool = False) -> Admitted:
        """Prove, register and queue a file; the same sender's same file is one submission.

        ``watch`` sees all lines of a file that is not known yet, and refuses it by what it raises.  ``again`` presents
        a file anew once it was decided; one that was cancelled is a fresh attempt by itself.  A file that is refused
        is gone from the spool, unless an earlier submission needs it.

        Raises
        ------
        InputError, or what ``watch`` raises
            The file is refused whole, and nothing was changed.
        """
        async with self._alone(spooled.identity):
            before = await self._store.find_submission(*spooled.identity)
            if before and before.stands_for(again=again):
                found = Admitted(before.number, is_new=False)
            else:
                found = await self._registered(spooled, watch, before)
            await self._release(spooled, is_needed=True)
            return found

    async def left(self, row: Any) -> Ticket:
        """A submission that was registered and not finished, of a row of ``unfinished``, from the spool."""
        spooled = await asyncio.to_thread(self._spool.open, row["file_hash"], row["sender"])
        return Ticket(row["submission"], spooled, row["declared_lines"], time.monotonic())

    async def refuse(self, spooled: Spooled) -> None:
        """Let a file go that is not to be admitted; it stays where an earlier submission needs it."""
        async with self._alone(spooled.identity):
            before = await self._store.find_submission(*spooled.identity)
            await self._release(spooled, is_needed=before is not None)

    async def _registered(self, spooled: Spooled, watch: Watch, before: Earlier | None) -> Admitted:
        try:
            found = await asyncio.to_thread(self._prove, spooled, watch)
        except (CrescendoError, OSError):  # a full disk, among others
            await self._release(spooled, is_needed=before is not None)
            raise
        row = record(spooled, found, before.attempt + 1 if before else 1)
        submission = await self._store.register(row)
        self._queue(Ticket(submission.number, spooled, found.lines, time.monotonic()))
        return Admitted(submission.number, is_new=True)

    async def _release(self, spooled: Spooled, *, is_needed: bool) -> None:
        await asyncio.to_thread(self._spool.release, spooled.identity, is_needed=is_needed)

    def _prove(self, spooled: Spooled, watch: Watch) -> Inspection:
        with self._stages.measured("prove"):
            return inspect(spooled, watch)

    @asynccontextmanager
    async def _alone(self, identity: Identity) -> AsyncIterator[None]:
        """Be the only one who settles what becomes of a file."""
        lock = self._locks.setdefault(identity, asyncio.Lock())
        async with lock:
            yield
