"""Reader of the pages of payment details, written from their description alone.

Little-endian: version (1 byte, 1), columns present (1 byte, a bit each), lines (4 bytes), each line's entry minus the first
entry (4 bytes), then the columns present: three of days (2 bytes), one of priorities (1 byte), four of texts (lengths of
2 bytes, then the texts).
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

_HEAD_BYTES, _ENTRY_BYTES, _LENGTH_BYTES = 6, 4, 2
_VERSION = 1
_NUMBER_BYTES = (2, 2, 2, 1)
_TEXTS = 4
_NATURE_BIT = len(_NUMBER_BYTES) + _TEXTS - 1


def read_lines(pages: pa.Table) -> pa.Table:
    """Return a row (page, place, entry_id, received) for each line of every page; a malformed page has none.

    ``received`` is the day on which the request was received, counted from 1970; 0 if it is not stated.
    """
    columns = (pages[name].to_pylist() for name in ("entry_id", "page"))
    read = [(first, read_entries(page), page) for first, page in zip(*columns, strict=True)]
    offsets_by_page = [(first, offsets) for first, offsets, _ in read]
    none = np.zeros(0, np.int64)
    lines = {
        "page": np.repeat(
            np.array([first for first, _ in offsets_by_page], np.int64),
            [len(offsets) for _, offsets in offsets_by_page],
        ),
        "place": np.concatenate([none, *(np.arange(len(offsets)) for _, offsets in offsets_by_page)]),
        "entry_id": np.concatenate([none, *(offsets + first for first, offsets in offsets_by_page)]),
        "received": np.concatenate(
            [none, *(_read_received(page, len(offsets)) for _, offsets, page in read)]
        ),
        "nature": pa.array(
            [text for _, offsets, page in read for text in _read_natures(page, len(offsets))], pa.string()
        ),
    }
    return pa.table(lines)


def read_entries(page: bytes) -> NDArray[np.int64]:
    """Return each line's entry minus the first entry; nothing if the page is malformed."""
    none = np.zeros(0, np.int64)
    if len(page) < _HEAD_BYTES or page[0] != _VERSION:
        return none
    columns, lines = page[1], int.from_bytes(page[2:_HEAD_BYTES], "little")
    at = _HEAD_BYTES + _ENTRY_BYTES * lines
    at += sum(width * lines for bit, width in enumerate(_NUMBER_BYTES) if columns >> bit & 1)
    for bit in range(len(_NUMBER_BYTES), len(_NUMBER_BYTES) + _TEXTS):
        if columns >> bit & 1 and at + _LENGTH_BYTES * lines <= len(page):
            lengths = np.frombuffer(page, "<u2", lines, at)
            at += _LENGTH_BYTES * lines + int(lengths.sum(dtype=np.int64))
    if at != len(page) or columns >> (len(_NUMBER_BYTES) + _TEXTS):
        return none
    return np.frombuffer(page, "<u4", lines, _HEAD_BYTES).astype(np.int64)


def _read_received(page: bytes, lines: int) -> NDArray[np.int64]:
    """Return the first of the columns, which follows the entries."""
    if not lines or not page[1] & 1:
        return np.zeros(lines, np.int64)
    return np.frombuffer(page, "<u2", lines, _HEAD_BYTES + _ENTRY_BYTES * lines).astype(np.int64)


def _read_natures(page: bytes, lines: int) -> list[str]:
    """Return the last of the columns, which ends the page: the nature of each line, or empty texts."""
    if not lines or not page[1] >> _NATURE_BIT & 1:
        return [""] * lines
    at = _HEAD_BYTES + _ENTRY_BYTES * lines
    at += sum(width * lines for bit, width in enumerate(_NUMBER_BYTES) if page[1] >> bit & 1)
    for bit in range(len(_NUMBER_BYTES), _NATURE_BIT):
        if page[1] >> bit & 1:
            lengths = np.frombuffer(page, "<u2", lines, at)
            at += _LENGTH_BYTES * lines + int(lengths.sum(dtype=np.int64))
    ends = np.cumsum(np.frombuffer(page, "<u2", lines, at), dtype=np.int64) + at + _LENGTH_BYTES * lines
    starts = [at + _LENGTH_BYTES * lines, *ends[:-1].tolist()]
    return [page[start:end].decode() for start, end in zip(starts, ends.tolist(), strict=True)]
