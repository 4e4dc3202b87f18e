"""The XML scanner: one pass over the bytes of a message, straight into columns.

The scanner follows the tree that ``core.tables.xml.XmlElement`` declares (compiled by ``markup.compiler``), one bounded
chunk after the other; its position is a ``core.tables.xml.ScanCursor``, its result a ``ScanRows``.  It accepts UTF-8 and
the XML that generators of payment files write.  It *declines* documents that may be valid but need a full parser: comments
and processing instructions inside values, CDATA, DOCTYPE in unusual places, namespaces and prefixes below the root,
entities other than the five and numeric references.  Such a document is read by lxml (``markup.lxml_reader``), with the
same rows.  It refuses documents that are certainly invalid, with a ``core.tables.xml.XmlFault`` and the byte at fault.
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
"""The kinds of nodes."""
ROWS_FULL = 254
"""State of a scan: there is no space for another row until the present rows are taken."""
_DECLINED = XmlFault.DECLINED.value


@part
def _classify_misplaced_text(data, cursor, at):
    """Return (position, code) of text between elements."""
    if cursor.depth[0] == 0:
        return at, XmlFault.CONTENT_BEHIND.value
    return at, _DECLINED if data[at] == AMP else XmlFault.TEXT_MISPLACED.value


@part
def _close_element(scan_state, at, size):
    """Close the open element; return (position after its tag, code)."""
    grammar, data, cursor, _ = scan_state
    top = cursor.depth[0] - 1
    node = np.int64(cursor.node[top])
    end_position, code = read_end_tag(grammar, data, node, at, size)
    if code != 0:
        return at, code
    if cursor.seen[top] & grammar.needed[node] != grammar.needed[node]:
        return at, XmlFault.ELEMENT_MISSING.value
    _complete_row(grammar, cursor, node)
    cursor.depth[0] = top
    return end_position, 0


@part
def _complete_row(grammar, cursor, node):
    """Count the row of a closed element as complete."""
    record = grammar.record[node]
    if record >= 0:
        cursor.closed[record] = cursor.opened[record]


@part
def _open_element(scan_state, at, size):
    """Open the element at ``at``, or read it whole; return (position after what was read, code)."""
    grammar, data, cursor, _ = scan_state
    top = cursor.depth[0] - 1
    above = np.int64(cursor.node[top])
    end = find_name_end(data, at + 1)
    if end >= size:
        return at, CHUNK_END
    node = find_child(grammar, data, above, at + 1, end)
    if node < 0:
        end_position, code = _skip_unknown(scan_state, above, at, end)
        return (at if code == CHUNK_END else end_position), code
    code = _check_position(grammar, cursor, top, node)
    if code != 0:
        return at, code
    if grammar.kind[node] == VALUE:
        end_position, code = _read_value(scan_state, node, end, size)
    elif grammar.kind[node] == IGNORED:
        end_position, code = skip_element(data, cursor, at, end)
    else:
        end_position, code = _open_container(scan_state, node, end, size)
    if code == CHUNK_END or code == ROWS_FULL:
        return at, code
    cursor.seen[top] |= grammar.bit[node]
    cursor.last[top] = grammar.position[node]
    return end_position, code


@part
def _skip_unknown(scan_state, above, at, end):
    """Skip an unknown element where that is allowed; return (position after it, code)."""
    grammar, data, cursor, _ = scan_state
    if grammar.lenient[above]:
        return skip_element(data, cursor, at, end) if is_tag_name(data, at + 1, end) else (at, _DECLINED)
    return at, classify_unknown_name(data, at + 1, end)


@part
def _check_position(grammar, cursor, top, node):
    """Check the position and the repetition of an element; return the code."""
    if cursor.seen[top] & grammar.bit[node] != 0 and not grammar.many[node]:
        return XmlFault.ELEMENT_REPEATED.value
    if grammar.lenient[np.int64(cursor.node[top])]:
        return 0
    position, last = grammar.position[node], cursor.last[top]
    is_other = position == last and cursor.seen[top] & grammar.bit[node] == 0
    return XmlFault.ELEMENT_MISPLACED.value if position < last or is_other else 0


@part
def _open_container(scan_state, node, end, size):
    """Open an element that contains others; return (position after its tag, code)."""
    grammar, data, cursor, cells = scan_state
    end_position, places, code = find_tag_end(data, end, size)
    if code != 0:
        return end_position, code
    if places[1] > 0:
        return places[0], XmlFault.ATTRIBUTE_UNKNOWN.value
    record = grammar.record[node]
    if record >= 0:
        if not _has_room(cursor, cells, record):
            return end_position, ROWS_FULL
        _open_row(grammar, cursor, cells, record)
    if data[end_position - 2] == SLASH:
        _complete_row(grammar, cursor, node)
        return end_position, XmlFault.ELEMENT_MISSING.value if grammar.needed[node] != 0 else 0
    depth = cursor.depth[0]
    cursor.node[depth], cursor.seen[depth], cursor.last[depth] = node, 0, -1
    cursor.depth[0] = depth + 1
    return end_position, 0


@part
def _has_room(cursor, cells, record):
    return cursor.opened[record] - cursor.base[record] < cells.within.size // cursor.base.size


@part
def _open_row(grammar, cursor, cells, record):
    """Begin the next row of a record, which may complete the row of the containing record."""
    row, rows = cursor.opened[record], cells.within.size // cursor.base.size
    outer = np.int64(grammar.within[record])
    cells.within[record * rows + row - cursor.base[record]] = cursor.opened[outer] - 1 if outer >= 0 else -1
    cursor.opened[record] = row + 1
    if outer >= 0 and grammar.early[outer]:
        cursor.closed[outer] = cursor.opened[outer]


@part
def _read_value(scan_state, node, end, size):
    """Read an element that contains a text; return (position after its end tag, code)."""
    grammar, data, _, _ = scan_state
    start, places, code = find_tag_end(data, end, size)
    if code != 0:
        return start, code
    if places[1] > 0 and not _is_attribute_expected(grammar, data, node, places):
        return places[0], XmlFault.ATTRIBUTE_UNKNOWN.value
    stop = end_position = start
    bits = PLAIN
    if data[start - 2] != SLASH:
        stop, bits, code = find_text_end(data, start, size)
        if code != 0:
            return stop, code
        end_position, code = read_end_tag(grammar, data, node, stop, size)
        if code != 0:
            return end_position, code
    span, code = _trim_text(grammar, data, node, (start, stop, bits))
    if code == 0:
        code = _store_text(scan_state, grammar.column[node], span, bits)
    if code == 0 and places[1] > 0:
        code = _store_text(scan_state, grammar.attribute_column[node], (places[2], places[3]), PLAIN)
    return end_position, code


@part
def _is_attribute_expected(grammar, data, node, places):
    """Return whether the attribute is the one that the element may have."""
    length = places[1] - places[0]
    has_length = length == grammar.attribute_length[node]
    return has_length and read_first_letters(data, places[0], length) == grammar.attribute[node]


@part
def _trim_text(grammar, data, node, text):
    """Return (span of the text, code), trimmed where the element asks for it; decline texts that need a full parser."""
    start, stop, bits = text
    if bits & HAS_CARRIAGE_RETURN:
        return (start, stop), _DECLINED
    if grammar.trims[node] and stop > start and (is_space(data[start]) or is_space(data[stop - 1])):
        while start < stop and is_space(data[start]):
            start += 1
        while start < stop and is_space(data[stop - 1]):
            stop -= 1
    return (start, stop), _DECLINED if grammar.trims[node] and bits & HAS_REFERENCE else 0


@part
def _store_text(scan_state, column, span, bits):
    """Store a text in the present row; return the code."""
    grammar, data, cursor, cells = scan_state
    record = grammar.owner[column]
    slot, columns = cursor.opened[record] - 1 - cursor.base[record], cells.used.size
    ends, bytes_from = column * (cells.end.size // columns), column * (cells.data.size // columns)
    used = cells.used[column]
    if cells.filled[column] > slot:
        if grammar.joiner[column] == 0:
            return XmlFault.ELEMENT_REPEATED.value
        if span[1] > span[0] and used > (cells.end[ends + slot - 1] if slot > 0 else 0):
            cells.data[bytes_from + used] = grammar.joiner[column]
            used += 1
    else:
        for row in range(cells.filled[column], slot):
            cells.end[ends + row] = used
        cells.filled[column] = slot + 1
    start = bytes_from + used
    end = (
        resolve_text(data, span, cells.data, start)
        if bits & HAS_REFERENCE
        else copy_text(data, span, cells.data, start)
    )
    cells.used[column] = cells.end[ends + slot] = end - bytes_from
    is_long = cells.used[column] - (cells.end[ends + slot - 1] if slot > 0 else 0) > TEXT_BYTES_MAX
    return XmlFault.TEXT_TOO_LONG.value if is_long else 0


@kernel(reads(Grammar), reads(Bytes), fills(ScanCursor), fills(ScanRows))
def scan(grammar, chunk, cursor, rows):
    """Continue to the end of the chunk, or until the scan stops; the next chunk begins with the unfinished element.

    Reads     grammar      a message; chunk: ``cursor.size`` bytes, followed by at least sixteen zeros
    Advances  cursor       ``at``: the bytes of the chunk that were read, ``state``: why the scan stopped, ``fault``: the
                           fault at ``at``; rows opened and closed by record
    Fills     rows         one text per column of each row; the caller provides space for a chunk's bytes in each column
    Order     document order
    Outcomes  CHUNK_END, ROWS_FULL, or an XmlFault; never raises
    Overflow  impossible: positions stay within the chunk, rows below 2**31
    Cost      O(bytes), one pass, no allocation; an element unfinished at the end of a chunk is read again
    Source    XML 1.0, fifth edition
    Oracle    tests.oracle.xml_scan.scan
    """
    scan_state = (borrow(grammar), borrow(chunk.data), borrow(cursor), borrow(rows))
    data, size, at, code = scan_state[1], as_position(cursor.size[0]), as_position(cursor.at[0]), 0
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
            at, code = _close_element(scan_state, at, size)
        else:
            at, code = _open_element(scan_state, at, size)
    cursor.at[0] = at
    cursor.state[0] = code
    cursor.fault[0] = 0 if code == CHUNK_END or code == ROWS_FULL else code
