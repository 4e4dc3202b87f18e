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
from core.stage_timing import Stages
from ingest.queue.admission import sweep
from ingest.queue.inbox import Inbox
from ingest.spool.partial_uploads import Uploads
from ingest.spool.spool import Spool
from monitoring.cut_off import CutOff
from monitoring.polled_metrics import Sample, seconds
from monitoring.service_metrics import Board
from posting import pipeline
from posting.batch import Outcome
from posting.book.registry import Reference
from posting.pipeline import Pipeline
from posting.recovery.book_loading import Loaded
from posting.store.journal_store import PostgresStore
from posting.store.lease import FAILURES
from reporting import code_labels as codes_of
from service.auth import audit_trail
from service.auth.access_queries import writing
from service.auth.rate_limit import Rates
from service.auth.sender_pauses import Pauses
from service.database.connect import opened
from service.dropfolders.watcher import Rules, watch
from service.engine import standby
from service.engine.file_processing import held, reference_of
from service.engine.shutdown_deadline import leave_in_time
from service.engine.timed_store import TimedStore
from service.http.authentication import Door
from service.http.journal_queries import asking
from service.http.live.bank_file_gauges import BankFiles
from service.http.live.broadcaster import Lookout
from service.http.request_body import Receiver
from service.http.routes import application
from service.http.service_context import Desk
from service.http.submission_queries import reading, stock
from service.http.tls import Tls
from service.http.web_server import BACKLOG, WebServer
from service.settings import Settings
from service.terminal.processing_progress import Narrator
from service.terminal.signals import Interruption

LOG = structlog.get_logger()
CHECKPOINT_ENTRIES = 1 << 17
"""Between two checkpoints: fewer than of a run, as nothing is decided while the changed pages are copied."""
WATCH_SECONDS = 2
SWEEP_SECONDS = 3600
BURST_SECONDS = 5
_STOPPING = "Stopping: requests under way are answered, batches under way committed; once more stops at once."


class Listening(NamedTuple):
    """Where the service answers, and what it takes."""

    sock: socket.socket
    file_bytes_max: int
    uploads_max: int
    rate: float
    """Requests a second that one sender may make, a burst aside."""
    shows_metrics_to_all: bool
    stands_by: bool
    """Wait until no other engine works on the database, in place of giving up."""
    cut_off: CutOff | None
    """What the clock on the board counts down to."""
    tls: Tls | None = None
    """What connections are made with; plain HTTP where this is None."""
    drop: Rules | None = None
    """The drop folders to watch."""

    @property
    def demands_certificates(self) -> bool:
        """Whether callers come with a certificate or not at all."""
        return self.tls is not None and self.tls.demands_certificates

    @property
    def address(self) -> str:
        """As a browser wants it."""
        host, port = self.sock.getsockname()[:2]
        scheme = "https" if self.tls else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


async def serve(settings: Settings, at: Listening, interruption: Interruption, teller: Narrator) -> None:
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
    reference = await _in_turn(settings, at, interruption, teller)
    async with (
        opened(settings, teller.doing) as database,
        held(database, TimedStore, settings.command_seconds) as store,
        _desk(settings, at, database.dsn, store) as desk,
        audit_trail.kept(database.dsn) as kept,
    ):
        door, lookout = _door(at, kept, desk.board), Lookout(desk)
        web = WebServer(application(desk, door, lookout), at.tls)

        def stop() -> None:
            desk.drain()
            web.stop()

        beside = [
            *(_watch(store), _sweep(desk.receiver.uploads), door.follow(database.dsn), lookout.keep()),
            *(desk.pauses.follow(database.dsn), desk.upkeep.keep(database.dsn)),
            BankFiles(desk.pool, desk.board).keep(),
        ]
        with interruption.meaning(stop, _STOPPING), _reloading(at.tls):
            try:
                async with asyncio.TaskGroup() as group:
                    engine = group.create_task(_engine(desk, store, reference))
                    engine.add_done_callback(leave_in_time)
                    tasks = [group.create_task(each) for each in beside]
                    if at.drop:
                        group.create_task(watch(at.drop, desk, kept, (database.dsn, desk.receiver.spool)))
                    await door.is_known.wait()
                    at.sock.listen(BACKLOG)
                    teller.doing(f"listening on {at.address}")
                    await web.serve(at.sock)
                    desk.inbox.close()
                    await engine
                    for task in tasks:
                        task.cancel()
            except BaseExceptionGroup as group_of_one:
                raise _first(group_of_one) from None


async def _in_turn(
    settings: Settings, at: Listening, interruption: Interruption, teller: Narrator
) -> Reference:
    """The reference data to decide by, once it is our turn."""
    reference = reference_of(settings)
    if at.stands_by:
        await standby.turn(settings.database, interruption, teller.doing)
        # it may have waited for months: what was read before that was a check
        reference = reference_of(settings)
    return reference


def _door(at: Listening, kept: audit_trail.Trail, board: Board) -> Door:
    """The door, and the board's look at it."""
    rates = Rates(at.rate, at.rate * BURST_SECONDS)
    door = Door(rates, kept, demands_certificates=at.demands_certificates)
    board.read("keys", lambda: door.keys)
    board.expected = lambda: door.senders
    return door


@contextmanager
def _reloading(tls: Tls | None) -> Iterator[None]:
    """Take the certificate anew whenever SIGHUP comes."""
    loop = asyncio.get_running_loop()
    if tls:
        loop.add_signal_handler(signal.SIGHUP, tls.reload)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGHUP)


