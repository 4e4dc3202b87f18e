"""The hash chain of batches, computed again from the rows.

Hash of a batch = SHA-256(its rows of every hashed table as COPY tuples || hash of the previous batch); the first batch
follows 32 zero bytes.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from reporting.verification.copy_reader import TableRows, strip_envelope
from reporting.verification.findings import Finding
from reporting.verification.snapshot_queries import BatchRow, WindowSpan

KNOWN_LAYOUT = 4
"""The version of the rows that are hashed as described above; a ledger of an earlier one is refused before it is read."""

WINDOW_ROWS = 131_072
"""Rows read at the same time, unless one batch has more."""

_FIRST_HASH = bytes(32)
_HASH_CHARACTERS = 16


def find_first_entries(batches: Sequence[BatchRow]) -> list[int]:
    """Return the first entry of each batch, and the end of the last one, even if one row of ``batch`` was changed."""
    firsts, due = [], 1
    for position, batch in enumerate(batches):
        firsts.append(batch.first_entry if _is_credible(batches, position, due) else due)
        due = firsts[-1] + batch.entries
    return [*firsts, due]


def _is_credible(batches: Sequence[BatchRow], position: int, due: int) -> bool:
    """Return whether a batch's own first entry is credible, rather than ``due``, the end of the previous batch.

    If they differ, one of the two rows was changed, and the next batch shows which.
    """
    batch = batches[position]
    if position + 1 == len(batches):
        return batch.first_entry <= due
    return batch.first_entry == due or due + batch.entries != batches[position + 1].first_entry


class Window(NamedTuple):
    """Batches that are read together: their positions in the list of batches, and their range of rows."""

    positions: slice
    span: WindowSpan


def split_windows(batches: Sequence[BatchRow], firsts: Sequence[int]) -> Iterator[Window]:
    """Split the batches into windows of whole batches that fit in memory."""
    start, rows = 0, 0
    for position, batch in enumerate(batches):
        size = max(batch.entries, 0) + max(batch.refusals, 0) + max(batch.duplicates, 0)
        if position > start and rows + size > WINDOW_ROWS:
            yield _build_window(batches, firsts, start=start, end=position)
            start, rows = position, 0
        rows += size
    if batches:
        yield _build_window(batches, firsts, start=start, end=len(batches))


def _build_window(batches: Sequence[BatchRow], firsts: Sequence[int], *, start: int, end: int) -> Window:
    span = WindowSpan(batches[start].batch, batches[end - 1].batch + 1, firsts[start], firsts[end])
    return Window(slice(start, end), span)


class ChainCheck:
    """Checks the batches in order and notes the hashes that differ."""

    def __init__(self) -> None:
        self._stored = self._computed = _FIRST_HASH
        self._broken: dict[int, Finding] = {}

    def check_window(
        self, batches: Sequence[BatchRow], firsts: Sequence[int], tables: Sequence[TableRows]
    ) -> None:
        """Hash the rows of ``batches``; ``firsts`` are their first entries, ``tables`` their rows of the hashed tables."""
        bounds_of_tables = [find_bounds(rows, batches, firsts) for rows in tables]
        for position, batch in enumerate(batches):
            digest = hashlib.sha256()
            for rows, bounds in zip(tables, bounds_of_tables, strict=True):
                digest.update(rows.slice_bytes(bounds[position], bounds[position + 1]))
            self._check_batch(batch, digest)

    def _check_batch(self, batch: BatchRow, rows: "hashlib._Hash") -> None:
        """Compare one batch's hash, computed from the previous stored hash or from the previous computed hash."""
        digest = _finish_digest(rows, self._stored)
        if digest != batch.chain and _finish_digest(rows, self._computed) == batch.chain:
            self._blame_hash(batch.batch - 1, batch.batch)
        elif digest != batch.chain:
            stored = f"hash {batch.chain.hex()[:_HASH_CHARACTERS]}"
            self._broken[batch.batch] = Finding(
                "chain", f"batch {batch.batch}", stored, f"{digest.hex()[:_HASH_CHARACTERS]} from its rows"
            )
        self._stored, self._computed = batch.chain, digest

    def _blame_hash(self, batch: int, witness: int) -> None:
        """Attribute the difference to the hash of ``batch``: the next batch's hash builds on its rows, so these are right."""
        if batch in self._broken:
            finding = self._broken[batch]
            expected = f"{finding.expected}, as batch {witness} confirms"
            self._broken[batch] = Finding("chain", f"batch {batch}, its hash", finding.found, expected)

    def list_findings(self) -> list[Finding]:
        """List the batches whose hash does not match their rows."""
        return list(self._broken.values())


def hash_batch(streams: Sequence[bytes], previous: bytes) -> bytes:
    """Return the hash of one batch from the COPY streams of its hashed tables."""
    digest = hashlib.sha256()
    for stream in streams:
        digest.update(strip_envelope(stream))
    digest.update(previous)
    return digest.digest()


def find_bounds(rows: TableRows, batches: Sequence[BatchRow], firsts: Sequence[int]) -> list[int]:
    """Return where each batch's rows start in ``rows``, and where the last one's end."""
    bounds = (
        firsts
        if rows.table.key == "entry_id"
        else [*(batch.batch for batch in batches), batches[-1].batch + 1]
    )
    return np.searchsorted(rows.read_keys(), np.maximum.accumulate(bounds)).tolist()


def _finish_digest(rows: "hashlib._Hash", previous: bytes) -> bytes:
    digest = rows.copy()
    digest.update(previous)
    return digest.digest()
