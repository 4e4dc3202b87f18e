"""Transliteration of texts into the Latin letters of payments, character by character from a table."""

import numpy as np

from core.tables.columns import Byte
from core.tables.journal import Bytes, Spans
from core.tables.transfers import Transliteration
from kernels.jit import as_position, fills, fills_column, kernel, part, reads

_SPACE, _DOT = ord(" "), ord(".")


@part
def _read_byte(data, at):
    return np.int64(data[as_position(at)])


@part
def _measure_code_point(data, at, end):
    """Return the bytes of the code point at ``at``; 1 if no valid one starts there."""
    lead = _read_byte(data, at)
    if lead < 0xC0 or lead >= 0xF8:
        return 1
    width = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    for place in range(at + 1, at + width):
        if place >= end or _read_byte(data, place) & 0xC0 != 0x80:
            return 1
    return width


@part
def _read_code_point(data, at, width):
    """Return the code point of ``width`` bytes; 0 for an invalid byte."""
    lead = _read_byte(data, at)
    if width == 1:
        return lead if lead < 0x80 else np.int64(0)
    code = lead & (0xFF >> (width + 1))
    for place in range(at + 1, at + width):
        code = (code << 6) | (_read_byte(data, place) & 0x3F)
    return code


@kernel(reads(Spans), reads(Bytes), reads(Transliteration), fills(Spans), fills_column(Byte))
def transliterate_texts(spans, text, table, out_spans, out):
    """Transliterate each text by ``table``, without spaces at its ends, up to the capacity of its row.

    Reads     spans, text     n texts, UTF-8
              table           letters by code point; a dot beyond the last one
    Fills     out_spans       n spans of ``out``
              out             n sections of equal size, one per row
    Order     rows are independent
    Outcomes  a byte that is no UTF-8 is written as code point 0; never raises
    Overflow  impossible: positions stay below the size of ``out``, code points below 2**21
    Cost      O(bytes), one pass
    Source    EPC217-08, SEPA requirements for an extended character set
    Oracle    tests.oracle.transliterate.transliterate_texts
    """
    rows = spans.start.size
    capacity = out.size // rows if rows else 0
    data, start, letter = text.data, table.start, table.letter
    code_points = start.size - 1
    for row in range(rows):
        at, end = np.int64(spans.start[row]), np.int64(spans.end[row])
        first = row * capacity
        write_at, last, trimmed_end = first, first + capacity, first
        while at < end and write_at < last:
            width = _measure_code_point(data, at, end)
            code = _read_code_point(data, at, width)
            at += width
            if code >= code_points:
                out[as_position(write_at)] = _DOT
                write_at += 1
                trimmed_end = write_at
                continue
            for place in range(start[as_position(code)], start[as_position(code + 1)]):
                byte = letter[as_position(place)]
                if write_at < last and (byte != _SPACE or write_at > first):
                    out[as_position(write_at)] = byte
                    write_at += 1
                    if byte != _SPACE:
                        trimmed_end = write_at
        out_spans.start[row], out_spans.end[row] = first, trimmed_end
