"""Rows of PostgreSQL's binary COPY: fixed columns first, then texts.

The fixed part of a row has a constant stride, so it *is* a structured dtype (``posting.pgcopy``); the kernels here join it
with the texts of each row, and separate them again.

Source: PostgreSQL manual, COPY, "Binary Format".
"""

import numpy as np

from core.tables.columns import Byte, Money
from core.tables.journal import Bytes, Spans
from kernels.jit import as_position, fills, fills_column, kernel, part, reads, reads_column, whole


@part
def _write_length(out, at, length):
    """Write four bytes, big endian."""
    at = as_position(at)
    out[at] = (length >> 24) & 0xFF
    out[at + 1] = (length >> 16) & 0xFF
    out[at + 2] = (length >> 8) & 0xFF
    out[at + 3] = length & 0xFF


@part
def _copy_bytes(source, start, end, out, at):
    for place in range(end - start):
        out[as_position(at + place)] = source[as_position(start + place)]
    return at + end - start


@kernel(reads_column(Byte), whole, reads(Spans), reads(Bytes), fills_column(Byte))
def append_texts(fixed, stride, spans, text, out):
    """Write rows one after the other: ``stride`` fixed bytes, then the row's texts, each after its length.

    Reads     fixed          rows * stride bytes
              spans, text    rows * k texts, the k texts of a row next to index other
    Fills     out            exactly as many bytes as the rows take
    Order     row order
    Outcomes  none; never raises
    Overflow  a text stays below 2**31 bytes
    Cost      O(bytes), one pass
    Source    PostgreSQL manual, COPY, binary format
    Oracle    tests.oracle.copy_rows.append_texts
    """
    rows = fixed.size // stride
    texts = spans.start.size // rows if rows else 0
    at = 0
    for row in range(rows):
        at = _copy_bytes(fixed, row * stride, (row + 1) * stride, out, at)
        for index in range(row * texts, (row + 1) * texts):
            _write_length(out, at, spans.end[index] - spans.start[index])
            at = _copy_bytes(text.data, spans.start[index], spans.end[index], out, at + 4)


@part
def _read_length(data, at):
    """Read four bytes, big endian."""
    high = (np.int64(data[at]) << 24) | (np.int64(data[at + 1]) << 16)
    return high | (np.int64(data[at + 2]) << 8) | np.int64(data[at + 3])


@kernel(reads_column(Byte), whole, fills_column(Byte), fills(Spans), fills_column(Money))
def split_texts(data, stride, fixed, spans, count):
    """Split rows into their fixed bytes, one row after the other, and the spans of their texts.

    Reads     data           rows as ``append_texts`` writes them
    Fills     fixed          rows * stride bytes
              spans          rows * k spans of ``data``
              count          one row: the number of rows
    Order     row order
    Outcomes  stops at the end of the data; never raises
    Overflow  a text stays below 2**31 bytes
    Cost      O(bytes), one pass
    Source    PostgreSQL manual, COPY, binary format
    Oracle    tests.oracle.copy_rows.split_texts
    """
    rows_max = fixed.size // stride
    texts = spans.start.size // rows_max if rows_max else 0
    at, row = 0, 0
    while at + stride <= data.size and row < rows_max:
        _copy_bytes(data, at, at + stride, fixed, row * stride)
        at += stride
        for index in range(row * texts, (row + 1) * texts):
            spans.start[index] = at + 4
            at += 4 + _read_length(data, at)
            spans.end[index] = at
        row += 1
    count[0] = row
