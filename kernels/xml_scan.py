"""Scan XML: one pass over the bytes of a message, straight into columns.

The scanner walks the tree that ``core.tables.xml.XmlElement`` declares (compiled by ``markup.compiler``) over one bounded chunk
after the other; where it stands is a ``core.tables.xml.ScanCursor``, what it found a ``Store``.  It takes UTF-8 and what
generators of payment files write.  What it is not sure of it *declines*: comments and processing instructions inside
values, CDATA, DOCTYPE in odd places, namespaces and prefixes below the root, entities beyond the five and numbers.
The document is then read by lxml (``markup.lxml_reader``), with the same rows.  What it is sure of it refuses, with a
``core.tables.xml.XmlFault`` and the byte at which it lies.
"""

import numpy as np

from core.tables.journal import Bytes
from core.tables.xml import TEXT_BYTES_MAX, Grammar, ScanCursor, ScanRows, XmlFault
from kernels.jit import as_position, borrow, fills, kernel, part, reads
from kernels.xml_tags import (
    classify_unknown_name,
    find_child,
    find_comment_end,
    find_name_end,
    find_tag_end,
    is_tag_name,
    read_end_tag,
    read_first_letters,
    skip_element,
)
from kernels.xml_text import (
    AMP,
    BANG,
    CHUNK_END,
    HAS_CARRIAGE_RETURN,
    HAS_REFERENCE,
    LT,
    PLAIN,
    QUESTION,
    SLASH,
    copy_text,
    find_spaces_end,
    find_text_end,
    is_space,
    resolve_text,
)

CONTAINER, VALUE, IGNORED = 0, 1, 2
"""Kinds of nodes."""
ROWS_FULL = 254
"""The rows at hand must be taken away before the next one fits."""
_DECLINED = XmlFault.DECLINED.value


@part
def _classify_misplaced_text(data, cursor, at):
    """(where, what is wrong) of text where elements stand."""
    if cursor.depth[0] == 0:
        return at, XmlFault.CONTENT_BEHIND.value
    return at, _DECLINED if data[at] == AMP else XmlFault.TEXT_MISPLACED.value


@part
def _close_element(held, at, size):
    """End the element that is open: (behind its tag, code)."""
    grammar, data, cursor, _ = held
    top = cursor.depth[0] - 1
    node = np.int64(cursor.node[top])
    behind, code = read_end_tag(grammar, data, node, at, size)
    if code != 0:
        return at, code
    if cursor.seen[top] & grammar.needed[node] != grammar.needed[node]:
        return at, XmlFault.ELEMENT_MISSING.value
    _complete_row(grammar, cursor, node)
    cursor.depth[0] = top
    return behind, 0


@part
def _complete_row(grammar, cursor, node):
    """The element has ended: so has its row."""
    record = grammar.record[node]
    if record >= 0:
        cursor.closed[record] = cursor.opened[record]


@part
def _open_element(held, at, size):
    """Begin the element at ``at``, or read it whole: (behind its tag, code)."""
    grammar, data, cursor, _ = held
    top = cursor.depth[0] - 1
    above = np.int64(cursor.node[top])
    end = find_name_end(data, at + 1)
    if end >= size:
        return at, CHUNK_END
    node = find_child(grammar, data, above, at + 1, end)
    if node < 0:
        behind, code = _skip_unknown(held, above, at, end)
        return (at if code == CHUNK_END else behind), code
    code = _check_position(grammar, cursor, top, node)
    if code != 0:
        return at, code
    if grammar.kind[node] == VALUE:
        behind, code = _read_value(held, node, end, size)
    elif grammar.kind[node] == IGNORED:
        behind, code = skip_element(data, cursor, at, end)
    else:
        behind, code = _open_container(held, node, end, size)
    if code == CHUNK_END or code == ROWS_FULL:
        return at, code
    cursor.seen[top] |= grammar.bit[node]
    cursor.last[top] = grammar.position[node]
    return behind, code


@part
def _skip_unknown(held, above, at, end):
    """Pass over an element that is not known, where that is allowed: (behind it, code)."""
    grammar, data, cursor, _ = held
    if grammar.lenient[above]:
        return skip_element(data, cursor, at, end) if is_tag_name(data, at + 1, end) else (at, _DECLINED)
    return at, classify_unknown_name(data, at + 1, end)


@part
def _check_position(grammar, cursor, top, node):
    """Whether the element may stand where it does."""
    if cursor.seen[top] & grammar.bit[node] != 0 and not grammar.many[node]:
        return XmlFault.ELEMENT_REPEATED.value
    if grammar.lenient[np.int64(cursor.node[top])]:
        return 0
    position, last = grammar.position[node], cursor.last[top]
    is_other = position == last and cursor.seen[top] & grammar.bit[node] == 0
    return XmlFault.ELEMENT_MISPLACED.value if position < last or is_other else 0


@part
def _open_container(held, node, end, size):
    """Open an element that holds others: (behind its tag, code)."""
    grammar, data, cursor, store = held
    behind, places, code = find_tag_end(data, end, size)
    if code != 0:
        return behind, code
    if places[1] > 0:
        return places[0], XmlFault.ATTRIBUTE_UNKNOWN.value
    record = grammar.record[node]
    if record >= 0:
        if not _has_room(cursor, store, record):
            return behind, ROWS_FULL
        _open_row(grammar, cursor, store, record)
    if data[behind - 2] == SLASH:
        _complete_row(grammar, cursor, node)
        return behind, XmlFault.ELEMENT_MISSING.value if grammar.needed[node] != 0 else 0
    depth = cursor.depth[0]
    cursor.node[depth], cursor.seen[depth], cursor.last[depth] = node, 0, -1
    cursor.depth[0] = depth + 1
    return behind, 0


