"""The commit pipeline: one thread decides batches, several connections copy them, and they commit in order.

When a commit fails, the attempt ends: the book is dropped and loaded again, and every batch that was not committed is
decided again.  A batch that fails three times stops the engine; the error names it.  What is no fault of the batch does not
count: whoever runs the pipeline prepares each retry, and says so, for example after a wait for room on a full disk.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any, NamedTuple

from core.directory import Directory
from core.errors import BatchFailed
from core.stage_timing import StageTimes
from posting import claim_limits
from posting.batch import Batch, BatchResult, DryRunDecisions, DryRunHandler
from posting.book import checkpoint
from posting.book.checkpoint import NO_CHECKPOINT, CheckpointExtent, CheckpointSnapshot
from posting.book.registry import ReferenceData
from posting.book.reserved_memory import release_memory
from posting.claim_limits import NO_LIMITS, ClaimLimits, LimitedBatch
from posting.delays import ceilings
from posting.engine import Engine
from posting.feed import Feed
from posting.pipeline_settings import PipelineSettings
from posting.recovery.book_loading import LoadedBook
from posting.recovery.book_memory import BookMemory
from posting.store import directory_store, period_store
from posting.store.connections import Connection
from posting.store.failures import RETRIED_ERRORS, RETRY_CAUSES, find_cause, raise_pending_cancellation
from posting.store.journal_store import PostgresStore

ATTEMPTS_MAX = 3
CHECKPOINT_AT_END_DIVISOR = 8
CHECKPOINT_AT_END_ENTRIES = 65_536
"""At the end of the feed, a checkpoint is taken at so many entries, or at ``checkpoint_entries`` divided by the above.

No batch waits for it then, and the next start is faster.
"""
READ_AHEAD_BATCHES = 2


class _Resources(NamedTuple):
    """The store, settings and threads that all attempts share."""

    store: PostgresStore
    settings: PipelineSettings
    reader: ThreadPoolExecutor
    kernel: ThreadPoolExecutor


class _CompletedDryRun(NamedTuple):
    """A dry run that is decided and undone, and where its result goes."""

    handler: DryRunHandler
    decisions: DryRunDecisions


class Pipeline:
    """Runs a feed to its end against a store, and retries after failures of the database."""

    def __init__(
        self,
        store: PostgresStore,
        reference: ReferenceData,
        settings: PipelineSettings = PipelineSettings(),  # noqa: B008
    ) -> None:
        self._reference, self._memory = reference, settings.memory or BookMemory()
        self._resources = _Resources(
            store, settings, ThreadPoolExecutor(1, "reader"), ThreadPoolExecutor(1, "kernel")
        )
        self._next_batch = 0
        """The first batch not committed; 0 until a book was loaded."""
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
            while (cause := await self._run_attempt(feed)) is not None:
                self._resources.settings.on_failed(self._next_batch, cause)
                await self._prepare_retry(cause)
        finally:
            self._resources.reader.shutdown(wait=False, cancel_futures=True)
            self._resources.kernel.shutdown(wait=False, cancel_futures=True)

    async def _run_attempt(self, feed: Feed) -> BaseException | None:
        """Load the book and process the feed; None when it is exhausted and committed, else the cause of the failure.

        Its own task runs the attempt: a task group that fails may leave its task marked as cancelled, not this one.
        """
        loaded = await self._load(feed)
        attempt = _Attempt(self._resources, loaded)
        try:
            await asyncio.create_task(attempt.run(feed))
        except BaseExceptionGroup as group:
            raise_pending_cancellation()
            self._next_batch = attempt.committed_batch + 1
            return find_cause(group)
        self._memory.store(attempt.leave_book(loaded))
        return None

    async def _load(self, feed: Feed) -> LoadedBook:
        """Load the book and open the feed on it."""
        while True:
            try:
                loaded = await self._memory.take(self._resources.store, self._reference)
                await feed.open(loaded)
            except RETRY_CAUSES as error:
                await self._prepare_retry(error)
            else:
                return loaded

    async def _prepare_retry(self, cause: BaseException) -> None:
        """Open new connections after a failure, once that is possible, and count it if it was the batch's own."""
        if (await self._resources.settings.prepare_retry(cause)).is_counted:
            self._count_failure(self._next_batch, cause)
        for attempt in count(1):
            try:
                await self._resources.store.reconnect()
            except RETRIED_ERRORS as error:
                preparation = await self._resources.settings.prepare_retry(error)
                may_help = preparation.is_restarted and attempt < ATTEMPTS_MAX
                if preparation.is_counted and not may_help:
                    raise
            else:
                return

    def _count_failure(self, batch: int, cause: BaseException) -> None:
        failed_batch, times = self._last_failure
        self._last_failure = (batch, times + 1 if batch == failed_batch else 1)
        if self._last_failure[1] >= ATTEMPTS_MAX:
            subject = f"batch {batch}" if batch else "the loading of the book"
            raise BatchFailed(f"{subject} failed {ATTEMPTS_MAX} times; the last cause: {cause!r}") from cause


