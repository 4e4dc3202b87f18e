"""Reading of a document into rows by the scanner kernel, chunk by chunk, in constant memory."""

from collections.abc import Iterator
from os import SEEK_END
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.tables.columns import seal
from core.tables.journal import Bytes
from core.tables.xml import DEPTH_MAX, ScanCursor, ScanRows, XmlFault
from kernels import xml_scan
from kernels.xml_text import CHUNK_END
from markup.compiler import CompiledMessage, CompiledRecord
from markup.rows import DocumentFaulty, RecordRows, build_schema

CHUNK_BYTES = 2**20
ROWS_MAX = 2**16
"""Rows of one record in the buffers."""
_TEXT_BYTES = 8 * 2**20
"""Text of one column in the buffers: unused pages cost no memory."""
_CHUNK_BYTES_MIN = 2**12
_ZEROS = 64
"""Zeros after a chunk, so that the kernel may read whole words beyond its end."""


class BufferSizes:
    """Sizes of the buffers; tests use smaller ones."""

    def __init__(self, chunk: int = CHUNK_BYTES, rows: int = ROWS_MAX, text: int = _TEXT_BYTES) -> None:
        self.chunk, self.rows, self.text = chunk, rows, text


def scan_rows(
    compiled: CompiledMessage, file: BinaryIO, offset: int, *, sizes: BufferSizes | None = None
) -> Iterator[RecordRows]:
    """Yield the rows of the document in ``file``, positioned after the start tag of its root, at byte ``offset``.

    Raises
    ------
    DocumentFaulty
        With ``DECLINED`` if the document needs the lxml reader; the rows yielded before are correct all the same.
    """
    return _Scanner(compiled, file, offset, sizes=sizes or _fit_sizes(file)).read_rows()


def _fit_sizes(file: BinaryIO) -> BufferSizes:
    """Return the sizes for what is left of ``file``: large buffers take longer than the many short files of a bank."""
    position = file.tell()
    size = file.seek(0, SEEK_END) - position
    file.seek(position)
    if size >= CHUNK_BYTES:
        return BufferSizes()
    chunk = max(size + 1, _CHUNK_BYTES_MIN)
    return BufferSizes(chunk, min(chunk, ROWS_MAX), 2 * chunk + _ZEROS)


class _Scanner:
    """One scan of one document."""

    def __init__(self, compiled: CompiledMessage, file: BinaryIO, offset: int, *, sizes: BufferSizes) -> None:
        self._compiled, self._file, self._offset, self._sizes = compiled, file, offset, sizes
        self._buffer = np.zeros(sizes.chunk + _ZEROS, np.uint8)
        self._chunk = seal(Bytes(self._buffer))
        self._cursor = _create_cursor(len(compiled.records))
        self._store = _create_store(compiled, sizes)

    def read_rows(self) -> Iterator[RecordRows]:
        """Yield rows as they are completed."""
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
        """Move the unread bytes to the front and fill up behind them; return True at the end of the file."""
        at, size, capacity = int(self._cursor.at[0]), int(self._cursor.size[0]), self._sizes.chunk
        if size == capacity and at == 0:
            raise DocumentFaulty(XmlFault.DECLINED, self._offset)
        filled = size - at
        self._buffer[:filled] = self._buffer[at:size]
        while filled < capacity and (count := self._file.readinto(memoryview(self._buffer)[filled:capacity])):  # type: ignore[attr-defined]
            filled += count
        self._buffer[filled : filled + _ZEROS] = 0
        self._offset += at
        self._cursor.at[0], self._cursor.size[0] = 0, filled
        return filled < capacity

    def _is_nearly_full(self) -> bool:
        """Return whether the buffers might be too small for what the next chunk contains."""
        lacks_text_space = int(self._store.used.max()) + self._sizes.chunk + _ZEROS > self._sizes.text
        row_count = int((self._cursor.opened - self._cursor.base).max())
        return lacks_text_space or row_count >= self._sizes.rows

    def _take_rows(self) -> Iterator[RecordRows]:
        """Yield the complete rows, and remove them from the buffers."""
        for number, record in enumerate(self._compiled.records):
            first = int(self._cursor.base[number])
            rows = int(self._cursor.closed[number]) - first
            if rows:
                yield RecordRows(record.name, first, self._take_batch(number, record, rows))

    def _take_batch(self, number: int, record: CompiledRecord, rows: int) -> pa.RecordBatch:
        within = self._store.within.reshape(len(self._compiled.records), -1)[number]
        first = record.first_column
        columns = [self._take_column(column, rows) for column in range(first, first + len(record.columns))]
        columns.append(pa.array(within[:rows].copy()))
        within[0] = within[rows % len(within)]
        self._cursor.base[number] += rows
        return pa.RecordBatch.from_arrays(columns, schema=build_schema(record))

    def _take_column(self, column: int, rows: int) -> pa.Array:
        """Take the first ``rows`` texts of a column; the text of an incomplete row stays."""
        used, filled = self._store.used, self._store.filled
        ends = self._store.end.reshape(len(used), -1)[column]
        data = self._store.data.reshape(len(used), -1)[column]
        ends[filled[column] : rows] = used[column]
        offsets = np.concatenate((np.zeros(1, np.int32), ends[:rows]))
        size, remaining = int(offsets[-1]), int(used[column] - offsets[-1])
        texts = data[:size].copy()
        data[:remaining] = data[size : size + remaining].copy()
        filled[column] = max(int(filled[column]) - rows, 0)
        used[column] = ends[0] = remaining
        return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(texts))


def _create_cursor(records: int) -> ScanCursor:
    """Create the cursor of a scan that begins after the start tag of the root."""

    def zeros(count: int) -> NDArray[np.int64]:
        return np.zeros(count, np.int64)

    depth, rows = DEPTH_MAX + 1, max(records, 1)
    return ScanCursor(
        at=zeros(1), size=zeros(1), depth=np.ones(1, np.int64), state=zeros(1), fault=zeros(1),
        node=np.zeros(depth, np.int32), seen=np.zeros(depth, np.uint64), last=np.full(depth, -1, np.int32),
        skip_start=zeros(depth), skip_end=zeros(depth),
        opened=zeros(rows), closed=zeros(rows), base=zeros(rows),
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
