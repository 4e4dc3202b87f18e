"""The chain of batches, hashed again from the rows.

Hash of a batch = SHA-256(its rows of every chained table as COPY tuples || hash of the batch before); before
the first stand 32 zero bytes.
"""

import hashlib
from collections.abc import Iterator, Sequence

import numpy as np

from reporting.verification.copy_reader import Rows, body_of
from reporting.verification.findings import Finding
from reporting.verification.snapshot_queries import Link, Span

LAYOUTS = frozenset({1, 2})
"""Versions of the rows that are hashed as described above; 1 has no pages of requests."""

WINDOW_ROWS = 131_072
"""Rows read at once, unless one batch has more."""

_ORIGIN = bytes(32)
_SHOWN = 16


def first_entries(links: Sequence[Link]) -> list[int]:
    """Where each batch's entries start, and where the last one's end, even if one row of ``batch`` lies."""
    found, due = [], 1
    for place, link in enumerate(links):
        found.append(link.first_entry if _speaks_true(links, place, due) else due)
        due = found[-1] + link.entries
    return [*found, due]


def _speaks_true(links: Sequence[Link], place: int, due: int) -> bool:
    """Whether a batch's own first entry is to be believed rather than ``due``, the end of the batch before.

    When they differ, one row was changed, and the batch behind tells which.
    """
    link = links[place]
    if place + 1 == len(links):
        return link.first_entry <= due
    return link.first_entry == due or due + link.entries != links[place + 1].first_entry


def windows(links: Sequence[Link], firsts: Sequence[int]) -> Iterator[tuple[slice, Span]]:
    """Stretches of whole batches, each small enough to be held in memory."""
    start, rows = 0, 0
    for place, link in enumerate(links):
        size = max(link.entries, 0) + max(link.refusals, 0) + max(link.duplicates, 0)
        if place > start and rows + size > WINDOW_ROWS:
            yield slice(start, place), _span(links, firsts, (start, place))
            start, rows = place, 0
        rows += size
    if links:
        yield slice(start, len(links)), _span(links, firsts, (start, len(links)))


def _span(links: Sequence[Link], firsts: Sequence[int], places: tuple[int, int]) -> Span:
    start, end = places
    return Span(links[start].batch, links[end - 1].batch + 1, firsts[start], firsts[end])


class Chain:
    """Walks the batches in order and notes where the hashes part."""

    def __init__(self) -> None:
        self._stored = self._computed = _ORIGIN
        self._broken: dict[int, Finding] = {}

    def follow(self, links: Sequence[Link], firsts: Sequence[int], tables: Sequence[Rows]) -> None:
        """Hash the rows of ``links``; ``firsts`` are their first entries, ``tables`` their chained rows."""
        cuts = [cut(rows, links, firsts) for rows in tables]
        for place, link in enumerate(links):
            digest = hashlib.sha256()
            for rows, ends in zip(tables, cuts, strict=True):
                digest.update(rows.bytes_of(ends[place], ends[place + 1]))
            self._link(link, digest)

    def _link(self, link: Link, rows: "hashlib._Hash") -> None:
        """Compare one batch's hash, built on the stored hash before it or on the one computed."""
        digest = _after(rows, self._stored)
        if digest != link.chain and _after(rows, self._computed) == link.chain:
            self._acquit(link.batch - 1, link.batch)
        elif digest != link.chain:
            stored = f"hash {link.chain.hex()[:_SHOWN]}"
            self._broken[link.batch] = Finding(
                "chain", f"batch {link.batch}", stored, f"{digest.hex()[:_SHOWN]} from its rows"
            )
        self._stored, self._computed = link.chain, digest

    def _acquit(self, batch: int, witness: int) -> None:
        """The rows of ``batch`` are right, as the next batch's hash builds on them: its hash was changed."""
        if batch in self._broken:
            finding = self._broken[batch]
            expected = f"{finding.expected}, as batch {witness} confirms"
            self._broken[batch] = Finding("chain", f"batch {batch}, its hash", finding.found, expected)

    def findings(self) -> list[Finding]:
        """The batches whose hash is not that of their rows."""
        return list(self._broken.values())


def hash_of(streams: Sequence[bytes], previous: bytes) -> bytes:
    """The hash of one batch from the COPY streams of its chained tables."""
    digest = hashlib.sha256()
    for stream in streams:
        digest.update(body_of(stream))
    digest.update(previous)
    return digest.digest()


def cut(rows: Rows, links: Sequence[Link], firsts: Sequence[int]) -> list[int]:
    """Where each batch's rows start in ``rows``, and where the last one's end."""
    bounds = (
        firsts if rows.stored.key == "entry_id" else [*(link.batch for link in links), links[-1].batch + 1]
    )
    return np.searchsorted(rows.keys(), np.maximum.accumulate(bounds)).tolist()


def _after(rows: "hashlib._Hash", previous: bytes) -> bytes:
    digest = rows.copy()
    digest.update(previous)
    return digest.digest()
