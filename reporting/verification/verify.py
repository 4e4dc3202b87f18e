"""Verify everything: read the rows once, hash them as they come, hold their sums against what is stored."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from core.reference.files import SAMPLE_FOLDER
from reporting import code_labels
from reporting.verification import bank_messages, chain, payment_runs, snapshot_queries
from reporting.verification.copy_reader import BALANCES, HASHED_TABLES, StoredTable, parse_rows
from reporting.verification.duckdb_session import CHECKS, STEPS, DuckdbSession, open_session
from reporting.verification.findings import Check, Finding, ProgressCallback, Verification, ignore_progress
from reporting.verification.snapshot_queries import BatchRow, JournalSnapshot, WindowSpan

_SMALL_TABLES = ("batch", "submission", "cancellation", "progress", "held", "reference_text")
_CHAIN_RULE = "Every batch's hash is that of its rows and of the hash before it (A46)."


async def verify(
    dsn: str,
    progress: ProgressCallback = ignore_progress,
    *,
    folder: Path = SAMPLE_FOLDER,
    scratch: Path | None = None,
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
    with open_session(codes, scratch) as bench:
        async with snapshot_queries.open_snapshot(dsn) as snapshot:
            run = _Verifier(snapshot, bench, progress)
            await run.read_rows(folder)
        return await asyncio.to_thread(run.compare)


class _Verifier:
    """One verification under way."""

    def __init__(self, snapshot: JournalSnapshot, bench: DuckdbSession, progress: ProgressCallback) -> None:
        self._snapshot, self._session, self._report_progress = snapshot, bench, progress
        self._chain_check = chain.ChainCheck()
        self._batches: list[BatchRow] = []
        self._windows: list[tuple[slice, WindowSpan]] = []
        self._done = 0

    async def read_rows(self, folder: Path) -> None:
        """Lay every row on the workbench, and walk the chain meanwhile."""
        self._batches = await self._snapshot.read_batches()
        firsts = chain.find_first_entries(self._batches)
        self._windows = list(chain.split_windows(self._batches, firsts))
        await self._read_small_tables(folder)
        under_way: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as group:
            for places, span in self._windows:
                tables = [
                    await self._copy_window(stored, places, span) for stored in (*HASHED_TABLES, *BALANCES)
                ]
                if under_way:
                    await under_way
                bounds = firsts[places.start : places.stop + 1]
                under_way = group.create_task(
                    asyncio.to_thread(self._process_window, self._batches[places], bounds, tables)
                )
                self._count_step(f"batch {span.batch_end - 1}")
        await self._count_strays()

    async def _copy_window(self, table: StoredTable, places: slice, span: WindowSpan) -> bytes:
        """The rows of a window.  Nothing is asked for where no batch states any: what lies there is a stray."""
        if table.count_column and not any(
            getattr(link, table.count_column) for link in self._batches[places]
        ):
            return b""
        return await self._snapshot.copy_rows(table, span)

    async def _count_strays(self) -> None:
        """Count the rows that belong to no batch: those that are stored and were not read."""
        counts = await self._snapshot.count_rows()
        strays = [rows - self._session.count_rows(name) for name, rows in counts.items()]
        self._session.add_rows("stray", pa.table({"name": list(counts), "rows": strays}))

    async def _read_small_tables(self, folder: Path) -> None:
        layout, version = await self._snapshot.read_version()
        self._session.add_rows("engine", pa.table({"layout": [layout], "version": [version]}))
        for name in _SMALL_TABLES:
            async for part in self._snapshot.read_table(name):
                self._session.add_rows(name, part)
        async for part in payment_runs.read_parts(self._snapshot):
            self._session.add_rows(*part)
        self._session.create_view(payment_runs.PAID_LINE)
        async for part in bank_messages.read_parts(self._snapshot, folder):
            self._session.add_rows(*part)

    def _process_window(
        self, links: Sequence[BatchRow], firsts: Sequence[int], streams: Sequence[bytes]
    ) -> None:
        """Hash and lay out the rows of one window; runs beside the reading of the next."""
        tables = [
            parse_rows(stored, stream)
            for stored, stream in zip((*HASHED_TABLES, *BALANCES), streams, strict=True)
        ]
        self._chain_check.check_window(links, firsts, tables[: len(HASHED_TABLES)])
        for rows in tables:
            self._session.add_window(rows, links, firsts)

    def compare(self) -> Verification:
        """Work out what follows from the rows, and hold every rule against it."""
        for step in STEPS:
            self._session.run_step(step)
            self._count_step(step)
        findings = self._chain_check.list_findings()
        checks = [Check("chain", _CHAIN_RULE, len(findings))]
        for name in CHECKS:
            check, check_findings = self._session.run_check(name)
            checks.append(check)
            findings += check_findings
            self._count_step(name)
        return self._build_result(checks, findings)

    def _build_result(self, checks: list[Check], findings: list[Finding]) -> Verification:
        head = self._batches[-1] if self._batches else None
        names = [*(stored.name for stored in (*HASHED_TABLES, *BALANCES)), "submission"]
        rows = {name: self._session.count_rows(name) for name in names}
        return Verification(len(self._batches), head.chain.hex() if head else "", rows, checks, findings)

    def _count_step(self, label: str) -> None:
        self._done += 1
        self._report_progress(self._done, len(self._windows) + len(STEPS) + len(CHECKS), label)
