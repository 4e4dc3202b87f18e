"""One row of PostgreSQL's binary COPY format, from Python values.

Source: PostgreSQL manual, COPY, "Binary Format"; binary forms of int2, int4, int8, date, text and bytea.
"""

import struct
from collections.abc import Iterable, Sequence

from tests.oracle.days import parse

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_NUMBERS = {"int2": ">h", "int4": ">i", "int8": ">q"}
_DAYS_FROM_1970_TO_2000 = parse("2000-01-01") or 0


def encode_field(postgres: str, value: int | str | bytes | None) -> bytes:
    """Return one value of type ``postgres`` after its length; a date is given in days since 1970-01-01.

    Raises
    ------
    struct.error
        The number does not fit the type.
    """
    if value is None:
        return struct.pack(">i", -1)
    return _prefix_length(_encode_value(postgres, value))


def _encode_value(postgres: str, value: int | str | bytes) -> bytes:
    match postgres, value:
        case "text", str():
            return value.encode()
        case "bytea", bytes():
            return value
        case "date", int():
            return struct.pack(">i", value - _DAYS_FROM_1970_TO_2000)
        case _, int():
            return struct.pack(_NUMBERS[postgres], value)
    raise TypeError(f"{postgres} cannot hold {value!r}")


def encode_row(types: Sequence[str], values: Sequence[int | str | bytes | None]) -> bytes:
    """Return one row: the number of fields, then each field."""
    return struct.pack(">h", len(values)) + b"".join(map(encode_field, types, values))


def encode_stream(types: Sequence[str], rows: Iterable[Sequence[int | str | bytes | None]]) -> bytes:
    """Return a whole COPY stream."""
    return b"".join([HEADER, *(encode_row(types, values) for values in rows), TRAILER])


def append_texts(fixed: Sequence[bytes], texts: Sequence[Sequence[bytes]]) -> bytes:
    """Return rows one after the other: the fixed bytes of each, then its texts, each after its length."""
    whole = [
        head + b"".join(_prefix_length(text) for text in row_texts)
        for head, row_texts in zip(fixed, texts, strict=True)
    ]
    return b"".join(whole)


def split_texts(data: bytes, stride: int, texts: int) -> list[tuple[bytes, list[bytes]]]:
    """Split what ``append_texts`` returns: the ``stride`` fixed bytes and the ``texts`` of each row."""
    rows: list[tuple[bytes, list[bytes]]] = []
    while data:
        head, data = data[:stride], data[stride:]
        row_texts: list[bytes] = []
        for _ in range(texts):
            (length,) = struct.unpack(">i", data[:4])
            row_texts.append(data[4 : 4 + length])
            data = data[4 + length :]
        rows.append((head, row_texts))
    return rows


def _prefix_length(text: bytes) -> bytes:
    return struct.pack(">i", len(text)) + text
