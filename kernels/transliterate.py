"""Texts in the Latin letters of payments, letter by letter from a table."""

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
    """Bytes of the code point that starts here; 1 where none does."""
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
    """The code point of so many bytes; 0 for a byte that belongs to none."""
    lead = _read_byte(data, at)
    if width == 1:
        return lead if lead < 0x80 else np.int64(0)
    code = lead & (0xFF >> (width + 1))
    for place in range(at + 1, at + width):
        code = (code << 6) | (_read_byte(data, place) & 0x3F)
    return code


@kernel(reads(Spans), reads(Bytes), reads(Transliteration), fills(Spans), fills_column(Byte))
def transliterate_texts(spans, text, spelling, spelt, out):
    """Write each text in the letters of ``spelling``, without spaces at its ends, as far as its room goes.

    Reads     spans, text     n texts, UTF-8
              spelling        letters by code point; beyond the last one a dot
    Fills     spelt           n spans of ``out``
              out             n rooms of the same size, one a row
    Order     rows are independent
    Outcomes  a byte that is no UTF-8 is written as code point 0; never raises
    Overflow  impossible: positions stay below the size of ``out``, code points below 2**21
    Cost      O(bytes), one pass
    Source    EPC217-08, SEPA requirements for an extended character set
    Oracle    tests.oracle.transliterate.transliterate_texts
    """
    rows = spans.start.size
    room = out.size // rows if rows else 0
    data, start, letter = text.data, spelling.start, spelling.letter
    known = start.size - 1
    for row in range(rows):
        at, end = np.int64(spans.start[row]), np.int64(spans.end[row])
        first = row * room
        put, last, behind = first, first + room, first
        while at < end and put < last:
            width = _measure_code_point(data, at, end)
            code = _read_code_point(data, at, width)
            at += width
            if code >= known:
                out[as_position(put)] = _DOT
                put += 1
                behind = put
                continue
            for place in range(start[as_position(code)], start[as_position(code + 1)]):
                byte = letter[as_position(place)]
                if put < last and (byte != _SPACE or put > first):
                    out[as_position(put)] = byte
                    put += 1
                    if byte != _SPACE:
                        behind = put
        spelt.start[row], spelt.end[row] = first, behind
