"""Parsing of texts into numbers, and detection of flawed texts."""

import numpy as np

from core.money import AMOUNT_MAX, CENTS_PER_EURO
from core.outcome_codes import Outcome
from core.tables.journal import Bytes, Flags, ParsedNumbers, Spans
from kernels.hashing import read_tail, read_word
from kernels.jit import as_position, fills, kernel, part, reads, whole

_ZERO, _NINE = ord("0"), ord("9")
_POINT, _COMMA, _MINUS, _HASH, _AT = ord("."), ord(","), ord("-"), ord("#"), ord("@")
_LOW, _HIGH = np.uint64(0x7F7F_7F7F_7F7F_7F7F), np.uint64(0x8080_8080_8080_8080)
_NOT_CONTROL = np.uint64(0xE0E0_E0E0_E0E0_E0E0)
_SPACES, _DELETES = np.uint64(0x2020_2020_2020_2020), np.uint64(0x7F7F_7F7F_7F7F_7F7F)
_NO_BITS = np.uint64(0)
_HASHES = np.uint64(0x2323_2323_2323_2323)
_DIGITS_MAX = 10
_CEILING = 10**16
_INVALID = (0, Outcome.AMOUNT_INVALID.value)


@part
def _is_digit(byte):
    return _ZERO <= byte <= _NINE


@part
def _read_digits(data, at, end):
    """Return (value, number of digits) of the digits from ``at`` on; the value stops growing far above any limit."""
    value, start = np.int64(0), at
    while at < end and _is_digit(data[at]):
        if value < _CEILING:
            value = value * 10 + (data[at] - _ZERO)
        at += 1
    return value, at - start


@part
def _read_cents(data, at, end):
    """Return (cents without sign, fault) of digits, optionally followed by a point or comma and one or two digits.

    Amounts over the limit are returned unchanged, up to sixteen digits of euros: the totals of a file include them.
    """
    euros, count = _read_digits(data, at, end)
    if count == 0:
        return _INVALID
    at += count
    decimals = 0
    if at < end:
        if data[at] != _POINT and data[at] != _COMMA:
            return _INVALID
        decimals, count = _read_digits(data, at + 1, end)
        if count == 0 or count > 2 or at + 1 + count != end:
            return _INVALID
        if count == 1:
            decimals *= 10
    if euros >= _CEILING:
        return 0, Outcome.AMOUNT_OVER_LIMIT.value
    cents = euros * CENTS_PER_EURO + decimals
    return cents, Outcome.AMOUNT_OVER_LIMIT.value if cents > AMOUNT_MAX else 0


@kernel(reads(Spans), reads(Bytes), fills(ParsedNumbers))
def parse_amounts(spans, text, parsed):
    """Read decimal texts as cents: at most two decimals, point or comma, nothing else.

    Reads     spans, text     n texts
    Fills     parsed          n rows; the cents, 0 if invalid, and the fault; an empty text gives 0 without fault
    Order     rows are independent
    Outcomes  AMOUNT_INVALID, AMOUNT_NOT_POSITIVE, AMOUNT_OVER_LIMIT; never raises
    Overflow  impossible: digits stop counting at 10**16
    Cost      O(bytes), one pass
    Oracle    tests.oracle.amounts.parse
    """
    start, end, data = spans.start, spans.end, text.data
    value, fault = parsed.value, parsed.fault
    for row in range(start.size):
        at, stop = start[row], end[row]
        value[row], fault[row] = 0, 0
        if at == stop:
            continue
        is_negative = data[at] == _MINUS
        cents, code = _read_cents(data, at + 1 if is_negative else at, stop)
        if code != Outcome.AMOUNT_INVALID.value and (is_negative or (code == 0 and cents == 0)):
            code = Outcome.AMOUNT_NOT_POSITIVE.value
        fault[row] = code
        value[row] = -cents if is_negative else cents


@kernel(reads(Spans), reads(Bytes), fills(ParsedNumbers))
def parse_whole_numbers(spans, text, parsed):
    """Read whole numbers of one to ten digits.

    Reads     spans, text     n texts
    Fills     parsed          n rows; the number, or -1 and FIELD_INVALID; an empty text gives -1 without fault
    Order     rows are independent
    Outcomes  FIELD_INVALID; never raises
    Overflow  impossible: ten digits
    Cost      O(bytes), one pass
    Oracle    tests.oracle.whole_numbers.parse
    """
    start, end, data = spans.start, spans.end, text.data
    for row in range(start.size):
        size = end[row] - start[row]
        number, count = _read_digits(data, start[row], end[row])
        is_valid = 0 < size <= _DIGITS_MAX and count == size
        parsed.value[row] = number if is_valid else -1
        parsed.fault[row] = 0 if is_valid or size == 0 else Outcome.FIELD_INVALID.value


@part
def _count_month_days(year, month):
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return 29 if leap else 28
    return 30 if month == 4 or month == 6 or month == 9 or month == 11 else 31


@part
def _to_epoch_days(year, month, day):
    """Return days since 1970-01-01; years count from March so that a leap day comes last."""
    shifted = year - 1 if month <= 2 else year
    months = (month + 9) % 12
    return (
        shifted * 365
        + shifted // 4
        - shifted // 100
        + shifted // 400
        + (months * 153 + 2) // 5
        + day
        - 719469
    )


