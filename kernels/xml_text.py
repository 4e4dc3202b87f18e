"""Text of an XML document: its end, the validity of its characters, and its content after resolution of entities.

Functions return the position where they stopped, and a code: 0, ``CHUNK_END`` if the chunk ends first, or a
``core.tables.xml.XmlFault``.  Zeros follow the chunk, which no text contains, so that words may be read beyond its end.
"""

import numpy as np

from core.tables.xml import TEXT_BYTES_MAX, XmlFault
from kernels.instructions import find_lowest_bit, load_word, store_word
from kernels.jit import part, rare_part

CHUNK_END = 255
"""Code: the chunk ends before the element or text does."""

LT, GT, AMP, SLASH, BANG, QUESTION = ord("<"), ord(">"), ord("&"), ord("/"), ord("!"), ord("?")
SPACE, TAB, LINE_END, CARRIAGE_RETURN = ord(" "), ord("\t"), ord("\n"), ord("\r")
_BRACKET, _SEMICOLON, _HASH, _SMALL_X = ord("]"), ord(";"), ord("#"), ord("x")
_ZERO, _NINE = ord("0"), ord("9")
_ASCII = 0x80

PLAIN, HAS_REFERENCE, HAS_CARRIAGE_RETURN = 0, 1, 2
"""Bits: a text contains references to resolve, or carriage returns, which need normalisation."""

_REFERENCE_BYTES_MAX = 10
"""Bytes of ``&#x10FFFF;``: longer references are left to the slower reader."""

LOW, HIGH = np.uint64(0x7F7F_7F7F_7F7F_7F7F), np.uint64(0x8080_8080_8080_8080)
_CONTROL_STEP = np.uint64(0x6060_6060_6060_6060)
_LTS, _AMPS = np.uint64(0x3C3C_3C3C_3C3C_3C3C), np.uint64(0x2626_2626_2626_2626)
_BRACKETS, _SPACES = np.uint64(0x5D5D_5D5D_5D5D_5D5D), np.uint64(0x2020_2020_2020_2020)
_NO_BITS = np.uint64(0)


@part
def mark_zero_bytes(eight):
    """Set the high bit of each byte that is zero.  Source: Warren, "Hacker's Delight", 6-1, in the form without carries."""
    return ~(((eight & LOW) + LOW) | eight) & HIGH


@part
def _mark_special_bytes(eight):
    """Set the high bit of each byte that needs a check: ``< & ]``, control characters, and all beyond ASCII."""
    controls = ~(((eight & LOW) + _CONTROL_STEP) | eight)
    return (
        mark_zero_bytes(eight ^ _LTS)
        | mark_zero_bytes(eight ^ _AMPS)
        | mark_zero_bytes(eight ^ _BRACKETS)
        | controls
        | eight
    ) & HIGH


@part
def is_space(byte):
    """Return whether the byte is white space in XML."""
    return byte == SPACE or byte == LINE_END or byte == CARRIAGE_RETURN or byte == TAB


@part
def find_spaces_end(data, at):
    """Return the first position from ``at`` that is not white space."""
    while is_space(data[at]):
        at += 1
        while load_word(data, at) == _SPACES:
            at += 8
    return at


@part
def find_text_end(data, at, size):
    """Return (position of the ``<`` that ends a text, bits of its content, code)."""
    start, bits = at, PLAIN
    while True:
        marks = _mark_special_bytes(load_word(data, at))
        if marks == _NO_BITS:
            at += 8
            continue
        at += find_lowest_bit(marks) >> 3
        byte = data[at]
        if byte == LT or at >= size:
            break
        step, bit, code = _check_special_byte(data, at, size)
        if code != 0:
            return (start if code == CHUNK_END else at), bits, code
        at, bits = at + step, bits | bit
    if at - start > TEXT_BYTES_MAX:
        return start, bits, XmlFault.TEXT_TOO_LONG.value if bits == PLAIN else XmlFault.DECLINED.value
    return at, bits, 0 if at < size else CHUNK_END


@rare_part
def _check_special_byte(data, at, size):
    """Check a character that is not plain; return (its bytes, its bit, code)."""
    byte = data[at]
    if byte >= _ASCII:
        step, code = check_utf8(data, at, size)
        return step, PLAIN, code
    if byte == AMP:
        step, _, code = read_reference(data, at, size)
        return step, HAS_REFERENCE, code
    if byte == _BRACKET:
        if at + 2 >= size:
            return 0, PLAIN, CHUNK_END
        closes = data[at + 1] == _BRACKET and data[at + 2] == GT
        return 1, PLAIN, XmlFault.MARKUP_INVALID.value if closes else 0
    if is_space(byte):
        return 1, HAS_CARRIAGE_RETURN if byte == CARRIAGE_RETURN else PLAIN, 0
    return 0, PLAIN, XmlFault.CHARACTER_FORBIDDEN.value


