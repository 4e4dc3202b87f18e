"""Tags of an XML document: names, attributes, end tags, and skipped elements.

As in ``kernels.xml_text``, functions return the position where they stopped, and a code.
"""

import numpy as np

from core.tables.xml import DEPTH_MAX, NAME_BYTES_MAX, TEXT_BYTES_MAX, XmlFault
from kernels.instructions import find_lowest_bit, load_word
from kernels.jit import part, rare_part
from kernels.xml_text import (
    AMP,
    BANG,
    CHUNK_END,
    GT,
    HIGH,
    LOW,
    LT,
    QUESTION,
    SLASH,
    SPACE,
    find_spaces_end,
    find_text_end,
    is_space,
    mark_zero_bytes,
)

_DASH, _EQUALS, _COLON, _UNDERSCORE = ord("-"), ord("="), ord(":"), ord("_")
_QUOTE, _APOSTROPHE, _DELETE, _NINE = ord('"'), ord("'"), 0x7F, ord("9")
_XMLNS = np.uint64(int.from_bytes(b"xmlns", "little"))
_GTS = np.uint64(0x3E3E_3E3E_3E3E_3E3E)
_ZERO_STEP = np.uint64(0x5050_5050_5050_5050)
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_29, _47, _7 = np.uint64(29), np.uint64(47), np.uint64(7)
_NO_BITS = np.uint64(0)
_DECLINED = XmlFault.DECLINED.value


@part
def find_name_end(data, at):
    """Return the first position from ``at`` that ends a plain name: ``>``, ``/``, white space, or a byte below ``0``."""
    while True:
        eight = load_word(data, at)
        early = ~(((eight & LOW) + _ZERO_STEP) | eight)
        marks = (early | mark_zero_bytes(eight ^ _GTS)) & HIGH
        if marks != _NO_BITS:
            return at + (find_lowest_bit(marks) >> 3)
        at += 8


@part
def read_first_letters(data, at, length):
    """Return up to eight bytes of a name as one word."""
    return load_word(data, at) & (_ALL >> np.uint64(64 - 8 * min(length, 8)))


@part
def compute_slot(parent, letters, length):
    """Return the slot where the search for a child begins, before the modulus by the number of slots."""
    mixed = letters ^ (letters >> _29) ^ (letters >> _47)
    return np.int64((mixed ^ (mixed >> _7)) & np.uint64(0xFFFF)) + np.int64(parent) * 37 + np.int64(length)


@part
def find_child(grammar, data, parent, start, end):
    """Return the node of a child by its name; -1 for an unknown name."""
    length = end - start
    if length == 0 or length > NAME_BYTES_MAX:
        return -1
    letters = read_first_letters(data, start, length)
    mask = grammar.slot.size - 1
    slot = compute_slot(parent, letters, length) & mask
    while True:
        node = np.int64(grammar.slot[slot])
        if node < 0:
            return -1
        is_candidate = grammar.parent[node] == parent and grammar.length[node] == length
        if is_candidate and grammar.name[4 * node] == letters and is_named(grammar, data, node, start):
            return node
        slot = (slot + 1) & mask


@part
def is_named(grammar, data, node, at):
    """Return whether the name of ``node`` is at ``at``, whatever follows."""
    remaining, word = np.int64(grammar.length[node]), 4 * np.int64(node)
    while remaining > 8:
        if load_word(data, at) != grammar.name[word]:
            return False
        remaining, word, at = remaining - 8, word + 1, at + 8
    return read_first_letters(data, at, remaining) == grammar.name[word]


@part
def classify_unknown_name(data, start, end):
    """Return the code for an unknown name: decline one with a prefix or beyond ASCII, which lxml may know."""
    for place in range(start, end):
        if data[place] == _COLON or data[place] > _DELETE:
            return _DECLINED
    return XmlFault.ELEMENT_UNKNOWN.value


@part
def is_tag_name(data, start, end):
    """Return whether the bytes are certainly a name, and the name ends there."""
    for place in range(start, end):
        if not is_name_byte(data[place]):
            return False
    is_ended = data[end] == GT or data[end] == SLASH or is_space(data[end])
    return is_ended and end > start and data[start] > _NINE


@part
def is_name_byte(byte):
    """Return whether the byte may be anywhere in a name: ASCII letters, digits, the underscore."""
    lower = byte | 0x20
    return ord("a") <= lower <= ord("z") or ord("0") <= byte <= ord("9") or byte == _UNDERSCORE


@part
def find_tag_end(data, at, size):
    """Return (position after the tag, its attribute's name and value as four positions, code); the name ends at ``at``."""
    nothing = (0, 0, 0, 0)
    if data[at] == GT:
        return at + 1, nothing, 0
    if data[at] == SLASH and data[at + 1] == GT:
        return at + 2, nothing, 0
    return _read_attributes(data, at, size)


@rare_part
def _read_attributes(data, at, size):
    """Do the work of ``find_tag_end`` for a tag with an attribute; decline a second one."""
    name = value = (np.int64(0), np.int64(0))
    while True:
        start = find_spaces_end(data, at)
        is_apart, at = start > at, start
        if at + 1 >= size:
            return at, name + value, CHUNK_END
        if data[at] == GT:
            return at + 1, name + value, 0
        if data[at] == SLASH and data[at + 1] == GT:
            return at + 2, name + value, 0
        if not is_apart or data[at] == SLASH:
            return at, name + value, XmlFault.MARKUP_INVALID.value
        middle, at, code = _read_attribute(data, start, size)
        if code != 0:
            return start, name + value, code
        if name[1] > 0:
            return start, name + value, _classify_second_attribute(data, name, (start, middle))
        name, value = (start, middle), (middle + 2, at - 1)


