"""The engine of the service: it decides and commits until the inbox is closed, and waits while a disk is full."""

import asyncio
from contextlib import suppress

import structlog

from core.errors import BookMoved
from posting.batch import BatchResult
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
from posting.store.failures import RETRIED_ERRORS
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
    service: ServiceContext, database: Database, disks: DataDisks, *, command_seconds: int
) -> DatabaseRecovery:
    """Build the recovery of a service: while a disk is full, it refuses new work, and answers what waits in memory."""

    def on_full(cause: BaseException) -> None:
        service.state.is_disk_full = True
        place = disks.describe_full("the database server")
        LOG.error("disk full, waiting for room", cause=repr(cause), disk=place)
        service.inbox.refuse_waiting(place)

    recovery = DatabaseRecovery(database, disks, command_seconds, on_full=on_full)
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
    """Detect that another engine owns the database, also while nothing is committed."""
    while True:
        await asyncio.sleep(LEASE_CHECK_SECONDS)
        with suppress(*RETRIED_ERRORS):  # the pipeline handles a broken connection
            (row,) = await store.fetch("engine_row")
            if row["epoch"] != store.epoch:
                raise BookMoved("another engine has taken over this database")
