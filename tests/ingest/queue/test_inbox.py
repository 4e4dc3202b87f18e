"""The inbox across two books: work under way on the first does not count for the second, and a stop stops it."""

import asyncio
import json
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from core.stage_timing import StageTimes
from ingest.queue.inbox import Inbox
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from posting.batch import Batch
from posting.book.registry import ReferenceData
from posting.engine import Engine
from posting.pipeline import Pipeline
from posting.recovery.book_loading import LoadedBook, load_book
from posting.store.journal_store import PostgresStore
from tests.databases import open_connection
from tests.file_strategies import REFERENCE

_COPIERS = """select pg_terminate_backend(pid) from pg_stat_activity a where datname = current_database()
              and application_name like 'crescendo/%' and pid <> (select holder_pid from engine)"""
_WAITS = {
    "reference": "S1",
    "kind": "service",
    "exercise": "2018",
    "date": "2018-05-02",
    "predecessor": "C1",
    "amount": "1.00",
}
"""A service whose commitment never comes."""


class _AcceptingObserver:
    """Accepts all lines, and knows nothing of programmes."""

    programmes = None

    def check_lines(self, lines: pa.RecordBatch) -> None:
        """Let them pass."""


async def _read_next(batches: Iterator[Batch]) -> Batch | None:
    return await asyncio.to_thread(next, batches, None)


async def test_held_acts_of_a_replaced_book_are_not_retried(dsn: str, tmp_path: Path) -> None:
    """Otherwise a batch that is never committed would count as under way, and no file would be processed beside forms."""
    spool, reference = Spool(tmp_path / "spool"), ReferenceData.load(REFERENCE)
    async with PostgresStore(dsn).own_lease("test") as store:
        inbox = Inbox(spool, store, StageTimes())
        loaded = await load_book(store, reference)
        await inbox.open(loaded)
        await _admit(inbox, spool, tmp_path / "waits.jsonl", _WAITS)
        read, engine = await _read_next(inbox.produce_batches()), Engine(loaded.state, loaded.head)
        assert read
        batches = inbox.order_batches(read)
        for _ in range(2):
            batch = await _read_next(batches)
            assert batch, "while its book is the one that is loaded, it is given"
            engine.evaluate(batch)
        await inbox.open(await load_book(store, reference))
        assert await _read_next(batches) is None
        inbox.close()


async def test_nothing_comes_behind_held_acts_that_are_left(dsn: str, tmp_path: Path) -> None:
    """The inbox closes between a file and its held acts: what was read behind the file waits for the next start."""
    spool, reference = Spool(tmp_path / "spool"), ReferenceData.load(REFERENCE)
    async with PostgresStore(dsn).own_lease("test") as store:
        inbox = Inbox(spool, store, StageTimes())
        loaded = await load_book(store, reference)
        await inbox.open(loaded)
        for name in ("S1", "S2"):
            await _admit(inbox, spool, tmp_path / f"{name}.jsonl", _WAITS | {"reference": name})
        produced = inbox.produce_batches()
        first = await _read_next(produced)
        await _admit(inbox, spool, tmp_path / "S3.jsonl", _WAITS | {"reference": "S3"})
        second = await _read_next(produced)
        assert first
        assert second
        batches = inbox.order_batches(first)
        batch = await _read_next(batches)
        assert batch
        Engine(loaded.state, loaded.head).evaluate(batch)
        assert [piece.is_decided for piece in batch.pieces] == [True, False]
        inbox.close()
        assert await _read_next(batches) is None
        assert await _read_next(inbox.order_batches(second)) is None


async def _admit(inbox: Inbox, spool: Spool, path: Path, row: dict[str, str]) -> None:
    path.write_text(json.dumps(row) + "\n")
    spooled = spool.receive(path, path.name, Envelope(sender="ministry"))
    await inbox.files.admission.admit(spooled, _AcceptingObserver())


class _BlockedInbox(Inbox):
    """Its reader ends late, as if a file were being read."""

    def block(self) -> None:
        """Block the reader from now on, until ``may_go`` is set."""
        self.is_open, self.is_sent_home, self.may_go = asyncio.Event(), asyncio.Event(), threading.Event()

    async def open(self, loaded: LoadedBook) -> None:
        assert not self.is_open.is_set(), "it goes on with another book"
        await super().open(loaded)
        self.is_open.set()

    def produce_batches(self) -> Generator[Batch]:
        yield from super().produce_batches()
        self.may_go.wait()

    def stop_producing(self) -> None:
        super().stop_producing()
        self.is_sent_home.set()


async def test_a_stop_is_honoured_while_connections_break(dsn: str, tmp_path: Path) -> None:
    """All connections of a service break at once: the one that reports keys ends it, one that copies ends its attempt."""
    async with PostgresStore(dsn).own_lease("test") as store:
        inbox = _BlockedInbox(Spool(tmp_path / "spool"), store, StageTimes())
        inbox.block()
        engine = asyncio.create_task(Pipeline(store, ReferenceData.load(REFERENCE)).run(inbox))
        await inbox.is_open.wait()
        async with open_connection(dsn) as connection:
            await connection.execute(_COPIERS)
        await inbox.is_sent_home.wait()
        engine.cancel()
        inbox.may_go.set()
        with pytest.raises(asyncio.CancelledError):
            await engine
