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
from core.payment_rules import TIME_ZONE
from core.stage_timing import StageTimes
from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.spool.spool import Spool
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline, PipelineSettings
from posting.store.journal_store import PostgresStore
from settlement.orders.outbox import Outbox
from settlement.runs import issue, proposals, run_edits, run_queries
from settlement.runs.issue import IssueRequest
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.proposals import ProposalRequest

_NOW = datetime(YEAR, 6, 14, 10, tzinfo=ZoneInfo(TIME_ZONE))
ReportProgress = Callable[[str], None]


@dataclass(slots=True)
class PaymentFigures:
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
    def time_step(self, step: str) -> Iterator[None]:
        """Note how long the body takes."""
        began = time.perf_counter()
        yield
        self.seconds[step] = round(time.perf_counter() - began, 3)


async def measure(dsn: str, folder: Path, size: Size, report_progress: ReportProgress) -> PaymentFigures:
    """Bring requests into an empty database, pay all of them in one run, and verify what came of it.

    Raises
    ------
    RuntimeError
        Journal and files do not add up to the requests.
    """
    reference, books = ReferenceData.load(), PaymentReference.load()
    report_progress(f"making {size.requests:,} requests")
    paths, cents = payable_requests.write_files(folder, size, reference)
    bench = _PaymentBench(dsn, folder, reference, report_progress)
    report_progress("bringing them into the journal")
    await bench.process(paths)
    figures = PaymentFigures(size.requests, cents)
    await bench.pay(books, figures)
    report_progress("verifying")
    figures.files, figures.size_bytes = await bench.verify(figures)
    return figures


class _PaymentBench:
    """One database, its spool and outbox."""

    def __init__(self, dsn: str, folder: Path, reference: ReferenceData, told: ReportProgress) -> None:
        self._dsn, self._reference, self._report_progress = dsn, reference, told
        self._spool, self._outbox = Spool(folder / "spool"), Outbox(folder / "outbox")

    async def process(self, paths: list[Path]) -> None:
        """Process files to their end: a start of the engine, and its work."""
        async with PostgresStore(self._dsn).own_lease("bench") as store:
            feed, stages = FileFeed(ProcessingRequest(paths), self._spool, store), StageTimes()
            await Pipeline(store, self._reference, PipelineSettings(stages=stages)).run(feed)
        if feed.rejected:
            raise RuntimeError(f"a file was refused whole: {feed.rejected[0].error}")

    async def pay(self, books: PaymentReference, figures: PaymentFigures) -> None:
        """One run, from its proposal to its files."""
        async with run_queries.open_connection(self._dsn) as connection:
            with figures.time_step("propose"):
                wanted = ProposalRequest("Alice", date(YEAR, 6, 30), _NOW.date())
                run = await proposals.propose_run(connection, books, wanted, self._report_progress)
            with figures.time_step("release"):
                await run_edits.release_run(connection, run, "Bruno")
            with figures.time_step("acts"):
                prepared = await issue.prepare_acts(
                    connection,
                    run,
                    self._outbox,
                    reference=books,
                    request=IssueRequest("Claire", _NOW),
                    on_step=self._report_progress,
                )
        with figures.time_step("commit, the start of the engine included"):
            await self.process([prepared.path] if prepared.path else [])
        async with run_queries.open_connection(self._dsn) as connection:
            with figures.time_step("files"):
                await issue.finish_issue(
                    connection, run, self._outbox, content=prepared.content, on_step=self._report_progress
                )

    async def verify(self, figures: PaymentFigures) -> tuple[int, int]:
        """Files and their bytes, once journal and files say the same as the requests."""
        found = await payment_queries.read_stored_payments(self._dsn)
        wanted = (figures.payments, figures.cents)
        read, size = await asyncio.to_thread(
            _read_transfers, [self._outbox.locate(1, name) for name in found.file_names]
        )
        for what, sums in (("journal", found.posted), ("file table", found.recorded), ("files", read)):
            if sums != wanted:
                raise RuntimeError(f"the {what} holds {sums} payments and cents, wanted are {wanted}")
        return len(found.file_names), size


def _read_transfers(paths: list[Path]) -> tuple[tuple[int, int], int]:
    """Transfers and cents of all files, as another reader than ours has them, and their bytes."""
    count = cents = 0
    for path in paths:
        for _, element in iterparse(path):  # noqa: S314 -- written by this process
            if element.tag.endswith("}InstdAmt"):
                euros, _, rest = (element.text or "").partition(".")
                count, cents = count + 1, cents + int(euros) * 100 + int(rest)
            elif element.tag.endswith("}CdtTrfTxInf"):
                element.clear()
    return (count, cents), sum(path.stat().st_size for path in paths)