@part
def _read_attribute(data, start, size):
    """Return (end of the attribute's name, position after its value, code); decline anything but plain ASCII in quotes."""
    middle = start
    while is_name_byte(data[middle]):
        middle += 1
    if middle + 1 >= size:
        return middle, middle, CHUNK_END
    quote, at = data[middle + 1], middle + 2
    is_named = middle > start and data[start] > _NINE and not _is_namespace(data, start, middle)
    if not is_named or data[middle] != _EQUALS or (quote != _QUOTE and quote != _APOSTROPHE):
        return middle, at, _DECLINED
    while SPACE <= data[at] < _DELETE and data[at] != quote and data[at] != LT and data[at] != AMP:
        at += 1
    if at >= size:
        return middle, at, CHUNK_END
    if data[at] != quote or at - middle > TEXT_BYTES_MAX:
        return middle, at, _DECLINED
    return middle, at + 1, 0


@part
def _is_namespace(data, start, end):
    """Return whether the name is ``xmlns``."""
    return end - start == 5 and load_word(data, start) & np.uint64(0xFF_FFFF_FFFF) == _XMLNS


@part
def _classify_second_attribute(data, first, second):
    """Return the code for a second attribute: refuse the name of the first, decline any other."""
    length = first[1] - first[0]
    if second[1] - second[0] != length:
        return _DECLINED
    for place in range(length):
        if data[first[0] + place] != data[second[0] + place]:
            return _DECLINED
    return XmlFault.ATTRIBUTE_REPEATED.value


@part
def read_end_tag(grammar, data, node, at, size):
    """Read the end tag of ``node`` at the ``<`` at ``at``; return (position after it, code)."""
    if at + 1 >= size:
        return at, CHUNK_END
    if data[at + 1] != SLASH:
        is_aside = data[at + 1] == BANG or data[at + 1] == QUESTION
        return at, _DECLINED if is_aside else XmlFault.ELEMENT_UNKNOWN.value
    end = at + 2 + grammar.length[node]
    if end >= size:
        return at, CHUNK_END
    if not is_named(grammar, data, node, at + 2):
        return at, XmlFault.TAG_MISMATCHED.value
    return _finish_end_tag(data, at, end, size)


@part
def _finish_end_tag(data, at, end, size):
    """Read the rest of an end tag whose name ends at ``end``; return (position after it, code)."""
    end = find_spaces_end(data, end)
    if end >= size:
        return at, CHUNK_END
    return (end + 1, 0) if data[end] == GT else (at, XmlFault.TAG_MISMATCHED.value)


@rare_part
def find_comment_end(data, at, size):
    """Skip a plain comment, decline any other ``<!`` or ``<?``; return (position after it, code)."""
    if at + 4 >= size:
        return at, CHUNK_END
    if data[at + 1] != BANG or data[at + 2] != _DASH or data[at + 3] != _DASH:
        return at, _DECLINED
    end = at + 4
    while end + 2 < size:
        if data[end] == _DASH and data[end + 1] == _DASH:
            return (end + 3, 0) if data[end + 2] == GT else (at, _DECLINED)
        if data[end] > _DELETE or (data[end] < SPACE and not is_space(data[end])):
            return at, _DECLINED
        end += 1
    return at, CHUNK_END


@rare_part
def skip_element(data, cursor, at, end):
    """Skip an element whose name ends at ``end``, whatever it contains; return (position after it, code)."""
    size, depth = cursor.size[0], 0
    while True:
        at, depth, code = _skip_start_tag(data, cursor, at, (end, depth))
        while code == 0 and depth > 0:
            at, _, code = find_text_end(data, at, size)
            if code != 0:
                code = _DECLINED if code == XmlFault.TEXT_TOO_LONG.value else code
            elif at + 1 >= size:
                code = CHUNK_END
            elif data[at + 1] != SLASH:
                break
            else:
                at, depth, code = _skip_end_tag(data, cursor, at, depth)
        if code != 0 or depth == 0:
            return at, code
        end = find_name_end(data, at + 1)
        if end >= size:
            return at, CHUNK_END
        if not is_tag_name(data, at + 1, end):
            return at, _DECLINED


@part
def _skip_start_tag(data, cursor, at, where):
    """Skip the start tag at ``at``; return (position after the tag, open elements, code)."""
    end, depth = where
    end_position, _, code = find_tag_end(data, end, cursor.size[0])
    if code != 0:
        return end_position, depth, code
    if cursor.depth[0] + depth >= DEPTH_MAX:
        return at, depth, XmlFault.DEPTH_EXCEEDED.value
    if data[end_position - 2] == SLASH:
        return end_position, depth, 0
    cursor.skip_start[depth], cursor.skip_end[depth] = at + 1, end
    return end_position, depth + 1, 0


@part
def _skip_end_tag(data, cursor, at, depth):
    """Skip the end tag at ``at``; return (position after the tag, open elements, code)."""
    start, stop, size = cursor.skip_start[depth - 1], cursor.skip_end[depth - 1], cursor.size[0]
    end = at + 2 + stop - start
    if end >= size:
        return at, depth, CHUNK_END
    for place in range(stop - start):
        if data[start + place] != data[at + 2 + place]:
            return at, depth, XmlFault.TAG_MISMATCHED.value
    end_position, code = _finish_end_tag(data, at, end, size)
    return end_position, depth if code != 0 else depth - 1, code
