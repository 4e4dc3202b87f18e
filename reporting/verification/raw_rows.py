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
        while row := _parse_tuple(rest, at):
            self._work(row.values)
            at = row.end
        self._rest = rest[at:]


class _Tuple(NamedTuple):
    values: Values
    end: int


def _parse_tuple(data: bytes, at: int) -> _Tuple | None:
    """Return the values of the tuple at ``at``; None if it is not complete, or the stream ends there."""
    if len(data) < at + _TUPLE.size:
        return None
    (count,) = _TUPLE.unpack_from(data, at)
    at += _TUPLE.size
    values: Values = []
    for _ in range(count):
        if len(data) < at + _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        values.append(None if length == _NULL else data[at : at + length])
        at += max(length, 0)
    return None if count == _TRAILER or len(data) < at else _Tuple(values, at)


def build_record(columns: Sequence[StoredColumn], values: Values) -> bytes:
    """Return the record of a row of these columns; a row may have further values behind them."""
    parts = [_RECORD.pack(len(columns))]
    for column, value in zip(columns, values, strict=False):
        parts += [_FIELD.pack(column.type, _NULL if value is None else len(value)), value or b""]
    return b"".join(parts)


def hash_row(table: str, columns: Sequence[StoredColumn], values: Values) -> bytes:
    """Return the SHA-256 over the name of the table, a zero byte, and the record of a row."""
    return hashlib.sha256(table.encode() + b"\0" + build_record(columns, values)).digest()
