"""Entry numbers to end-to-end identifiers, and back."""

import numpy as np

from core.tables.columns import Byte, Entry
from core.tables.journal import Bytes, Spans
from core.tables.transfers import CHECK_DIGITS, END_TO_END_BYTES, NUMBER_DIGITS, PREFIX
from kernels.jit import counted, fills_column, kernel, part, reads, reads_column

_ZERO, _NINE = ord("0"), ord("9")
_PREFIX = np.frombuffer(PREFIX, np.uint8)
_LETTERS = len(PREFIX)
_FIRST_CHECK = _LETTERS + NUMBER_DIGITS


@part
def _put_digits(out, at, number, digits):
    for place in range(digits):
        out[counted(at + digits - 1 - place)] = _ZERO + number % 10
        number //= 10


@part
def put_identifier(out, at, entry):
    """Write the identifier of ``entry``; where the next byte goes."""
    for place in range(_LETTERS):
        out[counted(at + place)] = _PREFIX[place]
    _put_digits(out, at + _LETTERS, entry, NUMBER_DIGITS)
    _put_digits(out, at + _FIRST_CHECK, 98 - entry * 100 % 97, CHECK_DIGITS)
    return at + END_TO_END_BYTES


@part
def _digits(data, at, count):
    """The number written in so many digits; -1 where anything else stands."""
    number = np.int64(0)
    for place in range(at, at + count):
        byte = np.int64(data[counted(place)])
        if byte < _ZERO or byte > _NINE:
            return np.int64(-1)
        number = number * 10 + byte - _ZERO
    return number


@part
def _entry(data, at, end):
    if end - at != END_TO_END_BYTES:
        return np.int64(0)
    for place in range(_LETTERS):
        if data[counted(at + place)] != _PREFIX[place]:
            return np.int64(0)
    entry = _digits(data, at + _LETTERS, NUMBER_DIGITS)
    check = _digits(data, at + _FIRST_CHECK, CHECK_DIGITS)
    return entry if entry > 0 and check == 98 - entry * 100 % 97 else np.int64(0)


@kernel(reads_column(Entry), fills_column(Byte))
def form(entries, out):
    """Write the end-to-end identifiers of ``entries`` one behind the other.

    Reads     entries         n rows, below 10**12
    Fills     out             n times END_TO_END_BYTES
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible: an entry times 100 stays below 10**14
    Cost      O(n), one pass
    Source    ISO 7064, MOD 97-10
    Oracle    tests.oracle.end_to_end.form
    """
    at = 0
    for row in range(entries.size):
        at = put_identifier(out, at, entries[row])


@kernel(reads(Spans), reads(Bytes), fills_column(Entry))
def parse(spans, text, entries):
    """The entry that each identifier names; 0 where it is none of ours, or its check digits are wrong.

    Reads     spans, text     n texts
    Fills     entries         n rows
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible: twelve digits fit
    Cost      O(bytes), one pass
    Source    ISO 7064, MOD 97-10
    Oracle    tests.oracle.end_to_end.parse
    """
    for row in range(spans.start.size):
        entries[row] = _entry(text.data, np.int64(spans.start[row]), np.int64(spans.end[row]))
