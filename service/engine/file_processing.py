"""File processing: files in, receipts out. This module connects feed, pipeline and store, and decides nothing itself."""

import os
import platform
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TypeVar

from core.errors import ClockSetBack, LeaseHeld
from ingest.queue.admission import remove_undecided_files
from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.spool.spool import Spool
from posting.batch import Batch, BatchResult
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings, RetryPreparation
from posting.recovery.book_loading import LoadedBook
from posting.store.journal_store import PostgresStore
from posting.store.lookup_indexes import build_filters
from service.database import command_queries
from service.database.disk_space import DataDisks
from service.database.embedded_server import Database
from service.engine import registered_files
from service.engine.database_recovery import restart_ended_server
from service.engine.engine_context import EngineContext
from service.engine.processing_clock import ProcessingClock
from service.engine.processing_result import ProcessingResult
from service.engine.result_builder import ProcessedRequest, build_result
from service.results import receipt_queries
from service.terminal.processing_progress import (
    FileProgress,
    ProcessingProgress,
    ProgressReporter,
    report_progress,
)
from service.terminal.signals import Interruption

Store = TypeVar("Store", bound=PostgresStore)
_STOPPING = "Stopping after the batches under way; a second signal stops at once."


@dataclass(slots=True)
class StoppableFeed:
    """A feed that ends when it is stopped; batches it has not produced are left for the next call."""

    feed: FileFeed
    is_stopping: bool = False

    def stop(self) -> None:
        """Produce no further batch."""
        self.is_stopping = True

    async def open(self, loaded: LoadedBook) -> None:
        """Continue after the last commit."""
        await self.feed.open(loaded)

    def produce_batches(self) -> Generator[Batch]:
        """Produce the feed's batches until the stop."""
        return self._yield_until_stop(self.feed.produce_batches())

    def stop_producing(self) -> None:
        """Unblock the reader that waits for the next batch."""
        self.feed.stop_producing()

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Order the feed's batches until the stop: then also what was read ahead is left."""
        return self._yield_until_stop(self.feed.order_batches(read))

    def _yield_until_stop(self, batches: Iterator[Batch]) -> Generator[Batch]:
        for batch in batches:
            if self.is_stopping:
                return
            yield batch


async def process_files(
    context: EngineContext,
    request: ProcessingRequest,
    interruption: Interruption,
    *,
    reporter: ProgressReporter,
) -> ProcessingResult:
    """Process the files of ``request``, and those that earlier calls left unfinished, in an open database.

    If another engine is at work and decides the files of our spool, the files are registered for it.

    Raises
    ------
    InterruptedError
        No engine is at work, and ``context`` needs one: the same call continues once there is one.
    EngineError
        The engine cannot continue; what is committed stays, and the same call continues from there.
    """
    if context.needs_engine:
        result = await registered_files.process_files(context, request, interruption, reporter=reporter)
        if result is None:
            raise InterruptedError("no engine is at work on this database")
        return result
    while True:
        try:
            return await _process_with_lease(context, request, interruption, reporter=reporter)
        except LeaseHeld:
            result = await registered_files.process_files(context, request, interruption, reporter=reporter)
            if result is not None:
                return result


async def _process_with_lease(
    context: EngineContext,
    request: ProcessingRequest,
    interruption: Interruption,
    *,
    reporter: ProgressReporter,
) -> ProcessingResult:
    progress = ProcessingProgress(request.paths)
    disks, server = DataDisks(context.settings.data), command_queries.hide_password(context.database.dsn)
    async with (
        disks.name_full_disk(server),
        open_store(context.database, PostgresStore, context.settings.command_seconds) as store,
    ):
        clock = ProcessingClock(progress)
        spool = Spool(context.settings.data / "spool")
        await remove_undecided_files(spool, store)
        files = FileFeed(replace(request, on_admitted=progress.admit), spool, store, clock.stages)
        feed = StoppableFeed(files)
        async with store.borrow_connection() as connection:
            unfinished = await receipt_queries.read_unfinished_receipts(connection)
        progress.resume(
            FileProgress(receipt.file, receipt.size_bytes, receipt.lines, receipt.decided)
            for receipt in unfinished
        )
        pipeline_settings = _build_pipeline_settings(context, files, clock, reporter=reporter)
        pipeline = Pipeline(store, context.reference, pipeline_settings)
        with interruption.stop_with(feed.stop, _STOPPING):
            async with report_progress(progress, reporter):
                await pipeline.run(feed)
        if not feed.is_stopping:
            reporter.report_activity("updating the look-up indexes")
            with clock.time_indexing():
                await store.fetch("summarise_indexes")
                (row,) = await store.fetch("last_entry")
                await build_filters(context.database.dsn, row["last"])
        processed = ProcessedRequest.from_feed(files, is_interrupted=feed.is_stopping)
        async with store.borrow_connection() as connection:
            return await build_result(context, connection, processed, clock=clock)


def _build_pipeline_settings(
    context: EngineContext, files: FileFeed, clock: ProcessingClock, *, reporter: ProgressReporter
) -> PipelineSettings:
    def on_committed(result: BatchResult) -> None:
        clock.record_commit(result, files.processed)
        files.missing_files.handle_commit(result)

    def on_failed(batch: int, cause: BaseException) -> None:
        reporter.report_activity(f"batch {batch} failed, restarting from the last commit: {cause!r}")

    async def prepare_retry(cause: BaseException) -> RetryPreparation:
        if isinstance(cause, ClockSetBack):
            raise cause
        seconds = context.settings.command_seconds
        return RetryPreparation(True, await restart_ended_server(context.database, seconds))

    return PipelineSettings(
        on_committed=on_committed,
        on_failed=on_failed,
        stages=clock.stages,
        memory=context.memory,
        prepare_retry=prepare_retry,
    )


@asynccontextmanager
async def open_store(
    database: Database, create: Callable[[str], Store], command_seconds: int
) -> AsyncIterator[Store]:
    """Open a store, created by ``create`` from the address of the database, and own the lease while the body runs.

    Its clock has been read once: before, no setback would be seen.
    """
    owner = f"process {os.getpid()} on {platform.node()}"
    with command_queries.translate_database_errors(database.dsn):
        store = create(database.dsn)
        store.limit_command_time(command_seconds)
        async with store.own_lease(owner):
            async with store.borrow_connection() as connection:
                await store.clock.read(connection)
            yield store