@kernel(reads(Spans), reads(Bytes), fills(ParsedNumbers))
def parse_days(spans, text, parsed):
    """Read dates written YYYY-MM-DD.

    Reads     spans, text     n texts
    Fills     parsed          n rows; days since 1970-01-01, or 0 and FIELD_INVALID; an empty text gives 0
    Order     rows are independent
    Outcomes  FIELD_INVALID; never raises
    Overflow  impossible: four-digit years
    Cost      O(bytes), one pass
    Oracle    tests.oracle.days.parse
    """
    start, end, data = spans.start, spans.end, text.data
    for row in range(start.size):
        at, size = start[row], end[row] - start[row]
        parsed.value[row] = 0
        parsed.fault[row] = 0 if size == 0 else Outcome.FIELD_INVALID.value
        if size != 10 or data[at + 4] != _MINUS or data[at + 7] != _MINUS:
            continue
        year, years = _read_digits(data, at, at + 4)
        month, months = _read_digits(data, at + 5, at + 7)
        day, count = _read_digits(data, at + 8, at + 10)
        if (
            years == 4
            and months == 2
            and count == 2
            and year >= 1
            and 1 <= month <= 12
            and 1 <= day <= _count_month_days(year, month)
        ):
            parsed.value[row] = _to_epoch_days(year, month, day)
            parsed.fault[row] = 0


@part
def _mark_zero_bytes(eight):
    """Set the high bit of each byte that is zero.  Source: Warren, "Hacker's Delight", 6-1, in the form without carries."""
    return ~(((eight & _LOW) + _LOW) | eight) & _HIGH


@part
def _mark_controls(eight):
    """Return a word that is not zero if one of eight bytes is a control character."""
    return _mark_zero_bytes(eight & _NOT_CONTROL) | _mark_zero_bytes(eight ^ _DELETES)


@part
def is_flawed(data, start, end, bytes_max):
    """Return whether a text is too long or contains a control character, reading eight bytes at a time."""
    at, remaining = as_position(start), as_position(end - start)
    if remaining > bytes_max:
        return True
    while remaining >= 8:
        if _mark_controls(read_word(data, at)) != _NO_BITS:
            return True
        at, remaining = as_position(at + 8), remaining - 8
    return _mark_controls(read_tail(data, at, remaining) | (_SPACES << np.uint64(8 * remaining))) != _NO_BITS


@part
def _has_hash(data, start, end):
    at, remaining = as_position(start), as_position(end - start)
    while remaining >= 8:
        if _mark_zero_bytes(read_word(data, at) ^ _HASHES) != _NO_BITS:
            return True
        at, remaining = as_position(at + 8), remaining - 8
    return _mark_zero_bytes(read_tail(data, at, remaining) ^ _HASHES) != _NO_BITS


@kernel(reads(Spans), reads(Bytes), whole, fills(Flags))
def flag_flaws(spans, text, bytes_max, flags):
    """Flag the texts that are too long or contain a control character.

    Reads     spans, text     n texts
    Fills     flags           n rows
    Order     rows are independent
    Outcomes  none; never raises
    Overflow  impossible
    Cost      O(bytes), one pass
    Oracle    tests.oracle.hashing.is_flawed
    """
    for row in range(spans.start.size):
        flags.flag[row] = is_flawed(text.data, spans.start[row], spans.end[row], bytes_max)


@part
def _read_number_after(data, mark, end):
    """Return the number from behind a mark to the end; 0 if there is none."""
    number, count = _read_digits(data, mark + 1, end)
    return number if 0 < count <= _DIGITS_MAX and mark + 1 + count == end else np.int64(0)


@part
def _find_last_hash(data, start, end):
    """Return the position of the last hash sign of a text; ``start`` - 1 if it has none."""
    if not _has_hash(data, start, end):
        return start - 1
    mark = end - 1
    while data[mark] != _HASH:
        mark -= 1
    return mark


@kernel(reads(Spans), reads(Bytes), fills(Spans), fills(ParsedNumbers))
def split_predecessors(spans, text, references, parsed):
    """Split REFERENCE, REFERENCE#LINE, #LINE or @ENTRY into the reference and a number.

    Reads     spans, text     n texts
    Fills     references      n spans of the same bytes; empty where there is no reference
              parsed          n rows; the line, 1 where none is written, or minus the entry; 0 and FIELD_INVALID where
                              the number is invalid
    Order     rows are independent
    Outcomes  FIELD_INVALID; never raises
    Overflow  impossible: ten digits
    Cost      O(bytes), one pass
    Oracle    tests.oracle.hashing.split_predecessor
    """
    start, end, data = spans.start, spans.end, text.data
    for row in range(start.size):
        mark, number = _find_last_hash(data, start[row], end[row]), np.int64(1)
        stop = end[row]
        if mark >= start[row]:
            number, stop = _read_number_after(data, mark, end[row]), mark
        elif end[row] > start[row] and data[start[row]] == _AT:
            number, stop = -_read_number_after(data, start[row], end[row]), start[row]
        references.start[row], references.end[row] = start[row], stop
        parsed.value[row] = number
        parsed.fault[row] = 0 if number != 0 else Outcome.FIELD_INVALID.value
