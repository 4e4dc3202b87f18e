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
from core.stage_timing import StageTimes
from posting.batch import Batch, BatchResult
from posting.book import checkpoint
from posting.book.checkpoint import NO_CHECKPOINT, CheckpointExtent, CheckpointSnapshot
from posting.book.registry import ReferenceData
from posting.book.reserved_memory import release_memory
from posting.engine import Engine
from posting.recovery import book_loading
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore
from posting.store.lease import FAILURES, Connection

ATTEMPTS_MAX = 3
CHECKPOINT_ENTRIES = 5 << 20
"""More of them would cost memory when the book is largest; fewer, time at a start after a run that was killed."""
CHECKPOINT_AT_END_DIVISOR = 8
"""Once all is decided, so much of what makes a checkpoint due is enough for one: nobody waits, and the next start does."""
READ_AHEAD_BATCHES = 2


class Feed(Protocol):
    """Where batches come from, in the order they are decided."""

    async def open(self, loaded: LoadedBook) -> None:
        """Stand where the last commit left off."""

    def produce_batches(self) -> Generator[Batch]:
        """Every batch of first passes; runs and is closed in a thread of its own, ahead of the decisions."""
        ...

    def stop_producing(self) -> None:
        """No batch is asked for any more: whoever waits for the next goes home."""

    def retry_held(self, decided: Batch) -> Iterator[Batch]:
        """The batches that present the held acts of submissions that ``decided`` ended; runs in the kernel thread."""
        ...


class PipelineSettings(NamedTuple):
    """How the pipeline is run."""

    checkpoint_entries: int = CHECKPOINT_ENTRIES
    on_committed: Callable[[BatchResult], None] = lambda _: None
    """Told of every committed batch, in order."""
    on_failed: Callable[[int, BaseException], None] = lambda _batch, _cause: None
    """Told of every failure that is tried again: the first batch not committed, and why."""
    stages: StageTimes | None = None
    """Where processor time is added up."""
    is_storing: bool = True
    """Not so where all that is decided is taken back: then checkpoints that are worn are left as they are."""


class _Resources(NamedTuple):
    """What every attempt works with."""

    store: PostgresStore
    settings: PipelineSettings
    reader: ThreadPoolExecutor
    kernel: ThreadPoolExecutor


class Pipeline:
    """Runs a feed to its end against a store, through whatever failures allow it."""

    def __init__(
        self,
        store: PostgresStore,
        reference: ReferenceData,
        settings: PipelineSettings = PipelineSettings(),  # noqa: B008
    ) -> None:
        self._reference = reference
        self._resources = _Resources(
            store, settings, ThreadPoolExecutor(1, "reader"), ThreadPoolExecutor(1, "kernel")
        )
        self._last_failure: tuple[int, int] = (0, 0)

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
            while not await self._run_attempt(feed):
                await self._resources.store.reconnect()
        finally:
            self._resources.reader.shutdown(wait=False, cancel_futures=True)
            self._resources.kernel.shutdown(wait=False, cancel_futures=True)

    async def _run_attempt(self, feed: Feed) -> bool:
        """Load and go on; True when the feed is exhausted and everything committed."""
        loaded = await book_loading.load_book(self._resources.store, self._reference)
        await feed.open(loaded)
        course = _Attempt(self._resources, loaded)
        try:
            await course.run(feed)
        except BaseExceptionGroup as group:
            _raise_if_cancelled()
            cause = _find_cause(group)
            self._resources.settings.on_failed(course.committed_batch + 1, cause)
            self._count_failure(course.committed_batch + 1, cause)
            return False
        return True

    def _count_failure(self, batch: int, cause: BaseException) -> None:
        failed_batch, times = self._last_failure
        self._last_failure = (batch, times + 1 if batch == failed_batch else 1)
        if self._last_failure[1] >= ATTEMPTS_MAX:
            raise BatchFailed(
                f"batch {batch} failed {ATTEMPTS_MAX} times; the last cause: {cause!r}"
            ) from cause


