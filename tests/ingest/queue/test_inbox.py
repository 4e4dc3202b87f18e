"""The inbox between two books: what is under way on the first is not counted in the second, and a stop is a stop."""

import asyncio
import json
import threading
from collections.abc import Generator, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from core.stage_timing import Stages
from ingest.queue.inbox import Inbox
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from posting.batch import Batch
from posting.book.registry import Reference
from posting.engine import Engine
from posting.pipeline import Pipeline
from posting.recovery.book_loading import Loaded, load
from posting.store.journal_store import PostgresStore
from tests.databases import connected
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
"""Its commitment never comes."""


class _Anybody:
    """Refuses nothing, and says nothing of programmes."""

    programmes = None

    def see(self, lines: pa.RecordBatch) -> None:
        """Let them pass."""


async def _opened(_: Loaded) -> None:
    """Nobody else waits for the book."""


async def _next(batches: Iterator[Batch]) -> Batch | None:
    return await asyncio.to_thread(next, batches, None)


async def test_held_acts_of_a_book_that_is_gone_are_given_no_more(dsn: str, tmp_path: Path) -> None:
    """Else a batch counts as under way that nobody commits, and beside forms no file has its turn any more."""
    spool, reference = Spool(tmp_path / "spool"), Reference.load(REFERENCE)
    path = tmp_path / "waits.jsonl"
    path.write_text(json.dumps(_WAITS) + "\n")
    async with PostgresStore(dsn).held("test") as store:
        inbox = Inbox(spool, store, Stages(), _opened)
        loaded = await load(store, reference)
        await inbox.open(loaded)
        await inbox.admission.admit(spool.receive(path, path.name, Envelope(sender="ministry")), _Anybody())
        batch = await _next(inbox.batches())
        assert batch
        Engine(loaded.state, loaded.head).evaluate(batch)
        assert await _next(inbox.again(batch)), "while its book is the one that is loaded, it is given"
        again = inbox.again(batch)
        await inbox.open(await load(store, reference))
        assert await _next(again) is None
        inbox.close()


class _HeldUp(Inbox):
    """Its reader takes its time to go home, as if a file were being read."""

    def hold_up(self) -> None:
        """From now on, until ``may_go`` is set."""
        self.is_open, self.is_sent_home, self.may_go = asyncio.Event(), asyncio.Event(), threading.Event()

    async def open(self, loaded: Loaded) -> None:
        assert not self.is_open.is_set(), "it goes on with another book"
        await super().open(loaded)
        self.is_open.set()

    def batches(self) -> Generator[Batch]:
        yield from super().batches()
        self.may_go.wait()

    def end(self) -> None:
        super().end()
        self.is_sent_home.set()


async def test_a_stop_is_heard_while_connections_break(dsn: str, tmp_path: Path) -> None:
    """As where all connections of a service break at once: one that tells of keys ends it, one that copies its course."""
    async with PostgresStore(dsn).held("test") as store:
        inbox = _HeldUp(Spool(tmp_path / "spool"), store, Stages(), _opened)
        inbox.hold_up()
        engine = asyncio.create_task(Pipeline(store, Reference.load(REFERENCE)).run(inbox))
        await inbox.is_open.wait()
        async with connected(dsn) as connection:
            await connection.execute(_COPIERS)
        await inbox.is_sent_home.wait()
        engine.cancel()
        inbox.may_go.set()
        with pytest.raises(asyncio.CancelledError):
            await engine
