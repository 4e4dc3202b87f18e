"""The way of a spooled file to a number: proved, registered, or refused and gone."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Protocol
from weakref import WeakValueDictionary

import pyarrow as pa

from core.stage_timing import StageTimes
from ingest.queue.file_feed import build_submission_row
from ingest.queue.file_queue import QueuedFile
from ingest.spool.file_claims import FileIdentity
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.file_totals import FileTotals
from ingest.validation.file_validation import validate_without_cache
from posting.store.journal_store import PostgresStore, PriorSubmission


class LineCheck(Protocol):
    """Sees all lines of a file while it is proved, and refuses it by what it raises."""

    def check_lines(self, lines: pa.RecordBatch) -> None:
        """Look at some lines."""
        ...

    @property
    def programmes(self) -> Sequence[str] | None:
        """Those that the lines seen name; None where not every line that lies in one says so."""
        ...


RunInThread = Callable[..., Awaitable[Any]]
"""Called with a sender, work and its arguments: has it done by a thread beside, and gives what it finds."""


def _run_in_thread(_: str, work: Callable[..., Any], *said: Any) -> Awaitable[Any]:
    return asyncio.to_thread(work, *said)


class AdmissionResult(NamedTuple):
    """A submission's number, and whether it is new or was known before."""

    number: int
    is_new: bool


async def remove_undecided(spool: Spool, store: PostgresStore) -> None:
    """Remove what a crash left in the spool before it got a number; nothing that has one."""
    for identity in await asyncio.to_thread(spool.reclaim_undecided):
        before = await store.find_submission(*identity)
        spool.release(identity, is_needed=before is not None)


class Admission:
    """Admits files, those of one identity one after the other."""

    def __init__(
        self, spool: Spool, store: PostgresStore, stages: StageTimes, queue: Callable[[QueuedFile], None]
    ) -> None:
        self._spool, self._store, self._stages, self._queue = spool, store, stages, queue
        self.came_again: Callable[[int, SpooledFile], object] = lambda *_: None
        """Told of a submission whose file has come once more."""
        self.clear_up: Callable[[SpooledFile], Awaitable[None] | None] = lambda _: None
        """Told of a file that was read once more for nothing."""
        self.run_in_thread: RunInThread = _run_in_thread
        """Has files proved."""
        self._locks: WeakValueDictionary[FileIdentity, asyncio.Lock] = WeakValueDictionary()
        """Each is there for as long as somebody holds it or waits for it."""

    async def find_known(self, identity: FileIdentity, *, reprocess: bool) -> int | None:
        """The submission that a file is already; None when it is to be decided, for the first time or ``again``."""
        before = await self._store.find_submission(*identity)
        return before.number if before and before.covers_resend(again=reprocess) else None

    async def admit(
        self, spooled: SpooledFile, check: LineCheck, *, reprocess: bool = False
    ) -> AdmissionResult:
        """Prove, register and queue a file; the same sender's same file is one submission.

        ``onlooker`` sees a file that is not known yet.  ``again`` presents a file anew once it was decided; one that was
        cancelled is a fresh attempt by itself.  A file that is refused is gone from the spool, unless an earlier
        submission needs it.

        Raises
        ------
        InputError, or what ``onlooker`` raises
            The file is refused whole, and nothing was changed.
        """
        async with self._lock_identity(spooled.identity):
            before = await self._store.find_submission(*spooled.identity)
            if before and before.covers_resend(again=reprocess):
                found = AdmissionResult(before.number, is_new=False)
                self.came_again(before.number, spooled)
                await self._clear_up(spooled)
            else:
                found = await self._register(spooled, check, before)
            await self._release(spooled, is_needed=True)
            return found

    async def refuse(self, spooled: SpooledFile) -> None:
        """Let a file go that is not to be admitted; it stays where an earlier submission needs it."""
        async with self._lock_identity(spooled.identity):
            await self._discard(spooled, await self._store.find_submission(*spooled.identity))

    async def _register(
        self, spooled: SpooledFile, check: LineCheck, before: PriorSubmission | None
    ) -> AdmissionResult:
        try:
            found = await self.validate(spooled, check)
        except BaseException:  # refused, or a disk that is full: then all the more
            await self._discard(spooled, before)
            raise
        await asyncio.to_thread(self._spool.write_envelope, spooled)
        row = build_submission_row(spooled, found, before.attempt + 1 if before else 1, check.programmes)
        submission = await self._store.register_submission(row)
        self._queue(QueuedFile(submission.number, spooled, found.lines, time.monotonic()))
        return AdmissionResult(submission.number, is_new=True)

    async def _discard(self, spooled: SpooledFile, before: PriorSubmission | None) -> None:
        """Give up a file that is not admitted; what was derived from it anew is not kept either."""
        await self._clear_up(spooled)
        await self._release(spooled, is_needed=before is not None)

    async def _clear_up(self, spooled: SpooledFile) -> None:
        if cleared := self.clear_up(spooled):
            await cleared

    async def _release(self, spooled: SpooledFile, *, is_needed: bool) -> None:
        await asyncio.to_thread(self._spool.release, spooled.identity, is_needed=is_needed)

    async def validate(self, spooled: SpooledFile, check: LineCheck) -> FileTotals:
        """Have a file read whole, with ``onlooker`` looking on.

        Raises
        ------
        InputError, or what ``onlooker`` raises
            The file is refused whole.
        """
        found: FileTotals = await self.run_in_thread(
            spooled.envelope.sender, self._validate_in_thread, spooled, check
        )
        return found

    def _validate_in_thread(self, spooled: SpooledFile, check: LineCheck) -> FileTotals:
        with self._stages.measure("prove"):
            return validate_without_cache(spooled, check.check_lines)

    @asynccontextmanager
    async def _lock_identity(self, identity: FileIdentity) -> AsyncIterator[None]:
        """Be the only one who settles what becomes of a file."""
        lock = self._locks.setdefault(identity, asyncio.Lock())
        async with lock:
            yield
