"""Sent transfers in the journal: read once for the files of one import, which name the same part of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.catalog import list_kinds
from posting.pgcopy import HEADER, TRAILER, decode
from settlement.reconciliation.bank_queries import SQL
from settlement.reconciliation.sent_transfers import SentLines, SentTransfers, group_transfers

GAP_ENTRIES = 50_000
"""Up to this many entries are read needlessly rather than by another query."""
LINES_AHEAD = 1_000
"""The lines of one transfer end within this many entries."""
_MARGIN_MAX = GAP_ENTRIES // 2 - 1
_MARGIN_DIVISOR = 4
"""A range is read with a quarter of its entries before and behind it: the other files of a run name entries there."""
_REMITTING = ", ".join(map(str, list_kinds(lambda kind: kind.remits)))


class _EntryRange(NamedTuple):
    """Entries from the first to the last, both included."""

    first: int
    last: int


@dataclass(slots=True)
class SentTransferReader:
    """Reads transfers by number, and keeps those that it read last: entries never change.

    A file that names an entry beyond the last one that was read is read for again, as the journal may have grown.
    """

    connection: asyncpg.Connection
    _ranges: tuple[_EntryRange, ...] = ()
    _sent: SentTransfers | None = None

    async def load(self, entries: NDArray[np.int64]) -> SentTransfers:
        """Return the transfers with the numbers ``entries``, and others near them in the journal."""
        numbers = np.unique(entries[entries > 0])
        if self._sent is None or not self._has_read(self._sent, numbers):
            self._ranges = tuple(_find_ranges(numbers))
            self._sent = await self._read()
        return self._sent

    def _has_read(self, sent: SentTransfers, numbers: NDArray[np.int64]) -> bool:
        """Return whether all numbers lie where the last call read, and before the end of the journal at that time."""
        newest = int(sent.entry[-1]) if sent.entry.size else 0
        is_read = np.zeros(numbers.size, bool)
        for first, last in self._ranges:
            is_read |= (numbers >= first) & (numbers <= min(last - LINES_AHEAD, newest))
        return bool(is_read.all())

    async def _read(self) -> SentTransfers:
        parts: list[bytes] = []

        async def collect(data: bytes) -> None:
            parts.append(data)

        for first, last in self._ranges:
            query = SQL["sent_lines"].format(first=first, last=last, kinds=_REMITTING)
            before = len(parts)
            await self.connection.copy_from_query(query, output=collect, format="binary")
            parts[before:] = [_strip_copy_frame(b"".join(parts[before:]))]
        rows, texts = decode(SentLines, b"".join([HEADER, *parts, TRAILER]), 1)
        return group_transfers(rows, texts)


def _strip_copy_frame(stream: bytes) -> bytes:
    return stream[len(HEADER) : -len(TRAILER)]


def _find_ranges(numbers: NDArray[np.int64]) -> Iterator[_EntryRange]:
    """Yield disjoint ranges that contain all of ``numbers`` (ascending) and few others."""
    if not numbers.size:
        return
    breaks = np.flatnonzero(np.diff(numbers) > GAP_ENTRIES)
    firsts, lasts = numbers[np.append(0, breaks + 1)], numbers[np.append(breaks, numbers.size - 1)]
    for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
        margin = min((last - first) // _MARGIN_DIVISOR, _MARGIN_MAX)
        yield _EntryRange(first - margin, last + max(margin, LINES_AHEAD))
