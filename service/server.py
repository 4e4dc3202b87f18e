"""The service as a whole: one engine that never ends, and the HTTP service beside it."""

import asyncio
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import structlog

from core.errors import BookMoved
from core.stage_timing import StageTimes
from ingest.queue.admission import remove_undecided
from ingest.queue.events import InboxEvents
from ingest.queue.inbox import Inbox
from ingest.spool.partial_uploads import PartialUploads
from ingest.spool.spool import Spool
from monitoring.cut_off import CutOff
from monitoring.polled_metrics import Sample, convert_to_seconds
from monitoring.service_metrics import ServiceMetrics
from posting import pipeline
from posting.batch import BatchResult
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.recovery.book_loading import LoadedBook
from posting.store.failures import RETRIED_ERRORS
from posting.store.journal_store import PostgresStore
from reporting import code_labels as codes_of
from service.auth import audit_trail
from service.auth.access_queries import open_audit_pool
from service.auth.rate_limit import RateLimiter
from service.auth.sender_pauses import SenderPauses
from service.database.connect import open_database
from service.database.read_pool import open_read_pool
from service.dropfolders.watcher import DropFolderRules, watch_folders
from service.engine import standby
from service.engine.file_processing import load_reference, open_store
from service.engine.shutdown_deadline import exit_after_failure
from service.engine.timed_store import TimedStore
from service.http.authentication import Authenticator
from service.http.journal_queries import open_journal
from service.http.live.bank_file_gauges import BankFileGauges
from service.http.live.broadcaster import FiguresBroadcaster
from service.http.request_body import UploadReceiver
from service.http.routes import build_application
from service.http.service_context import ServiceContext, StoredParts, build_context
from service.http.submission_queries import read_file_stock
from service.http.tls import Tls
from service.http.validation_pool import ValidationPool
from service.http.web_server import BACKLOG, WebServer
from service.settings import Settings
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption

LOG = structlog.get_logger()
CHECKPOINT_ENTRIES = 1 << 17
"""Between two checkpoints: fewer than of a run, as nothing is decided while the changed pages are copied."""
LEASE_CHECK_SECONDS = 2
SWEEP_SECONDS = 3600
BURST_SECONDS = 5
_STOPPING = "Stopping: requests under way are answered, batches under way committed; once more stops at once."


class ServerOptions(NamedTuple):
    """Where the service answers, and what it takes."""

    sock: socket.socket
    file_bytes_max: int
    uploads_max: int
    rate: float
    """Requests a second that one sender may make, a burst aside."""
    has_public_metrics: bool
    is_standby: bool
    """Wait until no other engine works on the database, in place of giving up."""
    cut_off: CutOff | None
    """What the clock on the board counts down to."""
    tls: Tls | None = None
    """What connections are made with; plain HTTP where this is None."""
    drop_folders: DropFolderRules | None = None
    """The drop folders to watch."""

    @property
    def requires_certificates(self) -> bool:
        """Whether callers come with a certificate or not at all."""
        return self.tls is not None and self.tls.requires_certificates

    @property
    def address(self) -> str:
        """As a browser wants it."""
        host, port = self.sock.getsockname()[:2]
        scheme = "https" if self.tls else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def serve(
    settings: Settings, options: ServerOptions, interruption: Interruption, reporter: ProgressReporter
) -> None:
    """Serve until a signal.

    Raises
    ------
    EngineError
        The engine cannot go on.  What was acknowledged is durable, and the same command goes on from there.
    ReferenceDataError
        The reference data do not hold together: at the start, or when the turn of a standby has come.
    StoodDown
        A signal came while it stood by.
    """
    reference = await _load_reference_in_turn(settings, options, interruption, reporter)
    async with (
        open_database(settings, reporter.report_activity) as database,
        open_store(database, TimedStore, settings.command_seconds) as store,
        _open_context(settings, options, database.dsn, store) as desk,
        audit_trail.open_audit_trail(database.dsn) as kept,
    ):
        door, lookout = (
            _create_authenticator(options, kept, desk.metrics),
            FiguresBroadcaster(desk.metrics, desk.stages, desk.pool, state=desk.state),
        )
        web = WebServer(build_application(desk, door, lookout), options.tls)

        def stop() -> None:
            desk.state.start_draining()
            web.stop()

        beside = [
            *(
                _watch_lease(store),
                _sweep_uploads(desk.receiver.uploads),
                door.follow(database.dsn),
                lookout.run(),
            ),
            *(desk.sender_pauses.follow(database.dsn), desk.index_maintenance.run(database.dsn)),
            BankFileGauges(desk.pool, desk.metrics).run(),
        ]
        with interruption.stop_with(stop, _STOPPING), _reload_on_sighup(options.tls):
            try:
                async with asyncio.TaskGroup() as group:
                    engine = group.create_task(_run_engine(desk, store, reference))
                    engine.add_done_callback(exit_after_failure)
                    tasks = [group.create_task(each) for each in beside]
                    if options.drop_folders:
                        group.create_task(
                            watch_folders(
                                options.drop_folders, desk, kept, (database.dsn, desk.receiver.spool)
                            )
                        )
                    await door.keys_loaded.wait()
                    options.sock.listen(BACKLOG)
                    reporter.report_activity(f"listening on {options.address}")
                    await web.serve(options.sock)
                    desk.inbox.close()
                    await engine
                    for task in tasks:
                        task.cancel()
            except BaseExceptionGroup as group_of_one:
                raise _first_cause(group_of_one) from None


