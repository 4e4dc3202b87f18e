"""Verification: read all rows once, hash them while reading, and compare their sums with the stored figures."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from core.accountants import Accountants
from core.reference.files import SAMPLE_FOLDER, hash_files
from reporting import code_labels
from reporting.verification import (
    assigned_accountants,
    bank_messages,
    chain,
    payment_runs,
    period_history,
    snapshot_queries,
)
from reporting.verification.copy_reader import BALANCES, HASHED_TABLES, StoredTable, parse_rows
from reporting.verification.duckdb_session import CHECKS, STEPS, DuckdbSession, open_session
from reporting.verification.evidence import EVIDENCE, EvidenceCheck, check_evidence
from reporting.verification.findings import (
    Check,
    CheckResult,
    ProgressCallback,
    Verification,
    ignore_progress,
)
from reporting.verification.snapshot_queries import BatchRow, JournalSnapshot, WindowSpan

_SMALL_TABLES = (
    "batch",
    "submission",
    "keyless_submission",
    "cancellation",
    "progress",
    "held",
    "reference_text",
    "person",
    "person_term",
    "directory_end",
    "person_couple",
    "person_login",
    "person_decision",
    "named_decision",
    "decision_role",
    "decision_end",
    "reference_use",
    "reference_acceptance",
    "rule_use",
    "rule_use_day",
    "agreement",
    "entry_signature",
    "agreement_use",
    "delay_measurement",
    "delay_sum",
    "details_evidence",
    "details_rule",
    "step_file",
    "step_preparation",
    "step_confirmation",
    "step_execution",
    "step_rule",
    "earmark_rule",
    "access_holder",
    "separation_rule",
    "third_party_merge",
)
_CHECKS_AT_ONCE = 2
"""Most checks of a small journal keep one core busy, and wait for each other otherwise."""
ALL_CHECKS = (EVIDENCE, *CHECKS)
"""The names of all checks that a caller may leave out: without one of them nothing counts as proven."""
_CHAIN_RULE = "Every batch's hash is the hash of its rows and of the previous hash (rule A46)."


async def verify(
    dsn: str,
    progress: ProgressCallback = ignore_progress,
    *,
    folder: Path = SAMPLE_FOLDER,
    scratch: Path | None = None,
    checks: Sequence[str] = ALL_CHECKS,
) -> Verification:
    """Compute everything stored in ``dsn`` again from its raw rows, in one snapshot.

    ``folder`` contains the reference data that the engine used.  Data that does not fit in memory is written to
    ``scratch`` (the system's temporary folder by default) and deleted afterwards.  The hash chain is always checked, and the
    other checks that ``checks`` names, by default all: without one of them nothing counts as proven.

    Raises
    ------
    SchemaMismatch
        The rows do not have the columns of this version.
    ReferenceDataError
        The reference data contradict each other.
    """
    codes = await asyncio.to_thread(code_labels.load, folder)
    with open_session(codes, scratch) as session:
        session.add_rows("reference_file", await asyncio.to_thread(_hash_reference, folder))
        async with snapshot_queries.open_snapshot(dsn) as snapshot:
            verifier = _Verifier(
                snapshot, session, progress, checks=[name for name in checks if name != EVIDENCE]
            )
            await verifier.read_rows(
                await asyncio.to_thread(assigned_accountants.load_years, folder, codes.years)
            )
            comparison = asyncio.create_task(asyncio.to_thread(verifier.compare))
            try:
                evidence = await check_evidence(snapshot) if EVIDENCE in checks else None
                results = await asyncio.shield(comparison)
            except BaseException:
                session.interrupt()  # no thread may use a session that is closed
                await asyncio.gather(comparison, return_exceptions=True)
                raise
        return verifier.build_result(results, evidence)


def _hash_reference(folder: Path) -> pa.Table:
    """Return the reference files of today, each with its SHA-256."""
    hashes = hash_files(folder)
    return pa.table({"path": list(hashes), "hash": list(hashes.values())})


class _Verifier:
    """One running verification."""

    def __init__(
        self,
        snapshot: JournalSnapshot,
        session: DuckdbSession,
        progress: ProgressCallback,
        *,
        checks: Sequence[str],
    ) -> None:
        self._snapshot, self._session, self._report_progress = snapshot, session, progress
        self._checks = checks
        self._chain_check = chain.ChainCheck()
        self._batches: list[BatchRow] = []
        self._windows: list[chain.Window] = []
        self._done = 0

    async def read_rows(self, years: Mapping[int, Accountants]) -> None:
        """Load every row into the session, and check the hash chain meanwhile; ``years`` are the accountants of each."""
        self._batches = await self._snapshot.read_batches()
        firsts = chain.find_first_entries(self._batches)
        self._windows = list(chain.split_windows(self._batches, firsts))
        await self._read_small_tables(years)
        processing: asyncio.Task[None] | None = None
        async with asyncio.TaskGroup() as group:
            tables = (*HASHED_TABLES, *BALANCES)
            for positions, span in self._windows:
                streams = [await self._copy_window(stored, positions, span) for stored in tables]
                if processing:
                    await processing
                bounds = firsts[positions.start : positions.stop + 1]
                processing = group.create_task(
                    asyncio.to_thread(
                        self._process_window,
                        self._batches[positions],
                        bounds,
                        dict(zip(tables, streams, strict=True)),
                    )
                )
                self._count_step(f"reading to batch {span.batch_end - 1}")
        await self._count_strays()

    async def _copy_window(self, table: StoredTable, positions: slice, span: WindowSpan) -> bytes:
        """Copy a table's rows of a window; skip the query if no batch states any, as such rows are strays."""
        if table.count_column and not any(
            getattr(batch, table.count_column) for batch in self._batches[positions]
        ):
            return b""
        return await self._snapshot.copy_rows(table, span)

    async def _count_strays(self) -> None:
        """Count the rows that belong to no batch: stored rows that were not read."""
        counts = await self._snapshot.count_rows()
        strays = [rows - self._session.count_rows(name) for name, rows in counts.items()]
        self._session.add_rows("stray", pa.table({"name": list(counts), "rows": strays}))

    async def _read_small_tables(self, years: Mapping[int, Accountants]) -> None:
        version = await self._snapshot.read_version()
        self._session.add_rows("engine", pa.table({"layout": [version.layout], "version": [version.batch]}))
        for name in _SMALL_TABLES:
            async for part in self._snapshot.read_table(name):
                self._session.add_rows(name, part)
        async for part in payment_runs.read_parts(self._snapshot):
            self._session.add_rows(*part)
        self._session.create_view(payment_runs.PAID_LINE)
        async for part in bank_messages.read_parts(self._snapshot, years):
            self._session.add_rows(*part)
        async for part in period_history.read_parts(self._snapshot):
            self._session.add_rows(*part)
        self._session.add_rows("centre_accountant", assigned_accountants.build_table(years))

    def _process_window(
        self, batches: Sequence[BatchRow], firsts: Sequence[int], streams: Mapping[StoredTable, bytes]
    ) -> None:
        """Hash and load the rows of one window; runs while the next window is read."""
        tables = [parse_rows(stored, stream) for stored, stream in streams.items()]
        self._chain_check.check_window(batches, firsts, tables[: len(HASHED_TABLES)])
        for rows in tables:
            self._session.add_window(rows, batches, firsts)

    def compare(self) -> list[CheckResult]:
        """Derive the tables that follow from the rows, and check the chain and every rule."""
        for step in STEPS:
            self._session.run_step(step)
            self._count_step(f"deriving {step}")
        findings = self._chain_check.list_findings()
        results = [CheckResult(Check("chain", _CHAIN_RULE, len(findings)), findings)]
        with ThreadPoolExecutor(_CHECKS_AT_ONCE) as executor:
            for result in executor.map(self._session.run_check, self._checks):
                results.append(result)
                self._count_step(f"check {result.check.name}")
        return results

    def build_result(self, results: Sequence[CheckResult], evidence: EvidenceCheck | None) -> Verification:
        """Combine the results of ``compare`` with the evidence of the rows beside the journal, if it was checked."""
        chain_result, *rules = results
        in_order = [chain_result, *([evidence.result] if evidence else []), *rules]
        head = self._batches[-1].chain.hex() if self._batches else ""
        names = [*(stored.name for stored in (*HASHED_TABLES, *BALANCES)), "submission"]
        verification = Verification(
            len(self._batches),
            head,
            {name: self._session.count_rows(name) for name in names},
            checks=[result.check for result in in_order],
            findings=[finding for result in in_order for finding in result.findings],
            is_whole={*CHECKS, EVIDENCE} <= {result.check.name for result in in_order},
        )
        if not evidence:
            return verification
        rows = {**verification.rows, EVIDENCE: evidence.covered}
        return replace(verification, rows=rows, evidence=evidence.head, pending_rows=evidence.pending)

    def _count_step(self, label: str) -> None:
        self._done += 1
        self._report_progress(self._done, len(self._windows) + len(STEPS) + len(self._checks), label)
