"""The evidence of batches, computed again: the hash over the rows that are added beside the journal, which no entry states.

Evidence of a batch = SHA-256(digests of the rows that it covers || its own row as a record || evidence of the batch before);
the first batch follows 32 zero bytes.  ``reporting.verification.raw_rows`` says what a digest and a record are.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from reporting.verification.findings import FINDINGS_MAX, Check, CheckResult, Finding
from reporting.verification.raw_rows import RowHasher, StoredColumn, Values, build_record
from reporting.verification.snapshot_queries import CoveredDigest, EvidenceRow, JournalSnapshot

COVERED_TABLES = frozenset(
    (
        *("ledger", "submission", "cancellation", "pause", "drop_taken", "drop_answered", "form"),
        *("reference_text", "reference_meaning", "reference_use"),
        *("period_start", "period_decision", "period_effect", "clock_correction", "reference_acceptance"),
        *("directory_change", "person", "person_role", "delegation", "agreement"),
        *("directory_end", "directory_effect", "entry_signature", "agreement_use"),
        *("person_login", "person_decision", "person_couple"),
        *("details_evidence", "details_rule", "separation_rule", "third_party_merge"),
        *("step_preparation", "step_confirmation", "step_rule", "earmark_rule", "step_execution", "step_end"),
        *(
            "access_key",
            "access_key_end",
            "access_issuer",
            "access_issuer_end",
            "access_grant",
            "access_grant_end",
        ),
        *("access_binding", "access_binding_end", "signer", "signer_end", "audit"),
        *("payment_run", "payment_page", "payment_edit", "payment_release", "payment_abandonment"),
        *("payment_issue", "payment_file", "payment_end"),
        *(
            "bank_message",
            "bank_statement",
            "bank_attempt",
            "bank_item",
            "bank_receipt",
            "bank_suspense",
            "bank_hand_receipt",
            "suspense_rule",
            "movement_rule",
            "interest_mark",
            "task",
            "task_event",
        ),
    )
)
"""The tables beside the journal whose rows the evidence of batches covers."""

EVIDENCE = "evidence"
"""The name of the check."""
_RULE = (
    "Every row beside the journal (submissions, reference data, payment runs and files, bank messages, keys, audit trail) is "
    "as it was when a batch covered it, or waits for the next batch; and the evidence of each batch is the hash of these "
    "rows, of its own row, and of the evidence before (rule A46)."
)
_EVIDENCE_COLUMN = "evidence"
_FIRST_EVIDENCE = bytes(32)
_HASH_CHARACTERS = 16
_INTEGERS = frozenset({20, 21, 23})
"""The numbers of the types int8, int2 and int4."""


class EvidenceCheck(NamedTuple):
    """The check, and how far the evidence goes."""

    result: CheckResult
    head: str
    """The evidence of the last batch, in hexadecimal; empty before the first."""
    covered: int
    """Rows that batches cover."""
    pending: int
    """Rows that were added after the last batch: the next one covers them."""


async def check_evidence(snapshot: JournalSnapshot) -> EvidenceCheck:
    """Read all rows beside the journal, and compare them with the evidence of the batches."""
    chain = _ChainCheck(await snapshot.list_columns("batch"))
    async for digests in snapshot.read_digests():
        chain.add_digests(digests)
    await snapshot.copy_table("batch", chain.columns, chain.check_batch, order="batch")
    findings, counts = chain.list_findings(), await snapshot.count_evidence()
    for table in sorted(COVERED_TABLES | counts.keys()):
        findings += await _check_table(snapshot, table)
    result = CheckResult(Check(EVIDENCE, _RULE, len(findings)), findings[:FINDINGS_MAX])
    covered, pending = (sum(column) for column in zip((0, 0), *counts.values(), strict=True))
    return EvidenceCheck(result, chain.format_head(), covered, pending)


async def _check_table(snapshot: JournalSnapshot, table: str) -> list[Finding]:
    """Compare the rows of a table with its digests, which are read again only to name those without a row."""
    rows = _TableCheck(table, await snapshot.list_columns(table))
    async for evidence_rows in snapshot.read_evidence(table):
        rows.add_digests(evidence_rows)
    await snapshot.copy_table(table, rows.columns, rows.check_row)
    if rows.misses_any:
        async for evidence_rows in snapshot.read_evidence(table):
            for evidence_row in evidence_rows:
                rows.check_digest(evidence_row)
    return rows.findings


class _ChainCheck:
    """Computes the evidence of each batch, from the stored evidence of the batch before."""

    def __init__(self, columns: Sequence[StoredColumn]) -> None:
        self.columns = columns
        self._own_columns = [column.name for column in columns].index(_EVIDENCE_COLUMN)
        self._hashes: dict[int, Any] = {}
        self._previous = _FIRST_EVIDENCE
        self._findings: list[Finding] = []

    def add_digests(self, rows: Sequence[CoveredDigest]) -> None:
        """Add the digests of the next rows that batches cover; only the hash of each batch is kept."""
        for batch, digest in rows:
            if batch not in self._hashes:
                self._hashes[batch] = hashlib.sha256()
            self._hashes[batch].update(digest)

    def check_batch(self, values: Values) -> None:
        """Compare the evidence of the next batch."""
        batch, stored = int.from_bytes(values[0] or b"", "big"), values[self._own_columns] or b""
        record = build_record(self.columns[: self._own_columns], values)
        rows_hash = self._hashes.pop(batch, None) or hashlib.sha256()
        rows_hash.update(record + self._previous)
        computed = rows_hash.digest()
        if computed != stored:
            stored_hash = f"hash {stored.hex()[:_HASH_CHARACTERS]}"
            expected = f"{computed.hex()[:_HASH_CHARACTERS]} from its rows"
            self._findings.append(Finding(EVIDENCE, f"batch {batch}", stored_hash, expected))
        self._previous = stored

    def list_findings(self) -> list[Finding]:
        """List the batches with another evidence, and the rows of evidence without a batch."""
        strays = (
            Finding(EVIDENCE, f"batch {batch}", "no such batch", "covers rows") for batch in self._hashes
        )
        return [*self._findings, *strays]

    def format_head(self) -> str:
        """Return the evidence of the last batch in hexadecimal."""
        return "" if self._previous == _FIRST_EVIDENCE else self._previous.hex()


class _TableCheck:
    """Compares the rows of a table with the digests that were noted of them, each as often as it occurs."""

    def __init__(self, table: str, columns: Sequence[StoredColumn]) -> None:
        self._table, self.columns = table, columns
        self._hashers: dict[int, RowHasher] = {}
        """By number of columns, the largest first: a later version may have added columns behind those of the time."""
        self._missing: Counter[tuple[int, bytes]] = Counter()
        self.findings: list[Finding] = []
        """The rows without a digest, then the digests without a row."""

    @property
    def misses_any(self) -> bool:
        """Whether a digest was noted whose row was not found."""
        return bool(self._missing)

    def add_digests(self, rows: Sequence[EvidenceRow]) -> None:
        """Expect the rows of digests."""
        self._missing.update((row.columns, row.digest) for row in rows)
        counts = self._hashers.keys() | {row.columns for row in rows}
        if len(counts) > len(self._hashers):
            self._hashers = {
                count: RowHasher(self._table, self.columns[:count]) for count in sorted(counts, reverse=True)
            }

    def check_row(self, values: Values) -> None:
        """Find the digest of a row."""
        for count, hasher in self._hashers.items():
            if self._remove(count, hasher.hash(values)):
                return
        place = _name_row(self._table, self.columns, values)
        self.findings.append(
            Finding(EVIDENCE, place, "a row that no batch covers", "rows as they were added")
        )

    def check_digest(self, row: EvidenceRow) -> None:
        """Check that the row of a digest was found."""
        if self._remove(row.columns, row.digest):
            coverage = f"covered by batch {row.batch}" if row.batch else "not covered yet"
            place = f"{self._table}, row {row.position} of the evidence, {coverage}"
            self.findings.append(Finding(EVIDENCE, place, "changed or removed", "the row as it was added"))

    def _remove(self, columns: int, digest: bytes) -> bool:
        """Return whether a digest was missing, and count it as found; a digest that is found leaves the memory."""
        key = (columns, digest)
        if self._missing[key] == 0:
            return False
        self._missing[key] -= 1
        if self._missing[key] == 0:
            del self._missing[key]
        return True


def _name_row(table: str, columns: Sequence[StoredColumn], values: Values) -> str:
    """Name a row by its first column, which is a number or a text in almost every covered table."""
    value = values[0] or b""
    is_number = columns[0].type in _INTEGERS
    first = str(int.from_bytes(value, "big", signed=True)) if is_number else value.decode(errors="replace")
    return f"{table} {first}" if first.isprintable() else table
