"""Conversion of numbers of transfers, each of a ledger and an entry, to end-to-end identifiers, and back."""

import numpy as np

from core.tables.columns import Byte, Entry
from core.tables.journal import Bytes, Spans
from core.tables.transfers import CHECK_DIGITS, END_TO_END_BYTES, END_TO_END_PREFIX, NUMBER_DIGITS
from kernels.jit import as_position, fills_column, kernel, part, reads, reads_column

_ZERO, _NINE = ord("0"), ord("9")
_PREFIX = np.frombuffer(END_TO_END_PREFIX, np.uint8)
_PREFIX_BYTES = len(END_TO_END_PREFIX)
_CHECK_START = _PREFIX_BYTES + NUMBER_DIGITS


@part
def _write_digits(out, at, number, digits):
    for place in range(digits):
        out[as_position(at + digits - 1 - place)] = _ZERO + number % 10
        number //= 10


@part
def write_identifier(out, at, number):
    """Write the identifier with ``number``; return the position after it."""
    for place in range(_PREFIX_BYTES):
        out[as_position(at + place)] = _PREFIX[place]
    _write_digits(out, at + _PREFIX_BYTES, number, NUMBER_DIGITS)
    _write_digits(out, at + _CHECK_START, 98 - number * 100 % 97, CHECK_DIGITS)
    return at + END_TO_END_BYTES


@part
def _read_digits(data, at, count):
    """Return the number written in ``count`` digits; -1 if there is any other character."""
    number = np.int64(0)
    for place in range(at, at + count):
        byte = np.int64(data[as_position(place)])
        if byte < _ZERO or byte > _NINE:
            return np.int64(-1)
        number = number * 10 + byte - _ZERO
    return number


@part
def _read_number(data, at, end):
    if end - at != END_TO_END_BYTES:
        return np.int64(0)
    for place in range(_PREFIX_BYTES):
        if data[as_position(at + place)] != _PREFIX[place]:
            return np.int64(0)
    number = _read_digits(data, at + _PREFIX_BYTES, NUMBER_DIGITS)
    check = _read_digits(data, at + _CHECK_START, CHECK_DIGITS)
    return number if number > 0 and check == 98 - number * 100 % 97 else np.int64(0)


@kernel(reads_column(Entry), fills_column(Byte))
def write_identifiers(numbers, out):
    """Write the end-to-end identifiers with ``numbers``, one after the other.

    Reads     numbers         n rows, below 10**14
    Fills     out             n times END_TO_END_BYTES
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible: a number times 100 stays below 10**16
    Cost      O(n), one pass
    Source    ISO 7064, MOD 97-10
    Oracle    tests.oracle.end_to_end.write_identifiers
    """
    at = 0
    for row in range(numbers.size):
        at = write_identifier(out, at, numbers[row])


@kernel(reads(Spans), reads(Bytes), fills_column(Entry))
def parse_identifiers(spans, text, numbers):
    """Find the number in each identifier; 0 where it has another form, or its check digits are wrong.

    Reads     spans, text     n texts
    Fills     numbers         n rows
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible: fourteen digits fit
    Cost      O(bytes), one pass
    Source    ISO 7064, MOD 97-10
    Oracle    tests.oracle.end_to_end.parse_identifiers
    """
    for row in range(spans.start.size):
        numbers[row] = _read_number(text.data, np.int64(spans.start[row]), np.int64(spans.end[row]))
