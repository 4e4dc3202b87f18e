"""What the footer of a Parquet file declares, read before the decoder relies on it.

The footer is a Thrift structure.  It is parsed here in plain Python because Arrow's own parser can crash the process
on a damaged one, and does not report the page encodings of a column.
Source: the Parquet format, ``parquet.thrift``; the Thrift compact protocol.
"""

import struct
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import FileUnreadable, LimitExceeded
from ingest.formats.detection import PARQUET_FOOTER_BYTES_MAX

_DEPTH_MAX = 16
_DICTIONARY_ENCODINGS = frozenset({2, 8})  # PLAIN_DICTIONARY, RLE_DICTIONARY
_DATA_PAGES = frozenset({0, 3})
_REMEDY = "The file is damaged: send it again"


class ColumnChunk(NamedTuple):
    """One column of one row group."""

    values: int
    start: int
    """Position of its first page in the file."""
    packed_bytes: int
    unpacked_bytes: int
    has_dictionary: bool
    is_dictionary_encoded: bool
    """Every page contains positions in the dictionary."""


class RowGroup(NamedTuple):
    """One row group."""

    lines: int
    unpacked_bytes: int
    columns: dict[str, ColumnChunk]


class Footer(NamedTuple):
    """The row groups of a file."""

    lines: int
    groups: list[RowGroup]


def read_footer(path: Path, name: str) -> Footer:
    """Read the footer of the file at ``path``.

    Raises
    ------
    LimitExceeded
        Longer than a footer may be.
    FileUnreadable
        Not a footer.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(-8, 2)
        (length,) = struct.unpack("<I4x", file.read(8))
        if length > PARQUET_FOOTER_BYTES_MAX:
            raise LimitExceeded(name, f"The footer has {length:,} bytes", "Write fewer, larger row groups")
        file.seek(max(0, size - 8 - length))
        footer = file.read(length)
    try:
        return _build_footer(ThriftDecoder(footer).read_struct(0))
    except (IndexError, KeyError, TypeError, AttributeError, UnicodeDecodeError, struct.error) as error:
        raise FileUnreadable(name, f"The footer is inconsistent: {error!r}"[:300], _REMEDY) from error


def _build_footer(fields: dict[int, Any]) -> Footer:
    return Footer(check_count(fields[3]), [_build_group(group) for group in fields.get(4, [])])


def _build_group(fields: dict[int, Any]) -> RowGroup:
    columns = [(_join_path(chunk[3][3]), _build_column(chunk[3])) for chunk in fields[1]]
    return RowGroup(
        check_count(fields[3]), sum(column.unpacked_bytes for _, column in columns), dict(columns)
    )


def _build_column(fields: dict[int, Any]) -> ColumnChunk:
    encodings = set(fields[2])
    pages = {page[2] for page in fields.get(13, []) if page[1] in _DATA_PAGES} or encodings - {3, 4}  # levels
    data_start, dictionary_start = check_count(fields[9]), check_count(fields.get(11, 0))
    return ColumnChunk(
        values=check_count(fields[5]),
        start=dictionary_start if 0 < dictionary_start < data_start else data_start,
        packed_bytes=check_count(fields[7]),
        unpacked_bytes=check_count(fields[6]),
        has_dictionary=11 in fields or bool(encodings & _DICTIONARY_ENCODINGS),
        is_dictionary_encoded=pages <= _DICTIONARY_ENCODINGS,
    )


def _join_path(names: list[bytes]) -> str:
    return b".".join(names).decode()


def check_count(value: Any) -> int:
    """Return a value that was decoded if it is a whole number and not negative.

    Raises
    ------
    TypeError
        It is not.
    """
    if not isinstance(value, int) or value < 0:
        raise TypeError(value)
    return value


class ThriftDecoder:
    """Decodes the Thrift compact protocol into dicts by field number, lists, ints and bytes."""

    def __init__(self, text: bytes | memoryview) -> None:
        self._text, self._at = text, 0

    @property
    def position(self) -> int:
        """The byte that is read next."""
        return self._at

    def read_struct(self, depth: int) -> dict[int, Any]:
        """Read a structure at ``depth`` levels inside others.

        Raises
        ------
        IndexError, TypeError
            The bytes are no structure.
        """
        if depth > _DEPTH_MAX:
            raise IndexError(depth)
        fields: dict[int, Any] = {}
        field = 0
        while header := self._read_byte():
            field = field + (header >> 4) if header >> 4 else self._read_integer()
            kind = header & 15  # whole numbers are the most frequent
            is_number = kind in (4, 5, 6)
            fields[field] = (
                self._read_integer() if is_number else self._read_value(kind, depth, is_field=True)
            )
        return fields

    def _read_value(self, kind: int, depth: int, *, is_field: bool = False) -> Any:
        if kind in (1, 2):
            return kind == 1 if is_field else self._read_byte()
        if kind == 3:
            return self._read_byte()
        if kind in (4, 5, 6):
            return self._read_integer()
        if kind in (7, 13):
            return self._read_bytes(8 if kind == 7 else 16)
        if kind == 8:
            return self._read_bytes(self._read_varint())
        if kind in (9, 10):
            return self._read_list(depth + 1)
        if kind == 12:
            return self.read_struct(depth + 1)
        raise TypeError(kind)

    def _read_list(self, depth: int) -> list[Any]:
        header = self._read_byte()
        size = header >> 4 if header >> 4 < 15 else self._read_varint()
        if size > len(self._text) - self._at or depth > _DEPTH_MAX:
            raise IndexError(size)
        return [self._read_value(header & 15, depth) for _ in range(size)]

    def _read_integer(self) -> int:
        value = self._read_varint()
        return (value >> 1) ^ -(value & 1)

    def _read_varint(self) -> int:
        byte = self._read_byte()
        value, shift = byte & 127, 7
        while byte > 127:
            byte = self._read_byte()
            value |= (byte & 127) << shift
            shift += 7
            if shift > 70:
                raise IndexError(shift)
        return value

    def _read_byte(self) -> int:
        byte = self._text[self._at]
        self._at += 1
        return byte

    def _read_bytes(self, size: int) -> bytes:
        piece = bytes(self._text[self._at : self._at + size])
        if len(piece) < size:
            raise IndexError(size)
        self._at += size
        return piece
