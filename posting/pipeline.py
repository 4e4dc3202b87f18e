"""Batches in, commits out: one thread decides, several connections copy, commits keep their order.

A failure of a commit ends the run of batches: the book is dropped, loaded again, and what was not committed is decided
again.  A batch that fails three times stops the engine, by name.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

from core.errors import BatchFailed, BookMoved
from core.stage_timing import Stages
from posting.batch import Batch, Outcome
from posting.book import checkpoint
from posting.book.checkpoint import NOTHING, Mark, Snapshot
from posting.book.registry import Reference
from posting.book.reserved_memory import give_back
from posting.engine import Engine
from posting.recovery import book_loading
from posting.recovery.book_loading import Loaded
from posting.store.journal_store import PostgresStore
from posting.store.lease import FAILURES, Connection

ATTEMPTS_MAX = 3
CHECKPOINT_ENTRIES = 5 << 20
"""More of them would cost memory when the book is largest; fewer, time at a start after a run that was killed."""
CHECKPOINT_AT_END_PARTS = 8
"""Once all is decided, so much of what makes a checkpoint due is enough for one: nobody waits, and the next start does."""
READ_AHEAD_BATCHES = 2


class Feed(Protocol):
    """Where batches come from, in the order they are decided."""

    async def open(self, loaded: Loaded) -> None:
        """Stand where the last commit left off."""

    def batches(self) -> Generator[Batch]:
        """Every batch of first passes; runs and is closed in a thread of its own, ahead of the decisions."""
        ...

    def end(self) -> None:
        """No batch is asked for any more: whoever waits for the next goes home."""

    def again(self, decided: Batch) -> Iterator[Batch]:
        """The batches that present the held acts of submissions that ``decided`` ended; runs in the kernel thread."""
        ...


class Settings(NamedTuple):
    """How the pipeline is run."""

    checkpoint_entries: int = CHECKPOINT_ENTRIES
    committed: Callable[[Outcome], None] = lambda _: None
    """Told of every committed batch, in order."""
    failed: Callable[[int, BaseException], None] = lambda _batch, _cause: None
    """Told of every failure that is tried again: the first batch not committed, and why."""
    stages: Stages | None = None
    """Where processor time is added up."""
    stores: bool = True
    """Not so where all that is decided is taken back: then checkpoints that are worn are left as they are."""


class _Parts(NamedTuple):
    """What every attempt works with."""

    store: PostgresStore
    settings: Settings
    reader: ThreadPoolExecutor
    kernel: ThreadPoolExecutor


class Pipeline:
    """Runs a feed to its end against a store, through whatever failures allow it."""

    def __init__(self, store: PostgresStore, reference: Reference, settings: Settings = Settings()) -> None:  # noqa: B008
        self._reference = reference
        self._parts = _Parts(
            store, settings, ThreadPoolExecutor(1, "reader"), ThreadPoolExecutor(1, "kernel")
        )
        self._failed: tuple[int, int] = (0, 0)

    async def run(self, feed: Feed) -> None:
        """Commit every batch of ``feed``.

        Raises
        ------
        BatchFailed
            The same batch failed three times.
        BookMoved
            Another engine took over.
        """
        try:
            while not await self._attempt(feed):
                await self._parts.store.reconnect()
        finally:
            self._parts.reader.shutdown(wait=False, cancel_futures=True)
            self._parts.kernel.shutdown(wait=False, cancel_futures=True)

    async def _attempt(self, feed: Feed) -> bool:
        """Load and go on; True when the feed is exhausted and everything committed."""
        loaded = await book_loading.load(self._parts.store, self._reference)
        await feed.open(loaded)
        course = _Course(self._parts, loaded)
        try:
            await course.follow(feed)
        except BaseExceptionGroup as group:
            _go_home_if_told()
            cause = _cause(group)
            self._parts.settings.failed(course.committed + 1, cause)
            self._count_failure(course.committed + 1, cause)
            return False
        return True

    def _count_failure(self, batch: int, cause: BaseException) -> None:
        before, times = self._failed
        self._failed = (batch, times + 1 if batch == before else 1)
        if self._failed[1] >= ATTEMPTS_MAX:
            raise BatchFailed(
                f"batch {batch} failed {ATTEMPTS_MAX} times; the last cause: {cause!r}"
            ) from cause


def _go_home_if_told() -> None:
    """Be cancelled where that was asked for while a course broke: its group then tells of the break alone.

    Raises
    ------
    asyncio.CancelledError
        It was.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


