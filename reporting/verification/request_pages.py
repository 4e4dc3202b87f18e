"""Reader of the pages of payment details, written from their description alone.

Little-endian: version (1 byte, 2), columns present (2 bytes, a bit each), lines (4 bytes), each line's entry minus the first
entry (4 bytes), then the columns present: three of days (2 bytes), priorities and parts of invoices (1 byte each), years of
rights (2 bytes), the days of suspensions (two of 2 bytes), contracts (1 byte), six of texts (lengths of 2 bytes, then the
texts).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_COLUMNS_END, _HEAD_BYTES, _ENTRY_BYTES, _LENGTH_BYTES = 3, 7, 4, 2
_VERSION = 2
_NUMBER_BYTES = (2, 2, 2, 1, 1, 2, 2, 2, 1)
_TEXTS = 6
_NUMBERS: Mapping[str, int] = {
    "received": 0,
    "due": 1,
    "invoice_date": 2,
    "invoice_part": 4,
    "right_year": 5,
    "suspension_notified": 6,
    "suspension_ended": 7,
    "contract": 8,
}
"""Positions among the columns."""
_INVOICE_NUMBER, _STOP, _NATURE, _REASON = 10, 12, 13, 14
_SMALL_NONE = 255
"""No value, in a column of one byte."""


class PageLines(NamedTuple):
    """The lines of one page."""

    offsets: NDArray[np.int64]
    """Each line's entry minus the first entry."""
    numbers: Mapping[str, NDArray[np.int64]]
    """The columns of ``_NUMBERS``; 0 where none is stated."""
    invoice_number: pa.Array
    prescription_stop: pa.Array
    nature: pa.Array
    reason: pa.Array


def read_lines(pages: pa.Table) -> pa.Table:
    """Return a row for each line of every page: page, place on it, entry and what it states; a malformed page has none.

    Days are counted from 1970; what a line does not state is 0 or empty.
    """
    firsts = pages["entry_id"].to_pylist()
    read = [_read_page(page) for page in pages["page"].to_pylist()]
    counts = [len(lines.offsets) for lines in read]
    none = np.zeros(0, np.int64)
    lines = {
        "page": np.repeat(np.array(firsts, np.int64), counts),
        "place": np.concatenate([none, *map(np.arange, counts)]),
        "entry_id": np.concatenate(
            [none, *(lines.offsets + first for first, lines in zip(firsts, read, strict=True))]
        ),
    }
    lines |= {
        name: np.concatenate([none, *(page_lines.numbers[name] for page_lines in read)]) for name in _NUMBERS
    }
    texts = {
        name: pa.chunked_array([getattr(page_lines, name) for page_lines in read], pa.string())
        for name in ("invoice_number", "prescription_stop", "nature", "reason")
    }
    return pa.table({**lines, **texts})


def _read_page(page: bytes) -> PageLines:
    offsets = read_entries(page)
    count = len(offsets)
    return PageLines(
        offsets,
        {name: _read_numbers(page, count, place) for name, place in _NUMBERS.items()},
        *(_read_texts(page, count, place) for place in (_INVOICE_NUMBER, _STOP, _NATURE, _REASON)),
    )


def read_entries(page: bytes) -> NDArray[np.int64]:
    """Return each line's entry minus the first entry; nothing if the page is malformed."""
    none = np.zeros(0, np.int64)
    if len(page) < _HEAD_BYTES or page[0] != _VERSION:
        return none
    columns, lines = _read_columns(page), int.from_bytes(page[_COLUMNS_END:_HEAD_BYTES], "little")
    if _find_column(page, lines, len(_NUMBER_BYTES) + _TEXTS) != len(page) or columns >> (
        len(_NUMBER_BYTES) + _TEXTS
    ):
        return none
    return np.frombuffer(page, "<u4", lines, _HEAD_BYTES).astype(np.int64)


def _read_columns(page: bytes) -> int:
    return int.from_bytes(page[1:_COLUMNS_END], "little")


def _find_column(page: bytes, lines: int, place: int) -> int:
    """Return where the column at ``place`` begins, after those before it that are present."""
    at = _HEAD_BYTES + _ENTRY_BYTES * lines
    columns = _read_columns(page)
    at += sum(width * lines for bit, width in enumerate(_NUMBER_BYTES[:place]) if columns >> bit & 1)
    for bit in range(len(_NUMBER_BYTES), place):
        if columns >> bit & 1 and at + _LENGTH_BYTES * lines <= len(page):
            lengths = np.frombuffer(page, "<u2", lines, at)
            at += _LENGTH_BYTES * lines + int(lengths.sum(dtype=np.int64))
    return at


def _read_numbers(page: bytes, lines: int, place: int) -> NDArray[np.int64]:
    """Return a column of days or small numbers; 0 where none is stated."""
    if not lines or not _read_columns(page) >> place & 1:
        return np.zeros(lines, np.int64)
    width = _NUMBER_BYTES[place]
    numbers = np.frombuffer(page, f"<u{width}", lines, _find_column(page, lines, place)).astype(np.int64)
    return np.where(numbers == _SMALL_NONE, 0, numbers) if width == 1 else numbers


def _read_texts(page: bytes, lines: int, place: int) -> pa.Array:
    """Return a column of texts; empty on every line if it is absent."""
    if not lines or not _read_columns(page) >> place & 1:
        return pa.repeat("", lines)
    at = _find_column(page, lines, place)
    ends = np.cumsum(np.frombuffer(page, "<u2", lines, at), dtype=np.int32)
    start = at + _LENGTH_BYTES * lines
    offsets = pa.py_buffer(np.concatenate([np.zeros(1, np.int32), ends]))
    texts = pa.BinaryArray.from_buffers(
        pa.binary(), lines, [None, offsets, pa.py_buffer(page[start : start + int(ends[-1])])]
    )
    try:
        return texts.cast(pa.string())
    except pa.ArrowInvalid:  # a damaged page
        return pa.array([text.decode(errors="replace") for text in texts.to_pylist()], pa.string())