def _raise_if_cancelled() -> None:
    """Be cancelled where that was asked for while a course broke: its group then tells of the break alone.

    Raises
    ------
    asyncio.CancelledError
        It was.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError


def _find_cause(group: BaseExceptionGroup) -> BaseException:
    """The failure to tell: one that trying again cannot mend is raised as it is."""
    moved, others = group.split(BookMoved)
    failures, unexpected = (others or group).split(FAILURES)
    if moved is not None or unexpected is not None:
        raise _find_first(moved or unexpected or group)
    return _find_first(failures or group)


def _find_first(group: BaseExceptionGroup) -> BaseException:
    first = group.exceptions[0]
    return _find_first(first) if isinstance(first, BaseExceptionGroup) else first


class _Attempt:
    """One attempt: from a loaded book to the end of the feed, or to a failure."""

    def __init__(self, resources: _Resources, loaded: LoadedBook) -> None:
        self._store, self._settings, self._reader, self._kernel = resources
        self._stages = self._settings.stages or StageTimes()
        self._engine = Engine(loaded.state, loaded.head, self._stages)
        self._last_checkpoint: CheckpointExtent = loaded.last_checkpoint
        self._needs_full_checkpoint = loaded.needs_full_checkpoint and self._settings.is_storing
        self._first_batch = self.committed_batch = loaded.head.batch
        self._previous_commit = asyncio.Event()
        self._previous_commit.set()
        self._previous_save = asyncio.Event()
        self._previous_save.set()

    async def run(self, feed: Feed) -> None:
        """Decide and commit batch after batch, as long as the connections last."""
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(self._store.wait_until_broken())
            await self._run_batches(feed)
            watcher.cancel()

    async def _run_batches(self, feed: Feed) -> None:
        batches = feed.produce_batches()
        ahead = deque(self._read_next(batches) for _ in range(READ_AHEAD_BATCHES))
        try:
            async with asyncio.TaskGroup() as group:
                if self._needs_full_checkpoint:
                    self._last_checkpoint = NO_CHECKPOINT
                    await self._start_checkpoint(group)
                while (batch := await ahead[0]) is not None:
                    ahead.popleft()
                    ahead.append(self._read_next(batches))
                    await self._process(group, feed, batch)
                if self._is_final_checkpoint_due and self._engine.head.batch > self._first_batch:
                    await self._run_in_kernel(
                        release_memory
                    )  # the last batches' room is not needed beside the checkpoint's
                    await self._start_checkpoint(group)
        finally:
            feed.stop_producing()
            await asyncio.gather(*ahead, self._run_in_reader(batches.close), return_exceptions=True)

    async def _process(self, group: asyncio.TaskGroup, feed: Feed, batch: Batch) -> None:
        if batch.dry_run:
            result = await self._run_in_kernel(self._engine.dry_run, batch, batch.dry_run)
            batch.dry_run.complete(result)
            return
        if batch.pieces:
            await self._decide(group, batch)
        held_batches = feed.retry_held(batch)
        while (held_batch := await self._run_in_kernel(next, held_batches, None)) is not None:
            await self._decide(group, held_batch)

    def _read_next(self, batches: Iterator[Batch]) -> asyncio.Future[Batch | None]:
        return self._run_in_reader(next, batches, None)

    def _run_in_reader(self, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._reader, work, *arguments)

    async def _run_in_kernel(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(
            self._kernel, self._stages.run_timed, work, *arguments
        )

    async def _decide(self, group: asyncio.TaskGroup, batch: Batch) -> None:
        """Evaluate in the kernel thread, then commit beside it, after the batch before."""
        outcome = await self._run_in_kernel(self._engine.evaluate, batch)
        connection = await self._store.borrow_copier()
        previous, self._previous_commit = self._previous_commit, asyncio.Event()
        group.create_task(self._commit(connection, outcome, (previous, self._previous_commit)))
        if self._entries_since_checkpoint >= self._settings.checkpoint_entries:
            await self._start_checkpoint(group)

    @property
    def _is_final_checkpoint_due(self) -> bool:
        return self._entries_since_checkpoint * CHECKPOINT_AT_END_DIVISOR >= self._settings.checkpoint_entries

    @property
    def _entries_since_checkpoint(self) -> int:
        """How many entries a start would have to read again."""
        return self._engine.state.entries - self._last_checkpoint.entries

    async def _commit(
        self, connection: Connection, outcome: BatchResult, order: tuple[asyncio.Event, asyncio.Event]
    ) -> None:
        previous, done = order
        await self._store.commit(connection, outcome, previous)
        self.committed_batch = outcome.number
        done.set()
        self._settings.on_committed(outcome)

    def _take_snapshot(self, batch: int) -> CheckpointSnapshot:
        with self._stages.measure("checkpoint"):
            return checkpoint.take_snapshot(self._engine.state, batch, self._last_checkpoint)

    async def _start_checkpoint(self, group: asyncio.TaskGroup) -> None:
        """Copy the changed pages now, and store them when their turn has come."""
        number = self._engine.head.batch
        snapshot: CheckpointSnapshot = await self._run_in_kernel(self._take_snapshot, number)
        self._last_checkpoint = snapshot.extent
        awaited, self._previous_save = (self._previous_commit, self._previous_save), asyncio.Event()
        group.create_task(self._save_checkpoint(snapshot, awaited, self._previous_save))

    async def _save_checkpoint(
        self, snapshot: CheckpointSnapshot, awaited: tuple[asyncio.Event, asyncio.Event], done: asyncio.Event
    ) -> None:
        """Once its batch is committed and the checkpoint before it is stored: it holds only what changed since."""
        for event in awaited:
            await event.wait()
        await self._store.save_checkpoint(snapshot)
        done.set()
