"""What the messages of an Arrow file or stream say of themselves, read before anything is unpacked.

The decoder allocates what a message declares.  So the declarations (rows, bytes once unpacked) are read
first, from the few header fields that matter, and held against the limits; the bodies are skipped.
Source: the Arrow columnar format, "Serialization and Interprocess Communication", and its ``.fbs`` schemas.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from ingest.formats.detection import (
    ARROW_BATCH_BYTES_MAX,
    ARROW_BATCHES_MAX,
    ARROW_METADATA_BYTES_MAX,
    ROWS_MAX,
)

_CONTINUATION = b"\xff\xff\xff\xff"
_SCHEMA, _DICTIONARY_BATCH, _RECORD_BATCH = 1, 2, 3
_FILE_MAGIC = b"ARROW1"
_DAMAGED = "The file is damaged or incomplete: send it again"


class _MessageSize(NamedTuple):
    """What one message declares: its rows (none for a schema or dictionary), its size once unpacked."""

    rows: int | None
    size_bytes: int


class _MessageHeader(NamedTuple):
    metadata: bytes
    body_at: int
    body_bytes: int


def count_stream_rows(path: Path, name: str) -> list[int]:
    """Rows of each record batch of the stream at ``path``.

    Raises
    ------
    FileUnreadable
        Cut off: a stream ends with its end mark, which tells that nothing is missing.
    FormatUnknown, LimitExceeded
        As ``file_rows``.
    """
    with path.open("rb") as file:
        return _count_rows(file, _read_stream_headers(file, name), name)


def count_file_rows(path: Path, name: str) -> list[int]:
    """Rows of each record batch of the Arrow file at ``path``, from the blocks that its footer names.

    Raises
    ------
    FileUnreadable
        Headers that do not hold together.
    FormatUnknown
        Dictionaries that grow, or messages that hold no rows.
    LimitExceeded
        Too many rows, or a message that unpacks to too much.
    """
    with path.open("rb") as file:
        return _count_rows(file, _read_footer_headers(file, name), name)


def _count_rows(file: BinaryIO, headers: Iterator[_MessageHeader], name: str) -> list[int]:
    rows: list[int] = []
    try:
        for header in headers:
            block = _measure_message(file, header, name)
            _check_limits(block, len(rows), name)
            if block.rows is not None:
                rows.append(block.rows)
    except (struct.error, IndexError) as error:
        raise FileUnreadable(name, "A message header does not hold together", _DAMAGED) from error
    if sum(rows) > ROWS_MAX:
        raise LimitExceeded(name, f"{sum(rows):,} lines", f"Send at most {ROWS_MAX:,} in one file")
    return rows


def _check_limits(block: _MessageSize, number: int, name: str) -> None:
    rows = block.rows or 0
    if not 0 <= rows <= ROWS_MAX or not 0 <= block.size_bytes <= ARROW_BATCH_BYTES_MAX:
        found = f"Record batch {number} declares {rows:,} lines in {block.size_bytes:,} bytes"
        raise LimitExceeded(name, found, f"Write batches of at most {ARROW_BATCH_BYTES_MAX:,} bytes")
    if number == ARROW_BATCHES_MAX:
        raise LimitExceeded(name, f"More than {number:,} record batches", "Write larger batches")


# ------------------------------------------------------------------------------------ framing


def _read_stream_headers(file: BinaryIO, name: str) -> Iterator[_MessageHeader]:
    at = 0
    while True:
        header = _read_header(file, at, name)
        if header is None:
            break
        yield header
        at = header.body_at + header.body_bytes
    if file.read(1):
        raise FileUnreadable(name, f"Bytes follow the end mark at byte {file.tell() - 1:,}", _DAMAGED)


def _read_footer_headers(file: BinaryIO, name: str) -> Iterator[_MessageHeader]:
    size = file.seek(-10, 2)
    (length,) = struct.unpack("<i", file.read(4))
    if not 0 < length <= min(size, ARROW_METADATA_BYTES_MAX) or file.read(6) != _FILE_MAGIC:
        raise FileUnreadable(name, "The footer does not hold together", _DAMAGED)
    file.seek(size - length)
    footer = _read_root(file.read(length))
    for slot in (2, 3):  # dictionaries, record batches
        for at in footer.find_structs(slot, 24):
            header = _read_header(file, footer.read_number("q", at), name)
            if header is None:
                raise FileUnreadable(name, "A block of the footer holds nothing", _DAMAGED)
            yield header


def _read_header(file: BinaryIO, at: int, name: str) -> _MessageHeader | None:
    """The message at byte ``at``, or None for the end mark."""
    file.seek(at)
    prefix = file.read(8)
    if len(prefix) < 8 or not prefix.startswith(_CONTINUATION):
        raise FileUnreadable(f"{name}, byte {at:,}", "No message and no end mark here", _DAMAGED)
    (length,) = struct.unpack("<i", prefix[4:])
    if length == 0:
        return None
    if not 0 < length <= ARROW_METADATA_BYTES_MAX:
        raise FileUnreadable(f"{name}, byte {at:,}", f"A message header of {length:,} bytes", _DAMAGED)
    metadata = file.read(length)
    body_bytes = _read_root(metadata).read_integer("q", 3)
    body_at = at + 8 + length
    if body_bytes < 0 or file.seek(0, 2) < body_at + body_bytes:
        raise FileUnreadable(f"{name}, byte {at:,}", "The file ends inside this message", _DAMAGED)
    file.seek(body_at + body_bytes)
    return _MessageHeader(metadata, body_at, body_bytes)


# ------------------------------------------------------------------------------------ what a header says


def _measure_message(file: BinaryIO, header: _MessageHeader, name: str) -> _MessageSize:
    message = _read_root(header.metadata)
    kind = message.read_integer("B", 1)
    if kind == _SCHEMA:
        return _MessageSize(None, 0)
    if kind == _RECORD_BATCH:
        batch = message.read_table(2)
        return _MessageSize(batch.read_integer("q", 0), _count_unpacked_bytes(file, header, batch))
    if kind == _DICTIONARY_BATCH:
        dictionary = message.read_table(2)
        if dictionary.read_integer("B", 2):
            raise FormatUnknown(name, "A dictionary that grows", "Write each dictionary whole")
        return _MessageSize(None, _count_unpacked_bytes(file, header, dictionary.read_table(1)))
    raise FormatUnknown(name, f"A message of kind {kind}", "Write record batches")


def _count_unpacked_bytes(file: BinaryIO, header: _MessageHeader, batch: "_Table") -> int:
    """Bytes of the body once unpacked: packed buffers begin with their size, -1 for one stored as it is."""
    if not batch.has_field(3):
        return header.body_bytes
    total = 0
    for at in batch.find_structs(2, 16):
        offset, length = batch.read_number("q", at), batch.read_number("q", at + 8)
        if not 0 <= offset <= offset + length <= header.body_bytes:
            raise IndexError(offset)
        if length:
            file.seek(header.body_at + offset)
            (size,) = struct.unpack("<q", file.read(min(8, length)))
            total += length if size == -1 else size if size >= 0 else ARROW_BATCH_BYTES_MAX + 1
    return total


class _Table(NamedTuple):
    """One FlatBuffers table: just enough to read scalars, sub-tables and vectors of structs."""

    buffer: bytes
    at: int

    def read_number(self, code: str, at: int) -> int:
        if at < 0:  # struct would count from the end
            raise IndexError(at)
        return struct.unpack_from(f"<{code}", self.buffer, at)[0]

    def _find_field(self, slot: int) -> int:
        """Position of the field, 0 when absent."""
        vtable = self.at - self.read_number("i", self.at)
        entry = 4 + 2 * slot
        if entry >= self.read_number("H", vtable):
            return 0
        offset = self.read_number("H", vtable + entry)
        return self.at + offset if offset else 0

    def has_field(self, slot: int) -> bool:
        return self._find_field(slot) != 0

    def read_integer(self, code: str, slot: int) -> int:
        at = self._find_field(slot)
        return self.read_number(code, at) if at else 0

    def read_table(self, slot: int) -> "_Table":
        at = self._find_field(slot)
        if not at:
            raise IndexError(slot)
        return _Table(self.buffer, at + self.read_number("I", at))

    def find_structs(self, slot: int, size: int) -> range:
        """Positions of the vector's structs."""
        at = self._find_field(slot)
        if not at:
            return range(0)
        start = at + self.read_number("I", at)
        count = self.read_number("I", start)
        if start + 4 + count * size > len(self.buffer):
            raise IndexError(count)
        return range(start + 4, start + 4 + count * size, size)


def _read_root(buffer: bytes) -> _Table:
    table = _Table(buffer, 0)
    return _Table(buffer, table.read_number("I", 0))
