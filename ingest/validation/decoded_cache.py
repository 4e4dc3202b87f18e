"""A cache of the batches that the validation of a file has decoded, for its first reading: decoding is most of the cost.

All files together may use a fixed allowance of memory.  Batches beyond it are decoded again when they are read, and so
are all batches at a second reading.
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
    """The lines of a validated file."""

    schema: pa.Schema
    lines: int

    def read_batches(self, start: int = 0, size: int = BATCH_LINES) -> Iterator[pa.RecordBatch]:
        """Yield the lines from ``start`` (from 0) on, in batches of exactly ``size``, except the last."""
        ...


class DecodingSource(LineSource, Protocol):
    """A source whose lines must be decoded."""

    def read_raw(self, start: int = 0) -> Iterator[pa.RecordBatch]:
        """Yield the lines from ``start`` (from 0) on, as the decoder returns them."""
        ...


class MemoryAllowance:
    """Bytes that the cache may use; reserved by the thread that validates, released by the one that reads."""

    def __init__(self, bytes_max: int = CACHE_BYTES_MAX) -> None:
        """Allow ``bytes_max`` bytes."""
        self._left, self._lock = bytes_max, Lock()

    def reserve(self, size: int) -> bool:
        """Reserve ``size`` bytes if so many are left; return whether they were."""
        with self._lock:
            is_reserved = size <= self._left
            self._left -= size if is_reserved else 0
        return is_reserved

    def release(self, size: int) -> None:
        """Release ``size`` bytes."""
        with self._lock:
            self._left += size


class DecodedBatches:
    """The first batches of one file, as they were decoded; each is taken out once."""

    def __init__(self, allowance: MemoryAllowance) -> None:
        self._allowance = allowance
        self._batches: deque[pa.RecordBatch] = deque()
        self._is_full = False

    def add(self, batch: pa.RecordBatch) -> None:
        """Add the next batch; once one exceeds the allowance, it and all later batches are dropped.

        Batches cut from one decoded whole count it each: the last of them keeps all of it alive.
        """
        self._is_full = self._is_full or not self._allowance.reserve(batch.get_total_buffer_size())
        if not self._is_full:
            self._batches.append(batch)

    def take_batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the batches; each is released as soon as it is out."""
        while self._batches:
            batch = self._batches.popleft()
            self._allowance.release(batch.get_total_buffer_size())
            yield batch
            del batch  # before the next one is taken

    def clear(self) -> None:
        """Release all batches: an error that refused the file may live long, and keep the cache alive with it."""
        for _ in self.take_batches():
            pass


class CachedSource:
    """The lines of a file, some of them cached for the first reading from its first line."""

    def __init__(self, source: DecodingSource, cache: DecodedBatches) -> None:
        self.schema, self.lines = source.schema, source.lines
        self._source, self._cache = source, cache

    def read_batches(self, start: int = 0, size: int = BATCH_LINES) -> Iterator[pa.RecordBatch]:
        """Yield the lines from ``start`` (from 0) on, ``size`` at a time, in the types of ``schema``."""
        raw = self._source.read_raw(start) if start else self._read_from_start()
        return (conform_batch(batch, self.schema) for batch in regroup(raw, size))

    def _read_from_start(self) -> Iterator[pa.RecordBatch]:
        lines = 0
        for batch in self._cache.take_batches():
            lines += batch.num_rows
            yield batch
        if lines < self.lines:
            yield from self._source.read_raw(lines)
