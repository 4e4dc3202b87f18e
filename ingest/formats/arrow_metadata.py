"""What the messages of an Arrow file or stream declare, read before anything is decompressed.

The decoder allocates what a message declares.  So the declarations (rows, bytes once decompressed) are read first,
from the few header fields that matter, and checked against the limits; the bodies are skipped.
Source: the Arrow columnar format, "Serialization and Interprocess Communication", and its ``.fbs`` schemas.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from ingest.formats.detection import (
    ARROW_BATCH_BYTES_FREE,
    ARROW_BATCH_BYTES_MAX,
    ARROW_BATCHES_MAX,
    ARROW_METADATA_BYTES_MAX,
    DECODED_BYTES_RATIO,
    ROWS_MAX,
    check_decoded_bytes,
)

_CONTINUATION = b"\xff\xff\xff\xff"
_SCHEMA, _DICTIONARY_BATCH, _RECORD_BATCH = 1, 2, 3
_FILE_MAGIC = b"ARROW1"
_DAMAGED = "The file is damaged or incomplete: send it again"


class _MessageSize(NamedTuple):
    """What one message declares: its rows (None for a schema or dictionary) and its size once decompressed."""

    rows: int | None
    size_bytes: int


class _MessageHeader(NamedTuple):
    metadata: bytes
    body_at: int
    body_bytes: int


def count_stream_rows(path: Path, name: str) -> list[int]:
    """Return the row count of each record batch of the stream at ``path``.

    Raises
    ------
    FileUnreadable
        Cut off: a complete stream ends with its end mark.
    FormatUnknown, LimitExceeded
        As ``count_file_rows``.
    """
    with path.open("rb") as file:
        return _count_rows(file, _read_stream_headers(file, name), name)


def count_file_rows(path: Path, name: str) -> list[int]:
    """Return the row count of each record batch of the Arrow file at ``path``, from the blocks that its footer lists.

    Raises
    ------
    FileUnreadable
        The headers are inconsistent.
    FormatUnknown
        Delta dictionaries, or messages that contain no rows.
    LimitExceeded
        Too many rows, or a message that is too large once decompressed.
    """
    with path.open("rb") as file:
        return _count_rows(file, _read_footer_headers(file, name), name)


def _count_rows(file: BinaryIO, headers: Iterator[_MessageHeader], name: str) -> list[int]:
    rows: list[int] = []
    unpacked_bytes = 0
    try:
        for header in headers:
            size = _measure_message(file, header, name)
            _check_limits(size, header.body_bytes, name, batches=len(rows))
            unpacked_bytes += size.size_bytes
            if size.rows is not None:
                rows.append(size.rows)
    except (struct.error, IndexError) as error:
        raise FileUnreadable(name, "A message header is inconsistent", _DAMAGED) from error
    if sum(rows) > ROWS_MAX:
        raise LimitExceeded(
            name, f"The file has {sum(rows):,} lines", f"Send at most {ROWS_MAX:,} lines in one file"
        )
    check_decoded_bytes(unpacked_bytes, file.seek(0, 2), name)
    return rows


def _check_limits(size: _MessageSize, body_bytes: int, name: str, *, batches: int) -> None:
    rows = size.rows or 0
    bytes_max = min(ARROW_BATCH_BYTES_MAX, ARROW_BATCH_BYTES_FREE + DECODED_BYTES_RATIO * body_bytes)
    if not 0 <= rows <= ROWS_MAX or not 0 <= size.size_bytes <= bytes_max:
        declared = f"Record batch {batches} declares {rows:,} lines in {size.size_bytes:,} bytes"
        raise LimitExceeded(name, declared, f"Write batches of at most {bytes_max:,} bytes")
    if batches == ARROW_BATCHES_MAX:
        raise LimitExceeded(
            name, f"The file has more than {batches:,} record batches", "Write larger batches"
        )


# ------------------------------------------------------------------------------------ framing


def _read_stream_headers(file: BinaryIO, name: str) -> Iterator[_MessageHeader]:
    offset = 0
    while True:
        header = _read_header(file, offset, name)
        if header is None:
            break
        yield header
        offset = header.body_at + header.body_bytes
    if file.read(1):
        raise FileUnreadable(name, f"Bytes follow the end mark at byte {file.tell() - 1:,}", _DAMAGED)


def _read_footer_headers(file: BinaryIO, name: str) -> Iterator[_MessageHeader]:
    size = file.seek(-10, 2)
    (length,) = struct.unpack("<i", file.read(4))
    if not 0 < length <= min(size, ARROW_METADATA_BYTES_MAX) or file.read(6) != _FILE_MAGIC:
        raise FileUnreadable(name, "The footer is inconsistent", _DAMAGED)
    file.seek(size - length)
    footer = _read_root(file.read(length))
    messages_bytes = 0
    for slot in (2, 3):  # dictionaries, record batches
        for position in footer.find_structs(slot, 24):
            header = _read_header(file, footer.read_number("q", position), name)
            if header is None:
                raise FileUnreadable(name, "A block of the footer is empty", _DAMAGED)
            messages_bytes += len(header.metadata) + header.body_bytes
            if messages_bytes > size:  # blocks that share a message: each would be read again
                fault = f"Its messages have {messages_bytes:,} bytes or more, the file has {size:,}"
                raise FileUnreadable(name, fault, "Write the file again")
            yield header


def _read_header(file: BinaryIO, offset: int, name: str) -> _MessageHeader | None:
    """Read the message at byte ``at``; return None for the end mark."""
    file.seek(offset)
    prefix = file.read(8)
    if len(prefix) < 8 or not prefix.startswith(_CONTINUATION):
        raise FileUnreadable(
            f"{name}, byte {offset:,}", "There is neither a message nor an end mark", _DAMAGED
        )
    (length,) = struct.unpack("<i", prefix[4:])
    if length == 0:
        return None
    if not 0 < length <= ARROW_METADATA_BYTES_MAX:
        raise FileUnreadable(
            f"{name}, byte {offset:,}", f"A message header states {length:,} bytes", _DAMAGED
        )
    metadata = file.read(length)
    body_bytes = _read_root(metadata).read_integer("q", 3)
    body_at = offset + 8 + length
    if body_bytes < 0 or file.seek(0, 2) < body_at + body_bytes:
        raise FileUnreadable(f"{name}, byte {offset:,}", "The file ends inside this message", _DAMAGED)
    file.seek(body_at + body_bytes)
    return _MessageHeader(metadata, body_at, body_bytes)


# ------------------------------------------------------------------------------------ message headers


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
            raise FormatUnknown(name, "The file contains a delta dictionary", "Write each dictionary whole")
        return _MessageSize(None, _count_unpacked_bytes(file, header, dictionary.read_table(1)))
    raise FormatUnknown(
        name, f"The file contains a message of kind {kind}", "Write only record batches and dictionaries"
    )


def _count_unpacked_bytes(file: BinaryIO, header: _MessageHeader, batch: "_Table") -> int:
    """Return the bytes of the body once decompressed.

    A compressed buffer begins with its decompressed size, -1 for one that is stored uncompressed.
    """
    if not batch.has_field(3):
        return header.body_bytes
    total = 0
    for position in batch.find_structs(2, 16):
        offset, length = batch.read_number("q", position), batch.read_number("q", position + 8)
        if not 0 <= offset <= offset + length <= header.body_bytes:
            raise IndexError(offset)
        if length:
            file.seek(header.body_at + offset)
            (size,) = struct.unpack("<q", file.read(min(8, length)))
            total += length if size == -1 else size if size >= 0 else ARROW_BATCH_BYTES_MAX + 1
    return total


class _Table(NamedTuple):
    """One FlatBuffers table: reads scalars, sub-tables and vectors of structs, no more."""

    buffer: bytes
    at: int

    def read_number(self, code: str, at: int) -> int:
        if at < 0:  # struct would count from the end
            raise IndexError(at)
        return struct.unpack_from(f"<{code}", self.buffer, at)[0]

    def _find_field(self, slot: int) -> int:
        """Return the position of the field, or 0 if it is absent."""
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
        """Return the positions of the structs of a vector."""
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
