"""Payments a second from due requests to committed entries and bank files, verified before they are reported."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import iterparse
from zoneinfo import ZoneInfo

from bench.payments import payable_requests, payment_queries
from bench.payments.payable_requests import YEAR, Size
from bench.payments.payment_queries import PaymentSums
from core.payment_rules import TIME_ZONE
from core.person_decisions import StatedPerson
from core.stage_timing import StageTimes
from ingest.queue.file_feed import FileFeed, ProcessingRequest
from ingest.spool.spool import Spool
from posting.book.registry import ReferenceData
from posting.pipeline import Pipeline
from posting.pipeline_settings import PipelineSettings
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
    """The figures of a payment run: its payments, its files, and the seconds of its steps."""

    payments: int
    cents: int
    files: int = 0
    size_bytes: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def total_seconds(self) -> float:
        """The time of all steps, including the loading of the book."""
        return sum(self.seconds.values())

    @property
    def payments_a_second(self) -> int:
        """Payments a second from due requests to written files."""
        return round(self.payments / self.total_seconds)

    @contextmanager
    def time_step(self, step: str) -> Iterator[None]:
        """Record the duration of the body."""
        start = time.perf_counter()
        yield
        self.seconds[step] = round(time.perf_counter() - start, 3)


async def measure(dsn: str, folder: Path, size: Size, *, report_progress: ReportProgress) -> PaymentFigures:
    """Process requests into an empty database, pay all of them in one run, and verify the result.

    Raises
    ------
    RuntimeError
        Journal or files do not add up to the requests.
    """
    reference, books = ReferenceData.load(), PaymentReference.load()
    report_progress(f"generating {size.requests:,} requests")
    paths, cents = payable_requests.write_files(folder, size, reference)
    bench = _PaymentBench(dsn, folder, reference, report_progress=report_progress)
    report_progress("processing the requests")
    await bench.process(paths)
    figures = PaymentFigures(size.requests, cents)
    await bench.pay(books, figures)
    report_progress("verifying")
    transfers = await bench.verify(figures)
    figures.files, figures.size_bytes = transfers.files, transfers.size_bytes
    return figures


class _FileTransfers(NamedTuple):
    """The transfers in payment files, and the size of the files."""

    sums: PaymentSums
    files: int
    size_bytes: int


class _PaymentBench:
    """The benchmark's database, spool and outbox."""

    def __init__(
        self, dsn: str, folder: Path, reference: ReferenceData, *, report_progress: ReportProgress
    ) -> None:
        self._dsn, self._reference, self._report_progress = dsn, reference, report_progress
        self._spool, self._outbox = Spool(folder / "spool"), Outbox(folder / "outbox")

    async def process(self, paths: list[Path], *, is_internal: bool = False) -> None:
        """Process files, of requests or of payments, including the start of the engine."""
        async with PostgresStore(self._dsn).own_lease("bench") as store:
            request = ProcessingRequest(paths, is_internal=is_internal)
            feed, stages = FileFeed(request, self._spool, store), StageTimes()
            await Pipeline(store, self._reference, PipelineSettings(stages=stages)).run(feed)
        if feed.rejected:
            raise RuntimeError(f"a file was refused: {feed.rejected[0].error}")

    async def pay(self, books: PaymentReference, figures: PaymentFigures) -> None:
        """Pay the requests in one run, from its proposal to its files."""
        async with run_queries.open_connection(self._dsn) as connection:
            with figures.time_step("propose"):
                proposal_request = ProposalRequest(StatedPerson("Alice"), date(YEAR, 6, 30), _NOW.date())
                run = await proposals.propose_run(
                    connection, books, proposal_request, on_step=self._report_progress
                )
            with figures.time_step("release"):
                await run_edits.release_run(connection, run, StatedPerson("Bruno"))
            with figures.time_step("acts"):
                prepared = await issue.prepare_acts(
                    connection,
                    run,
                    self._outbox,
                    reference=books,
                    request=IssueRequest(StatedPerson("Claire"), _NOW),
                    on_step=self._report_progress,
                )
        with figures.time_step("commit, the start of the engine included"):
            await self.process([prepared.path] if prepared.path else [], is_internal=True)
        async with run_queries.open_connection(self._dsn) as connection:
            with figures.time_step("files"):
                await issue.finish_issue(
                    connection, run, self._outbox, content=prepared.content, on_step=self._report_progress
                )

    async def verify(self, figures: PaymentFigures) -> _FileTransfers:
        """Verify that journal, file table and files contain the requests; return the transfers of the files."""
        stored = await payment_queries.read_stored_payments(self._dsn)
        paths = [self._outbox.locate(1, name) for name in stored.file_names]
        transfers = await asyncio.to_thread(_read_transfers, paths)
        expected = PaymentSums(figures.payments, figures.cents)
        sources = (("journal", stored.posted), ("file table", stored.recorded), ("files", transfers.sums))
        for source, sums in sources:
            if sums != expected:
                raise RuntimeError(f"the {source} contains {sums}, expected are {expected}")
        return transfers


def _read_transfers(paths: list[Path]) -> _FileTransfers:
    """Count the transfers and cents of all files with the standard library's XML parser."""
    count = cents = 0
    for path in paths:
        for _, element in iterparse(path):  # noqa: S314 -- written by this process
            if element.tag.endswith("}InstdAmt"):
                euros, _, rest = (element.text or "").partition(".")
                count, cents = count + 1, cents + int(euros) * 100 + int(rest)
            elif element.tag.endswith("}CdtTrfTxInf"):
                element.clear()
    size_bytes = sum(path.stat().st_size for path in paths)
    return _FileTransfers(PaymentSums(count, cents), len(paths), size_bytes)