def _cause(group: BaseExceptionGroup) -> BaseException:
    """The failure to tell: one that trying again cannot mend is raised as it is."""
    moved, others = group.split(BookMoved)
    failures, unexpected = (others or group).split(FAILURES)
    if moved is not None or unexpected is not None:
        raise _first(moved or unexpected or group)
    return _first(failures or group)


def _first(group: BaseExceptionGroup) -> BaseException:
    one = group.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one


class _Course:
    """One attempt: from a loaded book to the end of the feed, or to a failure."""

    def __init__(self, parts: _Parts, loaded: Loaded) -> None:
        self._store, self._settings, self._reader, self._kernel = parts
        self._stages = self._settings.stages or Stages()
        self._engine = Engine(loaded.state, loaded.head, self._stages)
        self._mark: Mark = loaded.mark
        self._is_worn = loaded.is_worn and self._settings.stores
        self._began = self.committed = loaded.head.batch
        self._before = asyncio.Event()
        self._before.set()
        self._saved = asyncio.Event()
        self._saved.set()

    async def follow(self, feed: Feed) -> None:
        """Decide and commit batch after batch, as long as the connections last."""
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._store.lost())
            await self._follow(feed)
            watch.cancel()

    async def _follow(self, feed: Feed) -> None:
        batches = feed.batches()
        ahead = deque(self._read(batches) for _ in range(READ_AHEAD_BATCHES))
        try:
            async with asyncio.TaskGroup() as group:
                if self._is_worn:
                    self._mark = NOTHING
                    await self._checkpoint(group)
                while (batch := await ahead[0]) is not None:
                    ahead.popleft()
                    ahead.append(self._read(batches))
                    await self._present(group, feed, batch)
                if self._is_far_behind and self._engine.head.batch > self._began:
                    await self._in_kernel(
                        give_back
                    )  # the last batches' room is not needed beside the checkpoint's
                    await self._checkpoint(group)
        finally:
            feed.end()
            await asyncio.gather(*ahead, self._in_reader(batches.close), return_exceptions=True)

    async def _present(self, group: asyncio.TaskGroup, feed: Feed, batch: Batch) -> None:
        if batch.rehearsal:
            found = await self._in_kernel(self._engine.rehearse, batch, batch.rehearsal)
            batch.rehearsal.told(found)
            return
        if batch.pieces:
            await self._decide(group, batch)
        again = feed.again(batch)
        while (held := await self._in_kernel(next, again, None)) is not None:
            await self._decide(group, held)

    def _read(self, batches: Iterator[Batch]) -> asyncio.Future[Batch | None]:
        return self._in_reader(next, batches, None)

    def _in_reader(self, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._reader, work, *arguments)

    async def _in_kernel(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(
            self._kernel, self._stages.busy, work, *arguments
        )

    async def _decide(self, group: asyncio.TaskGroup, batch: Batch) -> None:
        """Evaluate in the kernel thread, then commit beside it, after the batch before."""
        outcome = await self._in_kernel(self._engine.evaluate, batch)
        connection = await self._store.begin()
        before, self._before = self._before, asyncio.Event()
        group.create_task(self._commit(connection, outcome, (before, self._before)))
        if self._entries_behind >= self._settings.checkpoint_entries:
            await self._checkpoint(group)

    @property
    def _is_far_behind(self) -> bool:
        return self._entries_behind * CHECKPOINT_AT_END_PARTS >= self._settings.checkpoint_entries

    @property
    def _entries_behind(self) -> int:
        """How many entries a start would have to read again."""
        return self._engine.state.entries - self._mark.entries

    async def _commit(
        self, connection: Connection, outcome: Outcome, order: tuple[asyncio.Event, asyncio.Event]
    ) -> None:
        before, done = order
        await self._store.commit(connection, outcome, before)
        self.committed = outcome.number
        done.set()
        self._settings.committed(outcome)

    def _snapshot(self, batch: int) -> Snapshot:
        with self._stages.measured("checkpoint"):
            return checkpoint.take(self._engine.state, batch, self._mark)

    async def _checkpoint(self, group: asyncio.TaskGroup) -> None:
        """Copy the changed pages now, and store them when their turn has come."""
        number = self._engine.head.batch
        snapshot: Snapshot = await self._in_kernel(self._snapshot, number)
        self._mark = snapshot.mark
        after, self._saved = (self._before, self._saved), asyncio.Event()
        group.create_task(self._save(snapshot, after, self._saved))

    async def _save(
        self, snapshot: Snapshot, after: tuple[asyncio.Event, asyncio.Event], done: asyncio.Event
    ) -> None:
        """Once its batch is committed and the checkpoint before it is stored: it holds only what changed since."""
        for each in after:
            await each.wait()
        await self._store.save_checkpoint(snapshot)
        done.set()