@part
def _has_room(cursor, store, record):
    return cursor.opened[record] - cursor.base[record] < store.within.size // cursor.base.size


@part
def _open_row(grammar, cursor, store, record):
    """Begin the next row of a record; the one that it stands in may be whole with that."""
    row, rows = cursor.opened[record], store.within.size // cursor.base.size
    outer = np.int64(grammar.within[record])
    store.within[record * rows + row - cursor.base[record]] = cursor.opened[outer] - 1 if outer >= 0 else -1
    cursor.opened[record] = row + 1
    if outer >= 0 and grammar.early[outer]:
        cursor.closed[outer] = cursor.opened[outer]


@part
def _read_value(held, node, end, size):
    """Read an element that holds a text, to its end: (behind its end tag, code)."""
    grammar, data, _, _ = held
    start, places, code = find_tag_end(data, end, size)
    if code != 0:
        return start, code
    if places[1] > 0 and not _is_attribute_expected(grammar, data, node, places):
        return places[0], XmlFault.ATTRIBUTE_UNKNOWN.value
    stop = behind = start
    held_in = PLAIN
    if data[start - 2] != SLASH:
        stop, held_in, code = find_text_end(data, start, size)
        if code != 0:
            return stop, code
        behind, code = read_end_tag(grammar, data, node, stop, size)
        if code != 0:
            return behind, code
    span, code = _trim_text(grammar, data, node, (start, stop, held_in))
    if code == 0:
        code = _store_text(held, grammar.column[node], span, held_in)
    if code == 0 and places[1] > 0:
        code = _store_text(held, grammar.attribute_column[node], (places[2], places[3]), PLAIN)
    return behind, code


@part
def _is_attribute_expected(grammar, data, node, places):
    """Whether the attribute is the one that the element may have."""
    length = places[1] - places[0]
    is_long = length != grammar.attribute_length[node]
    return not is_long and read_first_letters(data, places[0], length) == grammar.attribute[node]


@part
def _trim_text(grammar, data, node, text):
    """The text without the white space around it, where that is none of it; declined where it takes a closer look."""
    start, stop, held_in = text
    if held_in & HAS_CARRIAGE_RETURN:
        return (start, stop), _DECLINED
    if grammar.trims[node] and stop > start and (is_space(data[start]) or is_space(data[stop - 1])):
        while start < stop and is_space(data[start]):
            start += 1
        while start < stop and is_space(data[stop - 1]):
            stop -= 1
    return (start, stop), _DECLINED if grammar.trims[node] and held_in & HAS_REFERENCE else 0


@part
def _store_text(held, column, span, held_in):
    """Write a text into the row at hand: the code."""
    grammar, data, cursor, store = held
    record = grammar.owner[column]
    slot, columns = cursor.opened[record] - 1 - cursor.base[record], store.used.size
    ends, bytes_from = column * (store.end.size // columns), column * (store.data.size // columns)
    used = store.used[column]
    if store.filled[column] > slot:
        if grammar.joiner[column] == 0:
            return XmlFault.ELEMENT_REPEATED.value
        if span[1] > span[0] and used > (store.end[ends + slot - 1] if slot > 0 else 0):
            store.data[bytes_from + used] = grammar.joiner[column]
            used += 1
    else:
        for row in range(store.filled[column], slot):
            store.end[ends + row] = used
        store.filled[column] = slot + 1
    place = bytes_from + used
    after = (
        resolve_text(data, span, store.data, place)
        if held_in & HAS_REFERENCE
        else copy_text(data, span, store.data, place)
    )
    store.used[column] = store.end[ends + slot] = after - bytes_from
    is_long = store.used[column] - (store.end[ends + slot - 1] if slot > 0 else 0) > TEXT_BYTES_MAX
    return XmlFault.TEXT_TOO_LONG.value if is_long else 0


@kernel(reads(Grammar), reads(Bytes), fills(ScanCursor), fills(ScanRows))
def scan(grammar, chunk, cursor, store):
    """Go on to the end of the chunk, or to what stops the scan; whatever is begun at its end is left to the next one.

    Reads     grammar      a message; chunk: ``cursor.size`` bytes, sixteen zeros and more behind them
    Advances  cursor       ``at`` tells how much of the chunk is done with, ``state`` why it stopped, ``fault`` what is
                           wrong at ``at``; rows opened and closed by record
    Fills     store        a text a column of each row; room for a chunk's bytes in each column is the caller's to see to
    Order     document order
    Outcomes  MORE, FULL, or a Fault; never raises
    Overflow  impossible: places stay within the chunk, rows below 2**31
    Cost      O(bytes), one pass, no allocation; at a chunk's end the element under way is walked again
    Source    XML 1.0, fifth edition
    Oracle    tests.oracle.xml_scan.scan
    """
    held = (borrow(grammar), borrow(chunk.data), borrow(cursor), borrow(store))
    data, size, at, code = held[1], as_position(cursor.size[0]), as_position(cursor.at[0]), 0
    while code == 0:
        at = find_spaces_end(data, at)
        if at + 1 >= size:
            code = CHUNK_END
            if at < size and data[at] != LT:
                at, code = _classify_misplaced_text(data, cursor, at)
        elif data[at] != LT:
            at, code = _classify_misplaced_text(data, cursor, at)
        elif data[at + 1] == BANG or data[at + 1] == QUESTION:
            at, code = find_comment_end(data, at, size)
        elif cursor.depth[0] == 0:
            code = XmlFault.CONTENT_BEHIND.value
        elif data[at + 1] == SLASH:
            at, code = _close_element(held, at, size)
        else:
            at, code = _open_element(held, at, size)
    cursor.at[0] = at
    cursor.state[0] = code
    cursor.fault[0] = 0 if code == CHUNK_END or code == ROWS_FULL else code