@part
def check_utf8(data, at, size):
    """Return (bytes, code) of a character beyond ASCII.  Source: Unicode 15, table 3-7; XML 1.0, production 2."""
    first = data[at]
    if first < 0xC2 or first > 0xF4:
        return 0, XmlFault.NOT_UTF8.value
    step = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if at + step > size:
        return 0, CHUNK_END
    second = data[at + 1]
    if second & 0xC0 != 0x80:
        return 0, XmlFault.NOT_UTF8.value
    for place in range(2, step):
        if data[at + place] & 0xC0 != 0x80:
            return 0, XmlFault.NOT_UTF8.value
    is_short = (first == 0xE0 and second < 0xA0) or (first == 0xF0 and second < 0x90)
    is_surrogate = first == 0xED and second > 0x9F
    if is_short or is_surrogate or (first == 0xF4 and second > 0x8F):
        return 0, XmlFault.NOT_UTF8.value
    if first == 0xEF and second == 0xBF and data[at + 2] >= 0xBE:
        return 0, XmlFault.CHARACTER_FORBIDDEN.value
    return step, 0


@part
def read_reference(data, at, size):
    """Return (bytes, character, code) of a reference: the five entities of XML, and numeric references."""
    if at + _REFERENCE_BYTES_MAX >= size:
        return 0, 0, CHUNK_END
    if data[at + 1] == _HASH:
        return _read_numeric_reference(data, at)
    name = load_word(data, at + 1)
    if name & np.uint64(0xFFFFFF) == np.uint64(0x3B746C):  # lt;
        return 4, LT, 0
    if name & np.uint64(0xFFFFFF) == np.uint64(0x3B7467):  # gt;
        return 4, GT, 0
    if name & np.uint64(0xFFFFFFFF) == np.uint64(0x3B706D61):  # amp;
        return 5, AMP, 0
    if name & np.uint64(0xFFFFFFFFFF) == np.uint64(0x3B746F7571):  # quot;
        return 6, ord('"'), 0
    if name & np.uint64(0xFFFFFFFFFF) == np.uint64(0x3B736F7061):  # apos;
        return 6, ord("'"), 0
    return 0, 0, XmlFault.ENTITY_UNKNOWN.value


@part
def _read_numeric_reference(data, at):
    """Return the same for ``&#233;`` or ``&#xE9;``; decline invalid characters and long references."""
    end, base = at + 2, 10
    if data[end] == _SMALL_X:
        end, base = end + 1, 16
    start, value = end, 0
    while end < at + _REFERENCE_BYTES_MAX:
        digit = _read_digit(data[end])
        if digit >= base:
            break
        value, end = value * base + digit, end + 1
    if end == start or data[end] != _SEMICOLON or not _is_character(value):
        return 0, 0, XmlFault.DECLINED.value
    return end + 1 - at, value, 0


@part
def _read_digit(byte):
    """Return the value of a hexadecimal digit; 99 for any other byte."""
    if _ZERO <= byte <= _NINE:
        return np.int64(byte) - _ZERO
    lower = byte | 0x20
    return np.int64(lower) - ord("a") + 10 if ord("a") <= lower <= ord("f") else 99


@part
def _is_character(value):
    if value < SPACE:
        return value == TAB or value == LINE_END or value == CARRIAGE_RETURN
    return value <= 0xD7FF or 0xE000 <= value <= 0xFFFD or 0x10000 <= value <= 0x10FFFF


@part
def copy_text(source, span, target, at):
    """Copy the text ``span`` of ``source`` to ``target`` at ``at``, with eight bytes to spare; return its end."""
    start, end = span
    place = at
    while start < end:
        store_word(target, place, load_word(source, start))
        start, place = start + 8, place + 8
    return at + end - span[0]


@rare_part
def resolve_text(source, span, target, at):
    """Copy a text like ``copy_text``, with its references resolved."""
    start, end = span
    while start < end:
        if source[start] != AMP:
            target[at] = source[start]
            start, at = start + 1, at + 1
            continue
        step, value, _ = read_reference(source, start, source.size)
        start, at = start + step, _encode_utf8(value, target, at)
    return at


@part
def _encode_utf8(value, target, at):
    """Write a character in UTF-8; return the position after it."""
    if value < 0x80:
        target[at] = value
        return at + 1
    if value < 0x800:
        target[at] = 0xC0 | value >> 6
    elif value < 0x10000:
        target[at] = 0xE0 | value >> 12
    else:
        target[at] = 0xF0 | value >> 18
    count = 1 if value < 0x800 else 2 if value < 0x10000 else 3
    for place in range(count):
        target[at + 1 + place] = 0x80 | (value >> 6 * (count - 1 - place)) & 0x3F
    return at + 1 + count
