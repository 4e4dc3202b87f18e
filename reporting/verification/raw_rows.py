"""Rows of any table as PostgreSQL copies them, split into values, and put together again as the records that are hashed.

A tuple of the binary COPY is the number of its columns (16 bits), then for each column its length (32 bits, -1 for null) and
its bytes; 19 bytes come before the first tuple, and a number of columns of -1 after the last.  A record is, as the server's
record_send writes it, the number of its columns (32 bits), then for each the number of its type (32 bits), its length and its
bytes.  Source: PostgreSQL manual, COPY, "Binary Format"; its source, rowtypes.c.
"""

import hashlib
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

_HEADER_BYTES = 19
_NULL, _TRAILER = -1, -1
_TUPLE, _LENGTH = struct.Struct(">h"), struct.Struct(">i")
_NULL_LENGTH = _LENGTH.pack(_NULL)
_RECORD, _FIELD = struct.Struct(">i"), struct.Struct(">ii")

Values = list[bytes | None]
"""The values of a row in binary form; None for null."""


class StoredColumn(NamedTuple):
    """A column of a table, and the number of its type in PostgreSQL."""

    name: str
    type: int


class RowSplitter:
    """Splits a COPY stream, however it is cut, into rows."""

    def __init__(self, work: Callable[[Values], None]) -> None:
        self._work = work
        self._rest = b""
        self._skipped_bytes = _HEADER_BYTES

    async def add(self, data: bytes) -> None:
        """Call ``work`` with each row that is complete now."""
        rest, at = self._rest + data, 0
        if self._skipped_bytes:
            if len(rest) < self._skipped_bytes:
                self._rest = rest
                return
            at, self._skipped_bytes = self._skipped_bytes, 0
        self._rest = rest[self._pass_rows(rest, at) :]

    def _pass_rows(self, data: bytes, at: int) -> int:
        """Call ``work`` with each complete row from ``at`` on; return where the first row begins that is not complete."""
        while len(data) >= at + _TUPLE.size:
            (count,) = _TUPLE.unpack_from(data, at)
            end, values = at + _TUPLE.size, list[bytes | None]()
            for _ in range(count):
                if len(data) < end + _LENGTH.size:
                    return at
                (length,) = _LENGTH.unpack_from(data, end)
                end += _LENGTH.size
                values.append(None if length == _NULL else data[end : end + length])
                end += max(length, 0)
            if count == _TRAILER or len(data) < end:
                return at
            self._work(values)
            at = end
        return at


def build_record(columns: Sequence[StoredColumn], values: Values) -> bytes:
    """Return the record of a row of these columns; a row may have further values behind them."""
    parts = [_RECORD.pack(len(columns))]
    for column, value in zip(columns, values, strict=False):
        parts += [_FIELD.pack(column.type, _NULL if value is None else len(value)), value or b""]
    return b"".join(parts)


class RowHasher:
    """Hashes rows of some columns: SHA-256 over the name of their table, a zero byte, and the record of the row."""

    def __init__(self, table: str, columns: Sequence[StoredColumn]) -> None:
        self._head = table.encode() + b"\0" + _RECORD.pack(len(columns))
        self._types = [_LENGTH.pack(column.type) for column in columns]

    def hash(self, values: Values) -> bytes:
        """Return the digest of a row, which may have further values behind them."""
        parts = [self._head]
        for column_type, value in zip(self._types, values, strict=False):
            parts.append(column_type)
            parts += (_NULL_LENGTH,) if value is None else (_LENGTH.pack(len(value)), value)
        return hashlib.sha256(b"".join(parts)).digest()
