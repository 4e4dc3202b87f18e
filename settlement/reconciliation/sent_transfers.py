"""What we sent: the transfers of the journal, as the answers to them are matched."""

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
    """Entries of the journal among which transfers are.  A COPY row; the reference follows."""

    entry_id: Entry
    amount: Money
    day: Day
    cell: Index
    payee: Index
    kind: Small
    exercise: Small
    submission: Index
    line: Index
    """Row of its file of acts."""


class SentTransfers(NamedTuple):
    """The transfers among them: an act of one line is one, and so is one of several, by its first line."""

    lines: SentLines
    """Lines of transfers, by entry; those of an act next to each other."""
    head: NDArray[np.int64]
    """Rows at which transfers begin."""
    size: NDArray[np.int64]
    """How many lines each has."""
    amount: NDArray[np.int64]

    @property
    def entry(self) -> NDArray[np.int64]:
        """What each is called by: the entry of its first line."""
        return self.lines.entry_id[self.head]

    def find_rows(self, entries: NDArray[np.int64]) -> NDArray[np.int64]:
        """Which transfer each entry names; -1 for none."""
        own = self.entry
        if not own.size:
            return np.full(entries.size, -1)
        at = np.minimum(np.searchsorted(own, entries), own.size - 1)
        return np.where(own[at] == entries, at, -1)


def group_transfers(sent: SentLines, references: TextCells) -> SentTransfers:
    """Put the lines of transfers together; ``sent`` ascends by entry."""
    rows = np.flatnonzero(_REMITS[sent.kind])
    lines, spans = select_rows(sent, rows), Spans(references.spans.start[rows], references.spans.end[rows])
    begins = np.ones(rows.size, bool)
    follows = (lines.entry_id[1:] == lines.entry_id[:-1] + 1) & (
        lines.submission[1:] == lines.submission[:-1]
    )
    names = _hash_references(TextCells(seal(Spans(*map(np.ascontiguousarray, spans))), references.text))
    begins[1:] = ~(follows & (names[1:] == names[:-1]))
    head = np.flatnonzero(begins)
    size = np.diff(np.append(head, rows.size))
    amount = np.add.reduceat(lines.amount, head) if head.size else np.zeros(0, np.int64)
    return SentTransfers(lines, head, size, amount)


def _hash_references(references: TextCells) -> NDArray[np.uint64]:
    """A digest of each text: those of one act, next to each other, have the same."""
    words = Words(np.zeros(references.spans.start.size, np.uint64))
    digest_texts(references.spans, references.text, np.uint64(0), words)
    return words.word
