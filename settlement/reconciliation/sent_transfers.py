"""Sent transfers: the entries of the journal that bank files are matched with."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.tables.columns import Day, Entry, Index, Money, Small, seal, select_rows
from core.tables.journal import Spans, Words
from kernels.hashing import digest_texts
from posting.pgcopy import TextCells

_REMITS = np.array([kind.remits for kind in CATALOG])


class SentLines(NamedTuple):
    """Entries of a part of the journal; some of them send transfers.  A COPY row; the reference follows."""

    entry_id: Entry
    amount: Money
    day: Day
    accountant: Small
    payee: Index
    kind: Small
    exercise: Small
    submission: Index
    line: Index
    """Row in the file of acts."""


class SentTransfers(NamedTuple):
    """Transfers, one per act: an act of several lines is one transfer."""

    lines: SentLines
    """The lines of all transfers, ascending by entry, so that the lines of one act are adjacent."""
    head: NDArray[np.int64]
    """Row of the first line of each transfer."""
    size: NDArray[np.int64]
    """Lines of each transfer."""
    amount: NDArray[np.int64]

    @property
    def entry(self) -> NDArray[np.int64]:
        """The number of each transfer: the entry of its first line."""
        return self.lines.entry_id[self.head]

    def find_rows(self, entries: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the row of the transfer with each number; -1 if there is none."""
        numbers = self.entry
        if not numbers.size:
            return np.full(entries.size, -1)
        rows = np.minimum(np.searchsorted(numbers, entries), numbers.size - 1)
        return np.where(numbers[rows] == entries, rows, -1)


def group_transfers(sent: SentLines, references: TextCells) -> SentTransfers:
    """Group the lines of transfers by act; ``sent`` ascends by entry."""
    rows = np.flatnonzero(_REMITS[sent.kind])
    lines, spans = select_rows(sent, rows), Spans(references.spans.start[rows], references.spans.end[rows])
    is_adjacent = lines.entry_id[1:] == lines.entry_id[:-1] + 1
    has_same_submission = lines.submission[1:] == lines.submission[:-1]
    hashes = _hash_references(TextCells(seal(Spans(*map(np.ascontiguousarray, spans))), references.text))
    is_first = np.ones(rows.size, bool)
    is_first[1:] = ~(is_adjacent & has_same_submission & (hashes[1:] == hashes[:-1]))
    head = np.flatnonzero(is_first)
    size = np.diff(np.append(head, rows.size))
    amount = np.add.reduceat(lines.amount, head) if head.size else np.zeros(0, np.int64)
    return SentTransfers(lines, head, size, amount)


def _hash_references(references: TextCells) -> NDArray[np.uint64]:
    """Hash each reference: adjacent lines with the same hash are of one act."""
    hashes = Words(np.zeros(references.spans.start.size, np.uint64))
    digest_texts(references.spans, references.text, np.uint64(0), hashes)
    return hashes.word
