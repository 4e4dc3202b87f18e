"""What the footer of a Parquet file declares, read before the decoder believes it.

The footer is a Thrift structure.  It is read here in plain Python, as the decoder's own view of it can end
the process on a damaged one, and does not tell how the pages of a column are coded.
Source: the Parquet format, ``parquet.thrift``; the Thrift compact protocol.
"""

import struct
from pathlib import Path
from typing import Any, NamedTuple

from core.errors import FileUnreadable, LimitExceeded
from ingest.formats.detection import PARQUET_FOOTER_BYTES_MAX

_DEPTH_MAX = 16
_CODED = frozenset({2, 8})  # PLAIN_DICTIONARY, RLE_DICTIONARY
_DATA_PAGES = frozenset({0, 3})
_REMEDY = "The file is damaged: send it again"


class Column(NamedTuple):
    """One column of one row group."""

    values: int
    unpacked_bytes: int
    has_dictionary: bool
    is_coded: bool
    """Every page holds positions in the dictionary."""


class Group(NamedTuple):
    """One row group."""

    lines: int
    unpacked_bytes: int
    columns: dict[str, Column]


class Footer(NamedTuple):
    """The file."""

    lines: int
    groups: list[Group]


def read_footer(path: Path, name: str) -> Footer:
    """The footer of the file at ``path``.

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
            raise LimitExceeded(name, f"A footer of {length:,} bytes", "Write fewer, larger row groups")
        file.seek(max(0, size - 8 - length))
        found = file.read(length)
    try:
        return _footer(_Compact(found).structure(0))
    except (IndexError, KeyError, TypeError, AttributeError, UnicodeDecodeError, struct.error) as error:
        raise FileUnreadable(name, f"The footer does not hold together: {error!r}"[:300], _REMEDY) from error


def _footer(found: dict[int, Any]) -> Footer:
    return Footer(_whole(found[3]), [_group(group) for group in found.get(4, [])])


def _group(found: dict[int, Any]) -> Group:
    columns = [(_path(chunk[3][3]), _column(chunk[3])) for chunk in found[1]]
    return Group(_whole(found[3]), sum(column.unpacked_bytes for _, column in columns), dict(columns))


def _column(found: dict[int, Any]) -> Column:
    encodings = set(found[2])
    pages = {page[2] for page in found.get(13, []) if page[1] in _DATA_PAGES} or encodings - {3, 4}  # levels
    return Column(
        values=_whole(found[5]),
        unpacked_bytes=_whole(found[6]),
        has_dictionary=11 in found or bool(encodings & _CODED),
        is_coded=pages <= _CODED,
    )


def _path(names: list[bytes]) -> str:
    return b".".join(names).decode()


def _whole(found: Any) -> int:
    if not isinstance(found, int) or found < 0:
        raise TypeError(found)
    return found


class _Compact:
    """Decodes the Thrift compact protocol into dicts by field number, lists, ints and bytes."""

    def __init__(self, text: bytes) -> None:
        self._text, self._at = text, 0

    def structure(self, depth: int) -> dict[int, Any]:
        if depth > _DEPTH_MAX:
            raise IndexError(depth)
        found: dict[int, Any] = {}
        field = 0
        while header := self._byte():
            field = field + (header >> 4) if header >> 4 else self._signed()
            found[field] = self._value(header & 15, depth, is_field=True)
        return found

    def _value(self, kind: int, depth: int, *, is_field: bool = False) -> Any:
        if kind in (1, 2):
            return kind == 1 if is_field else self._byte()
        if kind == 3:
            return self._byte()
        if kind in (4, 5, 6):
            return self._signed()
        if kind in (7, 13):
            return self._bytes(8 if kind == 7 else 16)
        if kind == 8:
            return self._bytes(self._varint())
        if kind in (9, 10):
            return self._list(depth + 1)
        if kind == 12:
            return self.structure(depth + 1)
        raise TypeError(kind)

    def _list(self, depth: int) -> list[Any]:
        header = self._byte()
        size = header >> 4 if header >> 4 < 15 else self._varint()
        if size > len(self._text) - self._at or depth > _DEPTH_MAX:
            raise IndexError(size)
        return [self._value(header & 15, depth) for _ in range(size)]

    def _signed(self) -> int:
        found = self._varint()
        return (found >> 1) ^ -(found & 1)

    def _varint(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 127) << shift
            if byte < 128:
                return found
            shift += 7
            if shift > 63:
                raise IndexError(shift)

    def _byte(self) -> int:
        byte = self._text[self._at]
        self._at += 1
        return byte

    def _bytes(self, size: int) -> bytes:
        found = self._text[self._at : self._at + size]
        if len(found) < size:
            raise IndexError(size)
        self._at += size
        return found