@asynccontextmanager
async def _desk(settings: Settings, at: Listening, dsn: str, store: TimedStore) -> AsyncIterator[Desk]:
    spool, stages = Spool(settings.data / "spool", at.file_bytes_max), Stages()
    await sweep(spool, store)

    async def opened(loaded: Loaded) -> None:
        desk.board.flows.load(await stock(desk.pool))
        desk.board.opened(loaded.state, loaded.head.batch)
        desk.is_ready = True
        desk.upkeep.opened(loaded.state.entries)
        LOG.info("ready", batch=loaded.head.batch, entries=loaded.state.entries)

    uploads = Uploads(settings.data / "spool" / "uploads", at.file_bytes_max)
    inbox, receiver = Inbox(spool, store, stages, opened), Receiver(spool, uploads, at.uploads_max)
    codes = codes_of.load(settings.reference) if settings.reference else codes_of.load()
    async with reading(dsn) as pool, asking(dsn) as journal, writing(dsn) as writer:
        board, pauses = Board(stages.nanoseconds), Pauses(writer, inbox.pause)
        desk = Desk(inbox, receiver, pool, codes, at.file_bytes_max, board, stages, pauses, journal)
        desk.shows_metrics_to_all = at.shows_metrics_to_all
        _connect(desk)
        _connect_clocks(desk, store, at.cut_off)
        _connect_disk(desk.board, settings.data)
        try:
            yield desk
        finally:
            inbox.close()
            receiver.close()
            desk.proving.close()


def _connect(desk: Desk) -> None:
    """Let the board look at what waits, and whoever adds to an upload hear of the end."""
    inbox, board = desk.inbox, desk.board
    inbox.taken, inbox.received = board.taken, board.received
    inbox.admission.beside = desk.proving.run
    inbox.admitted, inbox.withdrawn = board.flows.received, board.flows.withdrawn
    board.read("files_waiting", lambda: len(inbox.files))
    board.read("file_lines_waiting", lambda: inbox.files.lines)
    board.read("files_paused", inbox.files.aside)
    board.read("files_lost", lambda: len(inbox.lost))
    board.read("senders_paused", lambda: desk.pauses.senders)
    board.read("forms_waiting", inbox.forms_waiting)
    board.read("form_bytes", lambda: desk.form_room.taken)
    board.read("form_bytes_of_one_sender", lambda: desk.form_room.most_taken)
    board.read("oldest_waiting_seconds", lambda: max(inbox.oldest_seconds, board.oldest_seconds))
    board.read("queue_empty_seconds", lambda: board.pace.seconds_to_empty(_waiting(desk)))
    board.read("uploads", lambda: desk.receiver.under_way)
    desk.drained.append(desk.receiver.stop_appending)
    board.read("ready", lambda: desk.is_ready and not desk.is_draining)


def _waiting(desk: Desk) -> int:
    """Lines that have no outcome yet."""
    return desk.inbox.files.lines + desk.inbox.forms_waiting() + desk.board.lines_under_way


def _connect_clocks(desk: Desk, store: TimedStore, cut_off: CutOff | None) -> None:
    board, stages = desk.board, desk.stages
    board.read_each("database_seconds_total", seconds(store.nanoseconds))
    board.read_each("kernel_busy_seconds_total", lambda: [Sample(stages.kernel_busy_nanoseconds / 1e9)])
    if cut_off:
        board.read_each("cut_off_seconds", lambda: [Sample(cut_off.seconds(datetime.now(UTC)))])


def _connect_disk(board: Board, data: Path) -> None:
    board.read("disk_free_bytes", lambda: shutil.disk_usage(data).free)
    board.read("disk_size_bytes", lambda: shutil.disk_usage(data).total)


async def _engine(desk: Desk, store: TimedStore, reference: Reference) -> None:
    """Decide and commit whatever is handed in, until the inbox is closed."""

    def failed(batch: int, cause: BaseException) -> None:
        desk.is_ready = False
        desk.board.failed()
        LOG.warning("batch failed, once more from the last commit", batch=batch, cause=repr(cause))

    def committed(outcome: Outcome) -> None:
        desk.board.committed(outcome)
        desk.inbox.committed(outcome)
        desk.inbox.lost.committed(outcome)
        desk.waiters.committed(outcome)
        desk.upkeep.committed(outcome)

    store.took = lambda seconds: desk.board.took("commit_seconds", seconds)
    told = pipeline.Settings(CHECKPOINT_ENTRIES, committed, failed, desk.stages)
    await Pipeline(store, reference, told).run(desk.inbox)


async def _watch(store: PostgresStore) -> None:
    """Notice a database that is another's also while nothing is committed."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        with suppress(*FAILURES):  # a broken connection is the pipeline's to mend, or to give up on
            (row,) = await store.fetch("engine_row")
            if row["epoch"] != store.epoch:
                raise BookMoved("another engine has taken over this database")


async def _sweep(uploads: Uploads) -> None:
    """Remove uploads that nobody goes on with."""
    while True:
        if gone := await asyncio.to_thread(uploads.sweep):
            LOG.info("uploads expired", uploads=gone)
        await asyncio.sleep(SWEEP_SECONDS)


def _first(group: BaseExceptionGroup) -> BaseException:
    one = group.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
