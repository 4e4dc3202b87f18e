"""The chain of batches, hashed again from the rows.

Hash of a batch = SHA-256(its rows of every chained table as COPY tuples || hash of the batch before); before
the first stand 32 zero bytes.
"""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from reporting.verification.copy_reader import TableRows, strip_envelope
from reporting.verification.findings import Finding
from reporting.verification.snapshot_queries import BatchRow, WindowSpan

KNOWN_LAYOUTS = frozenset({1, 2})
"""Versions of the rows that are hashed as described above; 1 has no pages of requests."""

WINDOW_ROWS = 131_072
"""Rows read at once, unless one batch has more."""

_FIRST_HASH = bytes(32)
_HASH_CHARACTERS = 16


def find_first_entries(links: Sequence[BatchRow]) -> list[int]:
    """Where each batch's entries start, and where the last one's end, even if one row of ``batch`` lies."""
    firsts, due = [], 1
    for position, link in enumerate(links):
        firsts.append(link.first_entry if _is_credible(links, position, due) else due)
        due = firsts[-1] + link.entries
    return [*firsts, due]


def _is_credible(links: Sequence[BatchRow], position: int, due: int) -> bool:
    """Whether a batch's own first entry is to be believed rather than ``due``, the end of the batch before.

    When they differ, one row was changed, and the batch behind tells which.
    """
    link = links[position]
    if position + 1 == len(links):
        return link.first_entry <= due
    return link.first_entry == due or due + link.entries != links[position + 1].first_entry


def split_windows(links: Sequence[BatchRow], firsts: Sequence[int]) -> Iterator[tuple[slice, WindowSpan]]:
    """Stretches of whole batches, each small enough to be held in memory."""
    start, rows = 0, 0
    for position, link in enumerate(links):
        size = max(link.entries, 0) + max(link.refusals, 0) + max(link.duplicates, 0)
        if position > start and rows + size > WINDOW_ROWS:
            yield slice(start, position), _build_span(links, firsts, (start, position))
            start, rows = position, 0
        rows += size
    if links:
        yield slice(start, len(links)), _build_span(links, firsts, (start, len(links)))


def _build_span(links: Sequence[BatchRow], firsts: Sequence[int], places: tuple[int, int]) -> WindowSpan:
    start, end = places
    return WindowSpan(links[start].batch, links[end - 1].batch + 1, firsts[start], firsts[end])


class ChainCheck:
    """Walks the batches in order and notes where the hashes part."""

    def __init__(self) -> None:
        self._stored = self._computed = _FIRST_HASH
        self._broken: dict[int, Finding] = {}

    def check_window(
        self, links: Sequence[BatchRow], firsts: Sequence[int], tables: Sequence[TableRows]
    ) -> None:
        """Hash the rows of ``links``; ``firsts`` are their first entries, ``tables`` their chained rows."""
        cuts = [find_bounds(rows, links, firsts) for rows in tables]
        for position, link in enumerate(links):
            digest = hashlib.sha256()
            for rows, ends in zip(tables, cuts, strict=True):
                digest.update(rows.slice_bytes(ends[position], ends[position + 1]))
            self._check_batch(link, digest)

    def _check_batch(self, link: BatchRow, rows: "hashlib._Hash") -> None:
        """Compare one batch's hash, built on the stored hash before it or on the one computed."""
        digest = _finish_digest(rows, self._stored)
        if digest != link.chain and _finish_digest(rows, self._computed) == link.chain:
            self._blame_hash(link.batch - 1, link.batch)
        elif digest != link.chain:
            stored = f"hash {link.chain.hex()[:_HASH_CHARACTERS]}"
            self._broken[link.batch] = Finding(
                "chain", f"batch {link.batch}", stored, f"{digest.hex()[:_HASH_CHARACTERS]} from its rows"
            )
        self._stored, self._computed = link.chain, digest

    def _blame_hash(self, batch: int, witness: int) -> None:
        """The rows of ``batch`` are right, as the next batch's hash builds on them: its hash was changed."""
        if batch in self._broken:
            finding = self._broken[batch]
            expected = f"{finding.expected}, as batch {witness} confirms"
            self._broken[batch] = Finding("chain", f"batch {batch}, its hash", finding.found, expected)

    def list_findings(self) -> list[Finding]:
        """The batches whose hash is not that of their rows."""
        return list(self._broken.values())


def hash_batch(streams: Sequence[bytes], previous: bytes) -> bytes:
    """The hash of one batch from the COPY streams of its chained tables."""
    digest = hashlib.sha256()
    for stream in streams:
        digest.update(strip_envelope(stream))
    digest.update(previous)
    return digest.digest()


def find_bounds(rows: TableRows, links: Sequence[BatchRow], firsts: Sequence[int]) -> list[int]:
    """Where each batch's rows start in ``rows``, and where the last one's end."""
    bounds = (
        firsts if rows.table.key == "entry_id" else [*(link.batch for link in links), links[-1].batch + 1]
    )
    return np.searchsorted(rows.read_keys(), np.maximum.accumulate(bounds)).tolist()


def _finish_digest(rows: "hashlib._Hash", previous: bytes) -> bytes:
    digest = rows.copy()
    digest.update(previous)
    return digest.digest()
