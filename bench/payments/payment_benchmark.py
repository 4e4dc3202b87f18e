"""How many payments a second go from due requests to committed entries and files for the bank: verified, then told."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from xml.etree.ElementTree import iterparse
from zoneinfo import ZoneInfo

from bench.payments import payable_requests, payment_queries
from bench.payments.payable_requests import YEAR, Size
from core.payment_rules import ZONE
from core.stage_timing import Stages
from ingest.queue.file_feed import FileFeed, Order
from ingest.spool.spool import Spool
from posting.book.registry import Reference
from posting.pipeline import Pipeline, Settings
from posting.store.journal_store import PostgresStore
from settlement.orders.outbox import Outbox
from settlement.runs import issue, proposals, run_edits, run_queries
from settlement.runs.issue import Issue
from settlement.runs.payment_reference import Books
from settlement.runs.proposals import Proposed

_AT = datetime(YEAR, 6, 14, 10, tzinfo=ZoneInfo(ZONE))
Told = Callable[[str], None]


@dataclass(slots=True)
class Figures:
    """What was measured: a run of so many payments, and the seconds of its steps."""

    payments: int
    cents: int
    files: int = 0
    size_bytes: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def total_seconds(self) -> float:
        """Of all steps, the loading of the book among them."""
        return sum(self.seconds.values())

    @property
    def payments_a_second(self) -> int:
        """From due requests to written files."""
        return round(self.payments / self.total_seconds)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Note how long the body takes."""
        began = time.perf_counter()
        yield
        self.seconds[step] = round(time.perf_counter() - began, 3)


async def measure(dsn: str, folder: Path, size: Size, told: Told) -> Figures:
    """Bring requests into an empty database, pay all of them in one run, and verify what came of it.

    Raises
    ------
    RuntimeError
        Journal and files do not add up to the requests.
    """
    reference, books = Reference.load(), Books.load()
    told(f"making {size.requests:,} requests")
    paths, cents = payable_requests.write(folder, size, reference)
    bench = _Bench(dsn, folder, reference, told)
    told("bringing them into the journal")
    await bench.process(paths)
    figures = Figures(size.requests, cents)
    await bench.pay(books, figures)
    told("verifying")
    figures.files, figures.size_bytes = await bench.verified(figures)
    return figures


class _Bench:
    """One database, its spool and outbox."""

    def __init__(self, dsn: str, folder: Path, reference: Reference, told: Told) -> None:
        self._dsn, self._reference, self._told = dsn, reference, told
        self._spool, self._outbox = Spool(folder / "spool"), Outbox(folder / "outbox")

    async def process(self, paths: list[Path]) -> None:
        """Process files to their end: a start of the engine, and its work."""
        async with PostgresStore(self._dsn).held("bench") as store:
            feed, stages = FileFeed(Order(paths), self._spool, store), Stages()
            await Pipeline(store, self._reference, Settings(stages=stages)).run(feed)
        if feed.rejected:
            raise RuntimeError(f"a file was refused whole: {feed.rejected[0].error}")

    async def pay(self, books: Books, figures: Figures) -> None:
        """One run, from its proposal to its files."""
        async with run_queries.connected(self._dsn) as connection:
            with figures.timed("propose"):
                wanted = Proposed("Alice", date(YEAR, 6, 30), _AT.date())
                run = await proposals.propose(connection, books, wanted, self._told)
            with figures.timed("release"):
                await run_edits.release(connection, run, "Bruno")
            with figures.timed("acts"):
                how = (books, Issue("Claire", _AT), self._told)
                prepared = await issue.prepare(connection, run, self._outbox, how)
        with figures.timed("commit, the start of the engine included"):
            await self.process([prepared.path] if prepared.path else [])
        async with run_queries.connected(self._dsn) as connection:
            with figures.timed("files"):
                await issue.finish(connection, run, self._outbox, (prepared.content, self._told))

    async def verified(self, figures: Figures) -> tuple[int, int]:
        """Files and their bytes, once journal and files say the same as the requests."""
        found = await payment_queries.standing(self._dsn)
        wanted = (figures.payments, figures.cents)
        read, size = await asyncio.to_thread(_read, [self._outbox.path(1, name) for name in found.names])
        for what, sums in (("journal", found.posted), ("file table", found.noted), ("files", read)):
            if sums != wanted:
                raise RuntimeError(f"the {what} holds {sums} payments and cents, wanted are {wanted}")
        return len(found.names), size


def _read(paths: list[Path]) -> tuple[tuple[int, int], int]:
    """Transfers and cents of all files, as another reader than ours has them, and their bytes."""
    count = cents = 0
    for path in paths:
        for _, element in iterparse(path):  # noqa: S314  written just now, by ourselves
            if element.tag.endswith("}InstdAmt"):
                euros, _, rest = (element.text or "").partition(".")
                count, cents = count + 1, cents + int(euros) * 100 + int(rest)
            elif element.tag.endswith("}CdtTrfTxInf"):
                element.clear()
    return (count, cents), sum(path.stat().st_size for path in paths)
