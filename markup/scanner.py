"""A document to rows, by the scanner: chunk after chunk, in memory that does not grow with the document."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from core.tables.columns import seal
from core.tables.journal import Bytes
from core.tables.xml import DEPTH_MAX, ScanCursor, ScanRows, XmlFault
from kernels import xml_scan
from kernels.xml_text import CHUNK_END
from markup.compiler import CompiledMessage, CompiledRecord
from markup.rows import DocumentFaulty, RecordRows, build_schema

CHUNK_BYTES = 2**20
ROWS_MAX = 2**16
"""Rows of one record at hand."""
_TEXT_BYTES = 8 * 2**20
"""Of one column at hand: untouched ones cost no memory."""
_ZEROS = 64
"""Behind a chunk, so that words may be read beyond its end."""


class BufferSizes:
    """Of what is at hand; tests take smaller ones."""

    def __init__(self, chunk: int = CHUNK_BYTES, rows: int = ROWS_MAX, text: int = _TEXT_BYTES) -> None:
        self.chunk, self.rows, self.text = chunk, rows, text


def scan_rows(
    compiled: CompiledMessage, file: BinaryIO, offset: int, sizes: BufferSizes | None = None
) -> Iterator[RecordRows]:
    """The rows of the document in ``file``, which stands behind the start tag of its root, at byte ``offset``.

    Raises
    ------
    Faulty
        With ``DECLINED`` where the document is to be read by other means; what was given out is right all the same.
    """
    return _Scanner(compiled, file, offset, sizes or BufferSizes()).read_rows()


class _Scanner:
    """One document on its way."""

    def __init__(self, compiled: CompiledMessage, file: BinaryIO, offset: int, sizes: BufferSizes) -> None:
        self._compiled, self._file, self._offset, self._sizes = compiled, file, offset, sizes
        self._buffer = np.zeros(sizes.chunk + _ZEROS, np.uint8)
        self._chunk = seal(Bytes(self._buffer))
        self._cursor = _create_cursor(len(compiled.records))
        self._store = _create_store(compiled, sizes)

    def read_rows(self) -> Iterator[RecordRows]:
        """Rows as they become whole."""
        cursor, is_read = self._cursor, False
        while not is_read:
            is_read = self._refill()
            cursor.state[0] = xml_scan.ROWS_FULL
            while cursor.state[0] == xml_scan.ROWS_FULL:
                if self._is_nearly_full():
                    yield from self._take_rows()
                xml_scan.scan(self._compiled.grammar, self._chunk, cursor, self._store)
            if cursor.state[0] != CHUNK_END:
                raise DocumentFaulty(XmlFault(int(cursor.fault[0])), self._offset + int(cursor.at[0]))
        if cursor.depth[0] or cursor.at[0] < cursor.size[0]:
            raise DocumentFaulty(XmlFault.TRUNCATED, self._offset + int(cursor.size[0]))
        yield from self._take_rows()

    def _refill(self) -> bool:
        """Bring what is not done with to the front, and more behind it; True at the end of the file."""
        at, size, room = int(self._cursor.at[0]), int(self._cursor.size[0]), self._sizes.chunk
        if size == room and at == 0:
            raise DocumentFaulty(XmlFault.DECLINED, self._offset)
        left = size - at
        self._buffer[:left] = self._buffer[at:size]
        while left < room and (count := self._file.readinto(memoryview(self._buffer)[left:room])):  # type: ignore[attr-defined]
            left += count
        self._buffer[left : left + _ZEROS] = 0
        self._offset += at
        self._cursor.at[0], self._cursor.size[0] = 0, left
        return left < room

    def _is_nearly_full(self) -> bool:
        """Whether the store might not hold all that a chunk brings."""
        is_fat = int(self._store.used.max()) + self._sizes.chunk + _ZEROS > self._sizes.text
        opened = int((self._cursor.opened - self._cursor.base).max())
        return is_fat or opened >= self._sizes.rows

    def _take_rows(self) -> Iterator[RecordRows]:
        """The rows that are whole, out of the store."""
        for number, record in enumerate(self._compiled.records):
            first, rows = (
                int(self._cursor.base[number]),
                int(self._cursor.closed[number] - self._cursor.base[number]),
            )
            if rows:
                yield RecordRows(record.name, first, self._take_batch(number, record, rows))

    def _take_batch(self, number: int, record: CompiledRecord, rows: int) -> pa.RecordBatch:
        within = self._store.within.reshape(len(self._compiled.records), -1)[number]
        columns = [
            self._take_column(record.first_column + place, rows) for place in range(len(record.columns))
        ]
        columns.append(pa.array(within[:rows].copy()))
        within[0] = within[rows % len(within)]
        self._cursor.base[number] += rows
        return pa.RecordBatch.from_arrays(columns, schema=build_schema(record))

    def _take_column(self, column: int, rows: int) -> pa.Array:
        """The first ``rows`` texts of a column; one begun behind them is what is left."""
        used, filled = self._store.used, self._store.filled
        ends = self._store.end.reshape(len(used), -1)[column]
        data = self._store.data.reshape(len(used), -1)[column]
        ends[filled[column] : rows] = used[column]
        offsets = np.concatenate((np.zeros(1, np.int32), ends[:rows]))
        size, left = int(offsets[-1]), int(used[column] - offsets[-1])
        texts = data[:size].copy()
        data[:left] = data[size : size + left].copy()
        filled[column] = max(int(filled[column]) - rows, 0)
        used[column] = ends[0] = left
        return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(texts))


def _create_cursor(records: int) -> ScanCursor:
    """Behind the start tag of the root."""
    one, deep, each = (
        (lambda: np.zeros(1, np.int64)),
        DEPTH_MAX + 1,
        (lambda: np.zeros(max(records, 1), np.int64)),
    )
    return ScanCursor(
        at=one(), size=one(), depth=np.ones(1, np.int64), state=one(), fault=one(),
        node=np.zeros(deep, np.int32), seen=np.zeros(deep, np.uint64), last=np.full(deep, -1, np.int32),
        skip_start=np.zeros(deep, np.int64), skip_end=np.zeros(deep, np.int64),
        opened=each(), closed=each(), base=each(),
    )  # fmt: skip


def _create_store(compiled: CompiledMessage, sizes: BufferSizes) -> ScanRows:
    columns, records = max(len(compiled.joiners), 1), max(len(compiled.records), 1)
    return ScanRows(
        data=np.zeros(columns * sizes.text, np.uint8),
        end=np.zeros(columns * sizes.rows, np.int32),
        used=np.zeros(columns, np.int64),
        filled=np.zeros(columns, np.int64),
        within=np.zeros(records * sizes.rows, np.int32),
    )
