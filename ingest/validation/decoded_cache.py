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
from ingest.formats.flat_schema import conform_batch, regroup

CACHE_BYTES_MAX = 48 * 2**20
"""Two files of the State's year, each some 250,000 lines of 105 bytes: the one being read and the next."""


class LineSource(Protocol):
    """The lines of a proved file."""

    schema: pa.Schema
    lines: int

    def read_batches(self, start: int = 0, size: int = BATCH_LINES) -> Iterator[pa.RecordBatch]:
        """Lines from ``start`` (from 0) on, in batches of exactly ``size``, the last one aside."""
        ...


class DecodingSource(LineSource, Protocol):
    """One whose lines have to be decoded."""

    def read_raw(self, start: int = 0) -> Iterator[pa.RecordBatch]:
        """Lines from ``start`` (from 0) on, as the decoder gives them."""
        ...


class MemoryAllowance:
    """Bytes that may be kept; taken by the thread that proves, given back by the one that reads."""

    def __init__(self, bytes_max: int = CACHE_BYTES_MAX) -> None:
        self._left, self._lock = bytes_max, Lock()

    def reserve(self, size: int) -> bool:
        """Tell whether ``size`` bytes more may be kept."""
        with self._lock:
            fits = size <= self._left
            self._left -= size if fits else 0
        return fits

    def release(self, size: int) -> None:
        """What was taken is no longer kept."""
        with self._lock:
            self._left += size


class DecodedBatches:
    """The first batches of one file, as they were decoded; each is taken out once."""

    def __init__(self, allowance: MemoryAllowance) -> None:
        self._allowance = allowance
        self._batches: deque[pa.RecordBatch] = deque()
        self._is_full = False

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in the next batch; once one is too much, it and all behind it are left.

        Batches cut from one decoded whole count it each: the last of them holds all of it.
        """
        self._is_full = self._is_full or not self._allowance.reserve(batch.get_total_buffer_size())
        if not self._is_full:
            self._batches.append(batch)

    def take_batches(self) -> Iterator[pa.RecordBatch]:
        """The batches, each no longer kept once it is out."""
        while self._batches:
            batch = self._batches.popleft()
            self._allowance.release(batch.get_total_buffer_size())
            yield batch
            del batch  # before the next one is there

    def clear(self) -> None:
        """Nobody will read them: what refused the file may be remembered long, and where it was found with it."""
        for _ in self.take_batches():
            pass


class CachedSource:
    """The lines of a file, some of them at hand for the first reading from its first line on."""

    def __init__(self, decoded: DecodingSource, cache: DecodedBatches) -> None:
        self.schema, self.lines = decoded.schema, decoded.lines
        self._decoded, self._cache = decoded, cache

    def read_batches(self, start: int = 0, size: int = BATCH_LINES) -> Iterator[pa.RecordBatch]:
        """Lines from ``start`` (from 0) on, ``size`` at a time, in the types of ``schema``."""
        raw = self._decoded.read_raw(start) if start else self._read_from_start()
        return (conform_batch(batch, self.schema) for batch in regroup(raw, size))

    def _read_from_start(self) -> Iterator[pa.RecordBatch]:
        lines = 0
        for batch in self._cache.take_batches():
            lines += batch.num_rows
            yield batch
        if lines < self.lines:
            yield from self._decoded.read_raw(lines)
