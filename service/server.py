"""The service as a whole: one engine that runs until it is stopped, and the HTTP service beside it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

import structlog

from core.stage_timing import StageTimes
from ingest.queue.admission import remove_undecided_files
from ingest.queue.events import InboxEvents
from ingest.queue.inbox import Inbox
from ingest.spool.partial_uploads import PartialUploads
from ingest.spool.spool import Spool
from ingest.spool.spool_identity import read_identity
from monitoring.service_metrics import ServiceMetrics
from posting.recovery.book_loading import LoadedBook
from posting.store.running_engine import offer_spool
from reporting import code_labels
from reporting.code_labels import CodeLabels
from service.auth import audit_trail
from service.auth.rate_limit import RateLimiter
from service.auth.sender_pauses import SenderPauses
from service.configuration.settings import Settings, follow_loaded_reference
from service.connection_pools import Pools, open_pools
from service.database.configured_database import open_database
from service.database.disk_space import DataDisks
from service.dropfolders.watcher import watch_folders
from service.engine import registrations, standby
from service.engine.bank_import import load_accountants
from service.engine.database_recovery import DatabaseRecovery
from service.engine.engine_context import load_reference
from service.engine.file_processing import open_store
from service.engine.shutdown_deadline import exit_after_failure
from service.engine.timed_store import TimedStore
from service.engine_loop import build_recovery, run_engine, watch_lease
from service.http.authentication import Authenticator
from service.http.live.bank_differences import BankDifferences
from service.http.live.bank_file_gauges import BankFileGauges
from service.http.live.broadcaster import FiguresBroadcaster
from service.http.live.live_sources import build_sources
from service.http.request_body import UploadReceiver
from service.http.routes import build_application
from service.http.service_context import ServiceContext, StoredParts, build_context
from service.http.submission_queries import read_file_stock
from service.http.tls import Tls
from service.http.validation_pool import ValidationPool
from service.http.web_server import BACKLOG, WebServer
from service.metrics_binding import bind_metrics
from service.server_options import ServerOptions
from service.tasks import received_files, task_queries
from service.tasks.task_runner import TaskRunner
from service.terminal.console import print_note
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption

LOG = structlog.get_logger()
SWEEP_SECONDS = 3600
BURST_SECONDS = 5
_STOPPING = "Stopping: current requests are answered and batches committed; a second signal stops at once."


async def serve(
    settings: Settings, options: ServerOptions, interruption: Interruption, *, reporter: ProgressReporter
) -> None:
    """Serve until a signal.

    Raises
    ------
    EngineError
        The engine cannot continue. Acknowledged work is durable, and the same command, called again, continues from there.
    ReferenceDataError
        The reference data are inconsistent: at the start, or when a standby takes over.
    StandbyStopped
        A signal came while the service was a standby.
    """
    settings = await _wait_for_turn(settings, options, interruption, reporter=reporter)
    reference = load_reference(settings)
    disks = DataDisks(settings.data)
    async with (
        open_database(settings, reporter.report_activity, options.creation) as database,
        open_store(database, TimedStore, settings.command_seconds) as store,
        _open_context(settings, options, database.dsn, store=store, disks=disks) as service,
        audit_trail.open_audit_trail(database.dsn) as trail,
    ):
        authenticator = _create_authenticator(options, trail, service)
        bank = BankDifferences(service.pool, partial(load_accountants, settings))
        broadcaster = _create_broadcaster(service, bank)
        web_server = WebServer(build_application(service, authenticator, broadcaster), options.tls)

        def stop() -> None:
            service.state.start_draining()
            web_server.stop()

        recovery = build_recovery(
            service, store, database, disks=disks, command_seconds=settings.command_seconds
        )
        background = _list_background(service, authenticator, recovery, store=store, dsn=database.dsn)
        with interruption.stop_with(stop, _STOPPING), _reload_on_sighup(options.tls):
            try:
                async with asyncio.TaskGroup() as group:
                    engine = group.create_task(run_engine(service, store, reference, recovery=recovery))
                    engine.add_done_callback(exit_after_failure)
                    tasks = [group.create_task(work) for work in (broadcaster.run(), bank.run(), *background)]
                    group.create_task(_watch_drop_folders(options, service, trail, dsn=database.dsn))
                    await authenticator.keys_loaded.wait()  # no time limit: a failure to load ends the group
                    await _answer_requests(web_server, options, reporter)
                    service.inbox.close()
                    await engine
                    for task in tasks:
                        task.cancel()
            except BaseExceptionGroup as error_group:
                raise _first_cause(error_group) from None


async def _answer_requests(web_server: WebServer, options: ServerOptions, reporter: ProgressReporter) -> None:
    """Answer requests until the server is stopped."""
    options.sock.listen(BACKLOG)
    reporter.report_activity(f"listening on {options.address}")
    print_note(_describe_pages(options.address))
    await web_server.serve(options.sock)


def _describe_pages(address: str) -> str:
    return f"In a browser: {address}/ shows what happens, {address}/docs describes the interface"


def _create_broadcaster(service: ServiceContext, bank: BankDifferences) -> FiguresBroadcaster:
    sources = build_sources(service.inbox.files, bank)
    return FiguresBroadcaster(
        service.metrics, service.stages, service.pool, state=service.state, sources=sources
    )


async def _watch_drop_folders(
    options: ServerOptions, service: ServiceContext, trail: audit_trail.AuditTrail, *, dsn: str
) -> None:
    if options.drop_folders:
        await watch_folders(options.drop_folders, service, trail, dsn=dsn)


def _list_background(
    service: ServiceContext,
    authenticator: Authenticator,
    recovery: DatabaseRecovery,
    *,
    store: TimedStore,
    dsn: str,
) -> list[Coroutine[Any, Any, None]]:
    """Return the tasks that follow the database, perform requested tasks, and maintain indexes, uploads and gauges."""
    return [
        watch_lease(store),
        service.task_runner.run(),
        registrations.follow_registrations(service.inbox.files, store, dsn),
        recovery.follow(lambda: authenticator.follow(dsn)),
        recovery.follow(lambda: service.sender_pauses.follow(dsn)),
        *(_sweep_uploads(service.receiver.uploads), BankFileGauges(service.pool, service.metrics).run()),
        service.index_maintenance.run(dsn),
    ]


async def _wait_for_turn(
    settings: Settings, options: ServerOptions, interruption: Interruption, *, reporter: ProgressReporter
) -> Settings:
    """Wait as a standby until it takes over; return the settings then, as reference data may have been loaded meanwhile."""
    if not options.is_standby:
        return settings
    load_reference(settings)  # a check, as the wait may last months; they are read again when it takes over
    await standby.wait_for_turn(settings.database, interruption, reporter.report_activity)
    return follow_loaded_reference(settings)


def _create_authenticator(
    options: ServerOptions, audit: audit_trail.AuditTrail, service: ServiceContext
) -> Authenticator:
    """Create the authenticator, and connect the metrics to it."""
    rates = RateLimiter(options.rate, options.rate * BURST_SECONDS)
    authenticator = Authenticator(
        rates,
        audit,
        requires_certificates=options.requires_certificates,
        check_clocks=service.state.check_clocks,
    )
    service.metrics.bind("keys", lambda: authenticator.key_count)
    service.metrics.list_expected_senders = lambda: authenticator.senders
    return authenticator


@contextmanager
def _reload_on_sighup(tls: Tls | None) -> Iterator[None]:
    """Reload the certificate at each SIGHUP while the body runs."""
    loop = asyncio.get_running_loop()
    if tls:
        loop.add_signal_handler(signal.SIGHUP, tls.reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@asynccontextmanager
async def _open_context(
    settings: Settings, options: ServerOptions, dsn: str, *, store: TimedStore, disks: DataDisks
) -> AsyncIterator[ServiceContext]:
    spool, stages = await _open_spool(settings, options, store), StageTimes()

    async def note_loaded_book(loaded: LoadedBook) -> None:
        await _note_load(service, loaded)

    uploads = PartialUploads(settings.data / "spool" / "uploads", options.file_bytes_max)
    metrics, validation_pool = ServiceMetrics(stages.nanoseconds), ValidationPool()
    events = _build_inbox_events(metrics, note_loaded_book)
    inbox = Inbox(spool, store, stages, events=events, run_in_thread=validation_pool.run)
    receiver = UploadReceiver(spool, uploads, options.uploads_max)
    async with open_pools(dsn) as pools:
        await _remove_unnamed_files(settings, pools)
        stored = StoredParts(
            inbox=inbox,
            clock=store.clock,
            receiver=receiver,
            pool=pools.readers,
            journal=pools.journal,
            sender_pauses=SenderPauses(pools.audit, inbox.files.pause),
            validation_pool=validation_pool,
            task_pool=pools.tasks,
            task_runner=TaskRunner(pools.tasks, settings, dsn, clock=store.clock),
            data=settings.data,
            metrics=metrics,
        )
        service = build_context(
            stored,
            _load_labels(settings),
            stages,
            file_bytes_max=options.file_bytes_max,
            is_metrics_public=options.has_public_metrics,
        )
        bind_metrics(service, store=store, cut_off=options.cut_off, disks=disks)
        try:
            yield service
        finally:
            inbox.close()
            receiver.close()
            service.validation_pool.close()


async def _open_spool(settings: Settings, options: ServerOptions, store: TimedStore) -> Spool:
    """Open the spool, remove what a crash left undecided, and offer it to other processes."""
    spool = Spool(settings.data / "spool", options.file_bytes_max)
    await remove_undecided_files(spool, store)
    await offer_spool(store, read_identity(settings.data / "spool"))
    return spool


async def _remove_unnamed_files(settings: Settings, pools: Pools) -> None:
    """Remove the bank files that a crash left without a task; no request can store one yet."""
    paths = await task_queries.load_received_paths(pools.tasks)
    if removed := await asyncio.to_thread(received_files.remove_unnamed_files, settings.data, paths):
        LOG.info("bank files without a task removed", files=removed)


async def _note_load(service: ServiceContext, loaded: LoadedBook) -> None:
    """Show what the loaded book contains, and be ready."""
    service.metrics.file_states.load(await read_file_stock(service.pool))
    service.metrics.record_loaded_book(loaded.state, loaded.head.batch)
    service.state.mark_ready()
    service.index_maintenance.record_load(loaded.state.entries)
    LOG.info("ready", batch=loaded.head.batch, entries=loaded.state.entries)


def _load_labels(settings: Settings) -> CodeLabels:
    return code_labels.load(settings.reference) if settings.reference else code_labels.load()


def _build_inbox_events(
    metrics: ServiceMetrics, on_opened: Callable[[LoadedBook], Awaitable[None]]
) -> InboxEvents:
    """Connect what happens in the inbox with the metrics that count it."""
    return InboxEvents(
        on_opened=on_opened,
        on_numbered=metrics.file_states.add,
        on_received=metrics.record_receipt,
        on_taken_up=metrics.record_start,
        on_withdrawn=metrics.file_states.remove,
    )


async def _sweep_uploads(uploads: PartialUploads) -> None:
    """Remove uploads that are not continued."""
    while True:
        if expired := await asyncio.to_thread(uploads.remove_expired_uploads):
            LOG.info("uploads expired", uploads=expired)
        await asyncio.sleep(SWEEP_SECONDS)


def _first_cause(group: BaseExceptionGroup) -> BaseException:
    first = group.exceptions[0]
    return _first_cause(first) if isinstance(first, BaseExceptionGroup) else first
