"""The engine of the service: it decides and commits until the inbox is closed; it waits for room, and for the right time."""

import asyncio
from contextlib import suppress

import structlog

from core.errors import BookMoved, ClockSetBack, DiskFull
from posting.batch import BatchResult
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.store.failures import suppress_database_errors
from posting.store.journal_store import PostgresStore
from service.database.disk_space import DataDisks
from service.database.embedded_server import Database
from service.engine.database_recovery import DatabaseRecovery, RecoveryStopped
from service.engine.timed_store import TimedStore
from service.http.service_context import ServiceContext

LOG = structlog.get_logger()
CHECKPOINT_ENTRIES = 1 << 17
"""Entries between two checkpoints: fewer than for a command, because nothing is decided while changed pages are copied."""
LEASE_CHECK_SECONDS = 2


def build_recovery(
    service: ServiceContext, store: TimedStore, database: Database, *, disks: DataDisks, command_seconds: int
) -> DatabaseRecovery:
    """Build the recovery of a service: while it waits, the service refuses new work, and answers what waits in memory."""

    def on_full(cause: BaseException) -> None:
        service.state.is_disk_full = True
        place = disks.describe_full("the database server")
        LOG.error("disk full, waiting for room", cause=repr(cause), disk=place)
        service.inbox.refuse_forms(DiskFull(place))

    def on_setback(cause: ClockSetBack) -> None:
        LOG.error("clock set back, waiting for the right time", cause=str(cause))
        service.inbox.refuse_forms(cause)

    recovery = DatabaseRecovery(
        database, disks, command_seconds, on_full=on_full, clock=store.clock, on_setback=on_setback
    )
    service.state.call_on_drain(recovery.stop)
    return recovery


async def run_engine(
    service: ServiceContext, store: TimedStore, reference: ReferenceData, *, recovery: DatabaseRecovery
) -> None:
    """Decide and commit all incoming work until the inbox is closed."""

    def on_failed(batch: int, cause: BaseException) -> None:
        service.state.is_ready = False
        service.metrics.record_failed_commit()
        LOG.warning("batch failed, once more from the last commit", batch=batch, cause=repr(cause))

    def on_committed(result: BatchResult) -> None:
        recovery.note_commit()
        service.metrics.record_commit(result)
        service.inbox.handle_commit(result)
        service.waiters.notify_commit(result)
        service.index_maintenance.record_commit(result)

    store.on_commit = lambda seconds: service.metrics.observe("commit_seconds", seconds)
    settings = PipelineSettings(
        *(CHECKPOINT_ENTRIES, on_committed, on_failed, service.stages), prepare_retry=recovery.prepare_retry
    )
    with suppress(RecoveryStopped):
        await Pipeline(store, reference, settings).run(service.inbox)


async def watch_lease(store: PostgresStore) -> None:
    """Detect that another engine owns the database, and read the clock, also while nothing is committed."""
    was_set_back = False
    while True:
        await asyncio.sleep(LEASE_CHECK_SECONDS)
        with suppress_database_errors():  # the pipeline handles a broken connection
            async with store.borrow_connection() as connection:
                await store.clock.read(connection)
            was_set_back = _note_setback(store.clock.find_setback(), was_set_back=was_set_back)
            (row,) = await store.fetch("engine_row")
            if row["epoch"] != store.epoch:
                raise BookMoved("another engine has taken over this database")


def _note_setback(setback: ClockSetBack | None, *, was_set_back: bool) -> bool:
    """Log that a clock is set back, or right again, when that changes; return whether it is set back."""
    if setback and not was_set_back:
        LOG.error("clock set back, work waits", cause=str(setback))
    if was_set_back and not setback:
        LOG.info("clocks are right again")
    return setback is not None
