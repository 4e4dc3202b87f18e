"""Verify everything: read the rows once, hash them as they come, hold their sums against what is stored."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from core.reference.files import SHIPPED
from reporting import code_labels
from reporting.verification import bank_messages, chain, payment_runs, snapshot_queries
from reporting.verification.copy_reader import BALANCES, CHAINED, Stored, parse
from reporting.verification.duckdb_session import CHECKS, STEPS, Workbench, workbench
from reporting.verification.findings import Check, Finding, Progress, Verification, silent
from reporting.verification.snapshot_queries import Link, Snapshot, Span

_SMALL_TABLES = ("batch", "submission", "cancellation", "progress", "held", "reference_text")
_CHAIN_RULE = "Every batch's hash is that of its rows and of the hash before it (A46)."


async def verify(
    dsn: str, progress: Progress = silent, *, folder: Path = SHIPPED, scratch: Path | None = None
) -> Verification:
    """Compute everything stored in ``dsn`` again from its raw rows, as of one moment.

    ``folder`` holds the reference data that the engine used.  What does not fit in
    memory lies in ``scratch`` (the system's own folder if none is given), and is gone afterwards.

    Raises
    ------
    SchemaMismatch
        The rows are not shaped as this version stores them.
    ReferenceDataError
        The reference data do not hold together.
    """
    codes = await asyncio.to_thread(code_labels.load, folder)
    with workbench(codes, scratch) as bench:
        async with snapshot_queries.snapshot(dsn) as snapshot:
            run = _Run(snapshot, bench, progress)
            await run.read(folder)
        return await asyncio.to_thread(run.compare)


class _Run:
    """One verification under way."""

    def __init__(self, snapshot: Snapshot, bench: Workbench, progress: Progress) -> None:
        self._snapshot, self._bench, self._tell = snapshot, bench, progress
        self._chain = chain.Chain()
        self._links: list[Link] = []
        self._windows: list[tuple[slice, Span]] = []
        self._done = 0

    async def read(self, folder: Path) -> None:
        """Lay every row on the workbench, and walk the chain meanwhile."""
        self._links = await self._snapshot.links()
        firsts = chain.first_entries(self._links)
        self._windows = list(chain.windows(self._links, firsts))
        await self._read_small(folder)
        under_way: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as group:
            for places, span in self._windows:
                tables = [await self._copy(stored, places, span) for stored in (*CHAINED, *BALANCES)]
                if under_way:
                    await under_way
                bounds = firsts[places.start : places.stop + 1]
                under_way = group.create_task(
                    asyncio.to_thread(self._take, self._links[places], bounds, tables)
                )
                self._step(f"batch {span.batch_end - 1}")
        await self._note_strays()

    async def _copy(self, stored: Stored, places: slice, span: Span) -> bytes:
        """The rows of a window.  Nothing is asked for where no batch states any: what lies there is a stray."""
        if stored.stated and not any(getattr(link, stored.stated) for link in self._links[places]):
            return b""
        return await self._snapshot.copy(stored, span)

    async def _note_strays(self) -> None:
        """Count the rows that belong to no batch: those that are stored and were not read."""
        counts = await self._snapshot.counts()
        strays = [rows - self._bench.count(name) for name, rows in counts.items()]
        self._bench.lay("stray", pa.table({"name": list(counts), "rows": strays}))

    async def _read_small(self, folder: Path) -> None:
        layout, version = await self._snapshot.version()
        self._bench.lay("engine", pa.table({"layout": [layout], "version": [version]}))
        for name in _SMALL_TABLES:
            async for part in self._snapshot.table(name):
                self._bench.lay(name, part)
        async for part in payment_runs.parts(self._snapshot):
            self._bench.lay(*part)
        self._bench.see(payment_runs.PAID_LINE)
        async for part in bank_messages.parts(self._snapshot, folder):
            self._bench.lay(*part)

    def _take(self, links: Sequence[Link], firsts: Sequence[int], streams: Sequence[bytes]) -> None:
        """Hash and lay out the rows of one window; runs beside the reading of the next."""
        tables = [
            parse(stored, stream) for stored, stream in zip((*CHAINED, *BALANCES), streams, strict=True)
        ]
        self._chain.follow(links, firsts, tables[: len(CHAINED)])
        for rows in tables:
            self._bench.lay_rows(rows, links, firsts)

    def compare(self) -> Verification:
        """Work out what follows from the rows, and hold every rule against it."""
        for step in STEPS:
            self._bench.prepare(step)
            self._step(step)
        findings = self._chain.findings()
        checks = [Check("chain", _CHAIN_RULE, len(findings))]
        for name in CHECKS:
            check, found = self._bench.check(name)
            checks.append(check)
            findings += found
            self._step(name)
        return self._verification(checks, findings)

    def _verification(self, checks: list[Check], findings: list[Finding]) -> Verification:
        head = self._links[-1] if self._links else None
        names = [*(stored.name for stored in (*CHAINED, *BALANCES)), "submission"]
        rows = {name: self._bench.count(name) for name in names}
        return Verification(len(self._links), head.chain.hex() if head else "", rows, checks, findings)

    def _step(self, label: str) -> None:
        self._done += 1
        self._tell(self._done, len(self._windows) + len(STEPS) + len(CHECKS), label)