class _Attempt:
    """One attempt: from a loaded book to the end of the feed or to the first failure."""

    def __init__(self, resources: _Resources, loaded: LoadedBook) -> None:
        self._store, self._settings, self._reader, self._kernel = resources
        self._stages = self._settings.stages or StageTimes()
        self._engine = Engine(loaded.state, loaded.head, self._stages)
        self._last_checkpoint: CheckpointExtent = loaded.last_checkpoint
        self._needs_full_checkpoint = loaded.needs_full_checkpoint and self._settings.is_storing
        self._first_batch = self.committed_batch = loaded.head.batch
        self._previous_commit, self._previous_save = asyncio.Event(), asyncio.Event()
        self._previous_commit.set()
        self._previous_save.set()

    async def run(self, feed: Feed) -> None:
        """Decide and commit batch after batch until the feed ends or a connection breaks."""
        async with asyncio.TaskGroup() as group:
            watcher = group.create_task(self._store.wait_until_broken())
            await self._run_batches(feed)
            watcher.cancel()

    def leave_book(self, loaded: LoadedBook) -> LoadedBook | None:
        """Return the book as it would be loaded now; None if it follows a decision of a person that no batch has stored."""
        book = LoadedBook(self._engine.state, self._engine.head, loaded.secret, self._last_checkpoint)
        return None if self._engine.has_unstored_decisions else book

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
                    await self._process(group, feed.order_batches(batch))
                if self._is_final_checkpoint_due and self._engine.head.batch > self._first_batch:
                    # return the memory of the last batches before the checkpoint allocates its own
                    await self._run_in_kernel(release_memory)
                    await self._start_checkpoint(group)
        finally:
            feed.stop_producing()
            await asyncio.gather(*ahead, self._run_in_reader(batches.close), return_exceptions=True)

    async def _process(self, group: asyncio.TaskGroup, batches: Iterator[Batch]) -> None:
        """Evaluate the batches in the kernel thread; start the commit of each, or complete it if it is a dry run."""
        await self._follow_decisions()
        while (result := await self._run_in_kernel(self._evaluate_next, batches)) is not None:
            if isinstance(result, LimitedBatch):
                result = await self._evaluate_with_limits(result)
            if isinstance(result, _CompletedDryRun):
                result.handler.complete(result.decisions)
            else:
                await self._start_commit(group, result)

    async def _follow_decisions(self) -> None:
        """Check the clocks, and follow what persons decided since about periods and the directory: it holds from now on."""
        self._store.clock.check()
        state = self._engine.state
        loading = self._store.load_period_decisions(state.last_period_decision)
        if decisions := await period_store.complete(loading):
            await self._run_in_kernel(self._engine.apply_period_decisions, decisions)
        if directory := await period_store.complete(self._load_directory(state.directory.last_change)):
            await self._run_in_kernel(self._engine.follow_directory, directory)

    async def _load_directory(self, change: int) -> Directory | None:
        async with self._store.borrow_connection() as connection:
            return await directory_store.load_newer_directory(connection, change)

    def _evaluate_next(
        self, batches: Iterator[Batch]
    ) -> BatchResult | _CompletedDryRun | LimitedBatch | None:
        """Evaluate the next batch, in the kernel thread; None if there is none.

        A batch with claims that the rule limits is returned instead, as what is due must be measured first.
        """
        if (batch := next(batches, None)) is None:
            return None
        limited = claim_limits.limit_batch(batch, self._engine.state)
        return limited if len(limited.payables) else self._evaluate(limited.batch, NO_LIMITS)

    def _evaluate(self, batch: Batch, limits: ClaimLimits) -> BatchResult | _CompletedDryRun:
        if batch.dry_run:
            return _CompletedDryRun(batch.dry_run, self._engine.dry_run(batch, batch.dry_run, limits))
        return self._engine.evaluate(batch, limits)

    async def _evaluate_with_limits(self, limited: LimitedBatch) -> BatchResult | _CompletedDryRun:
        """Evaluate a batch once what is due for its claims is measured, by all batches before it."""
        await self._previous_commit.wait()  # no time limit: if that commit fails, the attempt ends
        folder = self._engine.state.registry.reference.folder
        async with self._store.lend_copier() as connection:
            limits = await ceilings.load_limits(connection, limited.payables, folder)
        return await self._run_in_kernel(self._evaluate, limited.batch, limits)

    def _read_next(self, batches: Iterator[Batch]) -> asyncio.Future[Batch | None]:
        return self._run_in_reader(next, batches, None)

    def _run_in_reader(self, work: Callable[..., Any], *arguments: Any) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().run_in_executor(self._reader, work, *arguments)

    async def _run_in_kernel(self, work: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(
            self._kernel, self._stages.measure_work, work, *arguments
        )

    async def _start_commit(self, group: asyncio.TaskGroup, result: BatchResult) -> None:
        """Start a commit that waits for the previous batch's commit, and a checkpoint if one is due."""
        connection = await self._store.borrow_copier()
        previous, self._previous_commit = self._previous_commit, asyncio.Event()
        group.create_task(self._commit(connection, result, previous=previous, done=self._previous_commit))
        if self._entries_since_checkpoint >= self._settings.checkpoint_entries:
            await self._start_checkpoint(group)

    @property
    def _is_final_checkpoint_due(self) -> bool:
        entries = self._entries_since_checkpoint
        is_share_reached = entries * CHECKPOINT_AT_END_DIVISOR >= self._settings.checkpoint_entries
        return is_share_reached or entries >= CHECKPOINT_AT_END_ENTRIES

    @property
    def _entries_since_checkpoint(self) -> int:
        """Entries that the next start would have to read from the journal."""
        return self._engine.state.entries - self._last_checkpoint.entries

    async def _commit(
        self, connection: Connection, result: BatchResult, *, previous: asyncio.Event, done: asyncio.Event
    ) -> None:
        await self._store.commit(connection, result, previous)
        self.committed_batch = result.number
        done.set()
        self._settings.on_committed(result)

    def _take_snapshot(self, batch: int) -> CheckpointSnapshot:
        with self._stages.measure("checkpoint"):
            return checkpoint.take_snapshot(self._engine.state, batch, self._last_checkpoint)

    async def _start_checkpoint(self, group: asyncio.TaskGroup) -> None:
        """Copy the changed pages now; store them once this batch is committed and the previous checkpoint is stored."""
        number = self._engine.head.batch
        snapshot: CheckpointSnapshot = await self._run_in_kernel(self._take_snapshot, number)
        self._last_checkpoint = snapshot.extent
        awaited, self._previous_save = (self._previous_commit, self._previous_save), asyncio.Event()
        group.create_task(self._save_checkpoint(snapshot, awaited, self._previous_save))

    async def _save_checkpoint(
        self, snapshot: CheckpointSnapshot, awaited: tuple[asyncio.Event, asyncio.Event], done: asyncio.Event
    ) -> None:
        """Store a checkpoint after ``awaited``: it contains only the pages changed since the previous checkpoint."""
        for event in awaited:
            await event.wait()  # no time limit: a failure of what it waits for ends the attempt
        await self._store.save_checkpoint(snapshot)
        done.set()
