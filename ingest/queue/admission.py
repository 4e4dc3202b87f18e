"""The way of a spooled file to a number: proved, registered, or refused and gone."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Protocol
from weakref import WeakValueDictionary

import pyarrow as pa

from core.stage_timing import Stages
from ingest.queue.file_feed import record
from ingest.queue.file_queue import Ticket
from ingest.spool.file_claims import Identity
from ingest.spool.spool import Spool, Spooled
from ingest.validation.file_totals import Inspection
from ingest.validation.file_validation import inspect
from posting.store.journal_store import Earlier, PostgresStore


class Onlooker(Protocol):
    """Sees all lines of a file while it is proved, and refuses it by what it raises."""

    def see(self, lines: pa.RecordBatch) -> None:
        """Look at some lines."""
        ...

    @property
    def programmes(self) -> Sequence[str] | None:
        """Those that the lines seen name; None where not every line that lies in one says so."""
        ...


Beside = Callable[..., Awaitable[Any]]
"""Called with a sender, work and its arguments: has it done by a thread beside, and gives what it finds."""


def _beside(_: str, work: Callable[..., Any], *said: Any) -> Awaitable[Any]:
    return asyncio.to_thread(work, *said)


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
        self.came_again: Callable[[int, Spooled], object] = lambda *_: None
        """Told of a submission whose file has come once more."""
        self.clear_up: Callable[[Spooled], Awaitable[None] | None] = lambda _: None
        """Told of a file that was read once more for nothing."""
        self.beside: Beside = _beside
        """Has files proved."""
        self._locks: WeakValueDictionary[Identity, asyncio.Lock] = WeakValueDictionary()
        """Each is there for as long as somebody holds it or waits for it."""

    async def known(self, identity: Identity, *, again: bool) -> int | None:
        """The submission that a file is already; None when it is to be decided, for the first time or ``again``."""
        before = await self._store.find_submission(*identity)
        return before.number if before and before.stands_for(again=again) else None

    async def admit(self, spooled: Spooled, onlooker: Onlooker, *, again: bool = False) -> Admitted:
        """Prove, register and queue a file; the same sender's same file is one submission.

        ``onlooker`` sees a file that is not known yet.  ``again`` presents a file anew once it was decided; one that was
        cancelled is a fresh attempt by itself.  A file that is refused is gone from the spool, unless an earlier
        submission needs it.

        Raises
        ------
        InputError, or what ``onlooker`` raises
            The file is refused whole, and nothing was changed.
        """
        async with self._alone(spooled.identity):
            before = await self._store.find_submission(*spooled.identity)
            if before and before.stands_for(again=again):
                found = Admitted(before.number, is_new=False)
                self.came_again(before.number, spooled)
                await self._clear_up(spooled)
            else:
                found = await self._registered(spooled, onlooker, before)
            await self._release(spooled, is_needed=True)
            return found

    async def refuse(self, spooled: Spooled) -> None:
        """Let a file go that is not to be admitted; it stays where an earlier submission needs it."""
        async with self._alone(spooled.identity):
            await self._let_go(spooled, await self._store.find_submission(*spooled.identity))

    async def _registered(self, spooled: Spooled, onlooker: Onlooker, before: Earlier | None) -> Admitted:
        try:
            found = await self.prove(spooled, onlooker)
        except BaseException:  # refused, or a disk that is full: then all the more
            await self._let_go(spooled, before)
            raise
        await asyncio.to_thread(self._spool.state, spooled)
        row = record(spooled, found, before.attempt + 1 if before else 1, onlooker.programmes)
        submission = await self._store.register(row)
        self._queue(Ticket(submission.number, spooled, found.lines, time.monotonic()))
        return Admitted(submission.number, is_new=True)

    async def _let_go(self, spooled: Spooled, before: Earlier | None) -> None:
        """Give up a file that is not admitted; what was derived from it anew is not kept either."""
        await self._clear_up(spooled)
        await self._release(spooled, is_needed=before is not None)

    async def _clear_up(self, spooled: Spooled) -> None:
        if cleared := self.clear_up(spooled):
            await cleared

    async def _release(self, spooled: Spooled, *, is_needed: bool) -> None:
        await asyncio.to_thread(self._spool.release, spooled.identity, is_needed=is_needed)

    async def prove(self, spooled: Spooled, onlooker: Onlooker) -> Inspection:
        """Have a file read whole, with ``onlooker`` looking on.

        Raises
        ------
        InputError, or what ``onlooker`` raises
            The file is refused whole.
        """
        found: Inspection = await self.beside(spooled.envelope.sender, self._proved, spooled, onlooker)
        return found

    def _proved(self, spooled: Spooled, onlooker: Onlooker) -> Inspection:
        with self._stages.measured("prove"):
            return inspect(spooled, onlooker.see)

    @asynccontextmanager
    async def _alone(self, identity: Identity) -> AsyncIterator[None]:
        """Be the only one who settles what becomes of a file."""
        lock = self._locks.setdefault(identity, asyncio.Lock())
        async with lock:
            yield
