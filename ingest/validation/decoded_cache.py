"""Batches that the proof of a file has decoded, kept for its reading: decoding is most of what either costs.

All files together keep no more than an allowance.  What goes beyond it is decoded again when it is read, and so is
whatever is read a second time.
"""

from collections import deque
from collections.abc import Iterator
from threading import Lock
from typing import Protocol

import pyarrow as pa

from ingest.formats.arrow import BATCH_LINES
from ingest.formats.flat_schema import conform, regroup

KEPT_BYTES_MAX = 48 * 2**20
"""Two files of the State's year, each some 250,000 lines of 105 bytes: the one being read and the next."""


class Source(Protocol):
    """The lines of a proved file."""

    schema: pa.Schema
    lines: int

    def batches(self, start: int = 0, size: int = BATCH_LINES) -> Iterator[pa.RecordBatch]:
        """Lines from ``start`` (from 0) on, in batches of exactly ``size``, the last one aside."""
        ...


class RawSource(Source, Protocol):
    """One whose lines have to be decoded."""

    def raw(self, start: int = 0) -> Iterator[pa.RecordBatch]:
        """Lines from ``start`` (from 0) on, as the decoder gives them."""
        ...


class Allowance:
    """Bytes that may be kept; taken by the thread that proves, given back by the one that reads."""

    def __init__(self, bytes_max: int = KEPT_BYTES_MAX) -> None:
        self._left, self._lock = bytes_max, Lock()

    def take(self, size: int) -> bool:
        """Tell whether ``size`` bytes more may be kept."""
        with self._lock:
            fits = size <= self._left
            self._left -= size if fits else 0
        return fits

    def give_back(self, size: int) -> None:
        """What was taken is no longer kept."""
        with self._lock:
            self._left += size


class Kept:
    """The first batches of one file, as they were decoded; each is taken out once."""

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._batches: deque[pa.RecordBatch] = deque()
        self._is_full = False

    def keep(self, batch: pa.RecordBatch) -> None:
        """Take in the next batch; once one is too much, it and all behind it are left.

        Batches cut from one decoded whole count it each: the last of them holds all of it.
        """
        self._is_full = self._is_full or not self._allowance.take(batch.get_total_buffer_size())
        if not self._is_full:
            self._batches.append(batch)

    def taken(self) -> Iterator[pa.RecordBatch]:
        """The batches, each no longer kept once it is out."""
        while self._batches:
            batch = self._batches.popleft()
            self._allowance.give_back(batch.get_total_buffer_size())
            yield batch
            del batch  # before the next one is there

    def forget(self) -> None:
        """Nobody will read them: what refused the file may be remembered long, and where it was found with it."""
        for _ in self.taken():
            pass


class ProvedSource:
    """The lines of a file, some of them at hand for the first reading from its first line on."""

    def __init__(self, decoded: RawSource, kept: Kept) -> None:
        self.schema, self.lines = decoded.schema, decoded.lines
        self._decoded, self._kept = decoded, kept

    def batches(self, start: int = 0, size: int = BATCH_LINES) -> Iterator[pa.RecordBatch]:
        """Lines from ``start`` (from 0) on, ``size`` at a time, in the types of ``schema``."""
        raw = self._decoded.raw(start) if start else self._from_first()
        return (conform(batch, self.schema) for batch in regroup(raw, size))

    def _from_first(self) -> Iterator[pa.RecordBatch]:
        lines = 0
        for batch in self._kept.taken():
            lines += batch.num_rows
            yield batch
        if lines < self.lines:
            yield from self._decoded.raw(lines)