async def _load_reference_in_turn(
    settings: Settings, options: ServerOptions, interruption: Interruption, reporter: ProgressReporter
) -> ReferenceData:
    """The reference data to decide by, once it is our turn."""
    reference = load_reference(settings)
    if options.is_standby:
        await standby.wait_for_turn(settings.database, interruption, reporter.report_activity)
        # it may have waited for months: what was read before that was a check
        reference = load_reference(settings)
    return reference


def _create_authenticator(
    options: ServerOptions, audit: audit_trail.AuditTrail, board: ServiceMetrics
) -> Authenticator:
    """The door, and the board's look at it."""
    rates = RateLimiter(options.rate, options.rate * BURST_SECONDS)
    door = Authenticator(rates, audit, requires_certificates=options.requires_certificates)
    board.bind("keys", lambda: door.key_count)
    board.list_expected_senders = lambda: door.senders
    return door


@contextmanager
def _reload_on_sighup(tls: Tls | None) -> Iterator[None]:
    """Take the certificate anew whenever SIGHUP comes."""
    loop = asyncio.get_running_loop()
    if tls:
        loop.add_signal_handler(signal.SIGHUP, tls.reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@asynccontextmanager
async def _open_context(
    settings: Settings, options: ServerOptions, dsn: str, store: TimedStore
) -> AsyncIterator[ServiceContext]:
    spool, stages = Spool(settings.data / "spool", options.file_bytes_max), StageTimes()
    await remove_undecided(spool, store)

    async def opened(loaded: LoadedBook) -> None:
        desk.metrics.file_states.load(await read_file_stock(desk.pool))
        desk.metrics.record_book_loaded(loaded.state, loaded.head.batch)
        desk.state.is_ready = True
        desk.index_maintenance.record_load(loaded.state.entries)
        LOG.info("ready", batch=loaded.head.batch, entries=loaded.state.entries)

    uploads = PartialUploads(settings.data / "spool" / "uploads", options.file_bytes_max)
    metrics, validation_pool = ServiceMetrics(stages.nanoseconds), ValidationPool()
    events = InboxEvents(
        on_opened=opened,
        on_numbered=metrics.file_states.add,
        on_received=metrics.record_received,
        on_taken_up=metrics.record_started,
        on_withdrawn=metrics.file_states.remove,
    )
    inbox = Inbox(spool, store, stages, events=events, run_in_thread=validation_pool.run)
    receiver = UploadReceiver(spool, uploads, options.uploads_max)
    codes = codes_of.load(settings.reference) if settings.reference else codes_of.load()
    async with open_read_pool(dsn) as pool, open_journal(dsn) as journal, open_audit_pool(dsn) as writer:
        stored = StoredParts(
            inbox=inbox,
            receiver=receiver,
            pool=pool,
            journal=journal,
            sender_pauses=SenderPauses(writer, inbox.files.pause),
            validation_pool=validation_pool,
            metrics=metrics,
        )
        desk = build_context(
            stored,
            codes,
            stages,
            file_bytes_max=options.file_bytes_max,
            is_metrics_public=options.has_public_metrics,
        )
        _connect_metrics(desk)
        _connect_time_metrics(desk, store, options.cut_off)
        _connect_disk_metrics(desk.metrics, settings.data)
        try:
            yield desk
        finally:
            inbox.close()
            receiver.close()
            desk.validation_pool.close()


def _connect_metrics(desk: ServiceContext) -> None:
    """Let the board look at what waits, and whoever adds to an upload hear of the end."""
    inbox, board = desk.inbox, desk.metrics
    files = inbox.files
    board.bind("files_waiting", lambda: len(files.queue))
    board.bind("file_lines_waiting", lambda: files.queue.lines)
    board.bind("files_paused", files.queue.count_paused)
    board.bind("files_lost", lambda: len(files.missing))
    board.bind("senders_paused", lambda: desk.sender_pauses.paused_count)
    board.bind("forms_waiting", inbox.forms.count)
    board.bind("form_bytes", lambda: desk.form_quota.used)
    board.bind("form_bytes_of_one_sender", lambda: desk.form_quota.largest_share)
    board.bind("oldest_waiting_seconds", lambda: max(inbox.oldest_wait_seconds, board.oldest_seconds))
    board.bind(
        "queue_empty_seconds", lambda: board.drain_rate.estimate_seconds_to_empty(_count_waiting_lines(desk))
    )
    board.bind("uploads", lambda: desk.receiver.active_uploads)
    board.bind("ready", lambda: desk.state.is_ready and not desk.state.is_draining)


def _count_waiting_lines(desk: ServiceContext) -> int:
    """Lines that have no outcome yet."""
    return desk.inbox.files.queue.lines + desk.inbox.forms.count() + desk.metrics.lines_under_way


def _connect_time_metrics(desk: ServiceContext, store: TimedStore, cut_off: CutOff | None) -> None:
    board, stages = desk.metrics, desk.stages
    board.bind_samples("database_seconds_total", convert_to_seconds(store.nanoseconds))
    board.bind_samples("kernel_busy_seconds_total", lambda: [Sample(stages.kernel_busy_nanoseconds / 1e9)])
    if cut_off:
        board.bind_samples("cut_off_seconds", lambda: [Sample(cut_off.count_seconds_left(datetime.now(UTC)))])


def _connect_disk_metrics(board: ServiceMetrics, data: Path) -> None:
    board.bind("disk_free_bytes", lambda: shutil.disk_usage(data).free)
    board.bind("disk_size_bytes", lambda: shutil.disk_usage(data).total)


async def _run_engine(desk: ServiceContext, store: TimedStore, reference: ReferenceData) -> None:
    """Decide and commit whatever is handed in, until the inbox is closed."""

    def failed(batch: int, cause: BaseException) -> None:
        desk.state.is_ready = False
        desk.metrics.record_failed_commit()
        LOG.warning("batch failed, once more from the last commit", batch=batch, cause=repr(cause))

    def committed(outcome: BatchResult) -> None:
        desk.metrics.record_commit(outcome)
        desk.inbox.handle_commit(outcome)
        desk.waiters.notify_committed(outcome)
        desk.index_maintenance.record_commit(outcome)

    store.on_commit = lambda seconds: desk.metrics.observe("commit_seconds", seconds)
    told = pipeline.PipelineSettings(CHECKPOINT_ENTRIES, committed, failed, desk.stages)
    await Pipeline(store, reference, told).run(desk.inbox)


async def _watch_lease(store: PostgresStore) -> None:
    """Notice a database that is another's also while nothing is committed."""
    while True:
        await asyncio.sleep(LEASE_CHECK_SECONDS)
        with suppress(*RETRIED_ERRORS):  # a broken connection is the pipeline's to mend, or to give up on
            (row,) = await store.fetch("engine_row")
            if row["epoch"] != store.epoch:
                raise BookMoved("another engine has taken over this database")


async def _sweep_uploads(uploads: PartialUploads) -> None:
    """Remove uploads that nobody goes on with."""
    while True:
        if gone := await asyncio.to_thread(uploads.remove_expired):
            LOG.info("uploads expired", uploads=gone)
        await asyncio.sleep(SWEEP_SECONDS)


def _first_cause(group: BaseExceptionGroup) -> BaseException:
    one = group.exceptions[0]
    return _first_cause(one) if isinstance(one, BaseExceptionGroup) else one
