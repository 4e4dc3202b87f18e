"""The service as a whole: one engine that never ends, and the HTTP service beside it."""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import structlog

from core.errors import BookMoved
from core.observer import Stages
from ingest.inbox import Inbox
from ingest.spool import Spool
from monitoring.board import Board
from monitoring.cut_off import CutOff
from monitoring.readings import Sample, seconds
from posting import pipeline
from posting.batch import Outcome
from posting.loading import Loaded
from posting.pipeline import Pipeline
from posting.registry import Reference
from posting.store.hold import FAILURES
from posting.store.postgres import PostgresStore
from reporting import reference as codes_of
from service import standby
from service.access import trail
from service.access.door import Door
from service.access.rates import Rates
from service.app import held
from service.drop.watch import Rules, watch
from service.interruption import Interruption
from service.opening import opened
from service.progress import Narrator
from service.settings import Settings
from service.timing import TimedStore
from service.web.application import application
from service.web.desk import Desk
from service.web.postgres import reading
from service.web.server import BACKLOG, WebServer
from service.web.upload import Receiver

LOG = structlog.get_logger()
WATCH_SECONDS = 2
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
    drop: Rules | None = None
    """The drop folders to watch."""

    @property
    def address(self) -> str:
        """As a browser wants it."""
        host, port = self.sock.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def serve(settings: Settings, at: Listening, interruption: Interruption, teller: Narrator) -> None:
    """Serve until a signal.

    Raises
    ------
    EngineError
        The engine cannot go on.  What was acknowledged is durable, and the same command goes on from there.
    StoodDown
        A signal came while it stood by.
    """
    reference = Reference.load(settings.reference) if settings.reference else Reference.load()
    if at.stands_by:
        await standby.turn(settings.database, interruption, teller.doing)
    async with (
        opened(settings, teller.doing) as database,
        held(database, TimedStore) as store,
        _desk(settings, at, database.dsn, store) as desk,
        trail.kept(database.dsn) as kept,
    ):
        door = Door(Rates(at.rate, at.rate * BURST_SECONDS), kept)
        desk.board.read("keys", lambda: door.keys)
        desk.board.expected = lambda: door.senders
        web = WebServer(application(desk, door))

        def stop() -> None:
            desk.drain()
            web.stop()

        with interruption.meaning(stop, _STOPPING):
            try:
                async with asyncio.TaskGroup() as group:
                    engine = group.create_task(_engine(desk, store, reference))
                    holder = group.create_task(_watch(store))
                    keys = group.create_task(door.follow(database.dsn))
                    if at.drop:
                        spool = Spool(settings.data / "spool", at.file_bytes_max)
                        group.create_task(watch(at.drop, desk, kept, (database.dsn, spool)))
                    await door.is_known.wait()
                    at.sock.listen(BACKLOG)
                    teller.doing(f"listening on {at.address}")
                    await web.serve(at.sock)
                    desk.inbox.close()
                    await engine
                    holder.cancel()
                    keys.cancel()
            except BaseExceptionGroup as group_of_one:
                raise _first(group_of_one) from None


@asynccontextmanager
async def _desk(settings: Settings, at: Listening, dsn: str, store: TimedStore) -> AsyncIterator[Desk]:
    spool, stages = Spool(settings.data / "spool", at.file_bytes_max), Stages()

    def opened(loaded: Loaded) -> None:
        desk.board.opened(loaded.state)
        desk.is_ready = True
        LOG.info("ready", batch=loaded.head.batch, entries=loaded.state.entries)

    inbox, receiver = Inbox(spool, store, stages, opened), Receiver(spool, at.uploads_max)
    codes = codes_of.load(settings.reference) if settings.reference else codes_of.load()
    async with reading(dsn) as pool:
        desk = Desk(inbox, receiver, pool, codes, at.file_bytes_max, Board(stages.nanoseconds), stages)
        desk.shows_metrics_to_all = at.shows_metrics_to_all
        _connect(desk)
        _connect_clocks(desk, store, at.cut_off)
        _connect_disk(desk.board, settings.data)
        try:
            yield desk
        finally:
            inbox.close()
            receiver.close()


def _connect(desk: Desk) -> None:
    """Let the board look at what waits."""
    inbox, board = desk.inbox, desk.board
    inbox.taken, inbox.received = board.taken, board.received
    board.read("files_waiting", lambda: inbox.waiting)
    board.read("file_lines_waiting", lambda: inbox.lines_waiting)
    board.read("forms_waiting", lambda: inbox.forms_waiting)
    board.read("oldest_waiting_seconds", lambda: max(inbox.oldest_seconds, board.oldest_seconds))
    board.read("queue_empty_seconds", lambda: board.pace.seconds_to_empty(_waiting(desk)))
    board.read("uploads", lambda: desk.receiver.under_way)
    board.read("ready", lambda: desk.is_ready and not desk.is_draining)


def _waiting(desk: Desk) -> int:
    """Lines that have no outcome yet."""
    return desk.inbox.lines_waiting + desk.inbox.forms_waiting + desk.board.lines_under_way


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
        desk.waiters.committed(outcome)

    store.took = lambda seconds: desk.board.took("commit_seconds", seconds)
    told = pipeline.Settings(committed=committed, failed=failed, stages=desk.stages)
    await Pipeline(store, reference, told).run(desk.inbox)


async def _watch(store: PostgresStore) -> None:
    """Notice a database that is another's also while nothing is committed."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        with suppress(*FAILURES):  # a broken connection is the pipeline's to mend, or to give up on
            (row,) = await store.fetch("engine_row")
            if row["epoch"] != store.epoch:
                raise BookMoved("another engine has taken over this database")


def _first(group: BaseExceptionGroup) -> BaseException:
    one = group.exceptions[0]
    return _first(one) if isinstance(one, BaseExceptionGroup) else one
