"""Plain reading of an XML message into rows: what the scanner accepts, refuses and declines.

It reads a whole document at once, so that no element is cut by the end of a chunk.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from core.tables.xml import DEPTH_MAX, NAME_BYTES_MAX, TEXT_BYTES_MAX, XmlElement, XmlFault

_SPACE = b" \t\r\n"
_NAME = re.compile(rb"[0-9:;<=?-\xff]*")
_PLAIN = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_COMMENT = re.compile(rb"<!--(?:-?[\t\n\r -,.-\x7f])*-->")
_ATTRIBUTE = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)=(?:\"([ !#-%'-;=-~]*)\"|'([ -%(-;=-~]*)')")
_REFERENCE = re.compile(rb"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_NAMED = {b"amp": "&", b"lt": "<", b"gt": ">", b"quot": '"', b"apos": "'"}
_REFERENCE_BYTES_MAX = 10


class ScanStopped(Exception):
    """The scan stops at a fault."""

    def __init__(self, fault: XmlFault, at: int) -> None:
        super().__init__(fault.name, at)
        self.fault, self.at = fault, at


class ScanResult(NamedTuple):
    """Rows by record, the fault and its position."""

    rows: dict[str, list[dict[str, str | int]]]
    fault: XmlFault
    at: int


@dataclass
class OpenElement:
    """An open element that contains others."""

    element: XmlElement
    child_names: list[str] = field(default_factory=list)
    record: str = ""
    """The record that contains it."""


class ScannedText(NamedTuple):
    """A text: its end, its content, and what the raw text contains."""

    end: int
    content: bytes
    has_reference: bool
    has_carriage_return: bool


def scan(root: XmlElement, document: bytes, at: int) -> ScanResult:
    """Return the rows of ``document`` from byte ``at``, which is after the start tag of its root."""
    walk = _Scanner(root, document)
    try:
        walk.run(at)
    except ScanStopped as stop:
        return ScanResult(walk.rows, stop.fault, stop.at)
    return ScanResult(walk.rows, XmlFault.NONE, len(document))


def _list_records(element: XmlElement, within: str = "") -> Iterator[tuple[str, str, list[str]]]:
    """Yield each record with the record that contains it and its columns."""
    if element.record:
        yield element.record, within, list(dict.fromkeys(_list_columns(element)))
    for child in element.children:
        yield from _list_records(child, element.record or within)


def _list_columns(element: XmlElement) -> Iterator[str]:
    yield from filter(None, (element.column, element.attribute[1]))
    for child in element.children:
        if not child.record:
            yield from _list_columns(child)


class _Scanner:
    def __init__(self, root: XmlElement, document: bytes) -> None:
        self.document, self.open = document, [OpenElement(root, record=root.record)]
        self.records = {name: (within, columns) for name, within, columns in _list_records(root)}
        self.rows: dict[str, list[dict[str, str | int]]] = {name: [] for name in self.records}
        self.filled: set[tuple[str, int, str]] = set()

    def run(self, at: int) -> None:
        while True:
            at = self.skip_space(at)
            if at == len(self.document):
                if self.open:
                    raise ScanStopped(XmlFault.TRUNCATED, at)
                return
            if self.document[at : at + 1] != b"<":
                self.stop_at_text(at)
            following = self.read_byte(at + 1)
            if following in b"!?":
                at = self.skip_comment(at)
            elif not self.open:
                raise ScanStopped(XmlFault.CONTENT_BEHIND, at)
            elif following == b"/":
                at = self.close_element(at)
            else:
                at = self.open_element(at)

    # ------------------------------------------------------------------------------------ characters

    def read_byte(self, at: int) -> bytes:
        if at >= len(self.document):
            raise ScanStopped(XmlFault.TRUNCATED, len(self.document))
        return self.document[at : at + 1]

    def skip_space(self, at: int) -> int:
        while self.document[at : at + 1] in tuple(_SPACE[i : i + 1] for i in range(4)):
            at += 1
        return at

    def stop_at_text(self, at: int) -> None:
        if not self.open:
            raise ScanStopped(XmlFault.CONTENT_BEHIND, at)
        raise ScanStopped(
            XmlFault.DECLINED if self.document[at : at + 1] == b"&" else XmlFault.TEXT_MISPLACED, at
        )

    def skip_comment(self, at: int) -> int:
        match = _COMMENT.match(self.document, at)
        if match:
            return match.end()
        start = self.document[at : at + 4]
        rest = self.document[at + 4 :]
        if len(self.document) <= at + 4 or (start == b"<!--" and _is_comment_unended(rest)):
            raise ScanStopped(XmlFault.TRUNCATED, len(self.document))
        raise ScanStopped(XmlFault.DECLINED, at)

    def read_text(self, start: int) -> ScannedText:
        """Read a text up to the ``<`` that ends it."""
        at, content, is_escaped, is_returned = start, bytearray(), False, False
        while self.read_byte_of_text(at, start, is_escaped) != b"<":
            step, piece = self.read_character(at)
            is_escaped |= self.document[at : at + 1] == b"&"
            is_returned |= self.document[at : at + 1] == b"\r"
            content += piece
            at += step
        if at - start > TEXT_BYTES_MAX:
            raise ScanStopped(
                XmlFault.DECLINED if is_escaped or is_returned else XmlFault.TEXT_TOO_LONG, start
            )
        return ScannedText(at, bytes(content), is_escaped, is_returned)

    def read_byte_of_text(self, at: int, start: int, is_escaped: bool) -> bytes:
        if at >= len(self.document) and at - start > TEXT_BYTES_MAX:
            raw_text = self.document[start:at]
            raise ScanStopped(
                XmlFault.DECLINED if is_escaped or b"\r" in raw_text else XmlFault.TEXT_TOO_LONG, start
            )
        return self.read_byte(at)

    def read_character(self, at: int) -> tuple[int, bytes]:
        """Return the bytes of a character in the document, and the character."""
        first = self.document[at]
        if first >= 0x80:
            return self.read_wide_character(at)
        if first == ord("&"):
            return self.read_reference(at)
        if first == ord("]"):
            self.read_byte(at + 2)
            if self.document[at : at + 3] == b"]]>":
                raise ScanStopped(XmlFault.MARKUP_INVALID, at)
        elif first < 0x20 and first not in _SPACE:
            raise ScanStopped(XmlFault.CHARACTER_FORBIDDEN, at)
        return 1, self.document[at : at + 1]

    def read_wide_character(self, at: int) -> tuple[int, bytes]:
        first = self.document[at]
        if not 0xC2 <= first <= 0xF4:
            raise ScanStopped(XmlFault.NOT_UTF8, at)
        size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
        self.read_byte(at + size - 1)
        piece = self.document[at : at + size]
        try:
            letter = piece.decode("utf-8")
        except UnicodeDecodeError:
            raise ScanStopped(XmlFault.NOT_UTF8, at) from None
        if letter in "\ufffe\uffff":
            raise ScanStopped(XmlFault.CHARACTER_FORBIDDEN, at)
        return size, piece

    def read_reference(self, at: int) -> tuple[int, bytes]:
        self.read_byte(at + _REFERENCE_BYTES_MAX + 1)
        match = _REFERENCE.match(self.document, at, at + _REFERENCE_BYTES_MAX + 1)
        if match is None:
            is_number = self.document[at + 1 : at + 2] == b"#"
            raise ScanStopped(XmlFault.DECLINED if is_number else XmlFault.ENTITY_UNKNOWN, at)
        if match[1]:
            return match.end() - at, _NAMED[match[1]].encode()
        number = int(match[2]) if match[2] else int(match[3], 16)
        is_character = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
        if not (is_character or 0x10000 <= number <= 0x10FFFF):
            raise ScanStopped(XmlFault.DECLINED, at)
        return match.end() - at, chr(number).encode()

    # ------------------------------------------------------------------------------------ tags

    def read_tag_end(self, at: int) -> tuple[int, tuple[bytes, bytes, int]]:
        """Return the position after a start tag whose name ends at ``at``; its attribute's name, value and position."""
        first_attribute = (b"", b"", 0)
        while True:
            start = self.skip_space(at)
            self.read_byte(start + (self.document[start : start + 1] == b"/"))
            if self.document[start : start + 1] == b">":
                return start + 1, first_attribute
            if self.document[start : start + 2] == b"/>":
                return start + 2, first_attribute
            self.read_byte(start + 1)
            if start == at or self.document[start : start + 1] == b"/":
                raise ScanStopped(XmlFault.MARKUP_INVALID, start)
            attribute = self.read_attribute(start)
            if first_attribute[0]:
                raise ScanStopped(
                    XmlFault.ATTRIBUTE_REPEATED if attribute[1] == first_attribute[0] else XmlFault.DECLINED,
                    start,
                )
            first_attribute, at = (attribute[1], attribute[2] or attribute[3] or b"", start), attribute.end()

    def read_attribute(self, start: int) -> re.Match[bytes]:
        match = _ATTRIBUTE.match(self.document, start)
        if match and match[1] != b"xmlns" and match.end() - match.end(1) - 2 <= TEXT_BYTES_MAX:
            return match
        name = re.compile(rb"[A-Za-z0-9_]*").match(self.document, start)
        middle = name.end() if name else start
        self.read_byte(middle + 1)
        quote = self.document[middle + 1 : middle + 2]
        is_begun = (
            middle > start and self.document[start] > ord("9") and self.document[start:middle] != b"xmlns"
        )
        is_quoted = self.document[middle : middle + 1] == b"=" and quote in (b'"', b"'")
        if is_begun and is_quoted and self.is_value_unended(middle + 2, quote):
            raise ScanStopped(XmlFault.TRUNCATED, len(self.document))
        raise ScanStopped(XmlFault.DECLINED, start)

    def is_value_unended(self, start: int, quote: bytes) -> bool:
        """Return whether all that follows could belong to a value whose end is missing."""
        rest = self.document[start:]
        return re.fullmatch(rb"[ -%'-;=-~]*", rest) is not None and quote not in rest

    def read_end_tag(self, name: bytes, at: int) -> int:
        """Return the position after the end tag that begins at ``at``."""
        self.read_byte(at + 2 + len(name))
        if self.document[at + 2 : at + 2 + len(name)] != name:
            raise ScanStopped(XmlFault.TAG_MISMATCHED, at)
        end = self.skip_space(at + 2 + len(name))
        if self.read_byte(end) != b">":
            raise ScanStopped(XmlFault.TAG_MISMATCHED, at)
        return end + 1

    def skip_element(self, at: int, end: int) -> int:
        """Return the position after an element that begins at ``at``, with a name that ends at ``end``."""
        names: list[bytes] = []
        while True:
            end_position, _ = self.read_tag_end(end)
            if len(self.open) + len(names) >= DEPTH_MAX:
                raise ScanStopped(XmlFault.DEPTH_EXCEEDED, at)
            if self.document[end_position - 2 : end_position - 1] != b"/":
                names.append(self.document[at + 1 : end])
            at = end_position
            while names:
                at = self.skip_text(at)
                if self.read_byte(at + 1) != b"/":
                    break
                at = self.read_end_tag(names.pop(), at)
            if not names:
                return at
            end = self.read_plain_name(at)

    def skip_text(self, at: int) -> int:
        try:
            return self.read_text(at).end
        except ScanStopped as stop:
            if stop.fault is XmlFault.TEXT_TOO_LONG:
                raise ScanStopped(XmlFault.DECLINED, stop.at) from None
            raise

    def read_plain_name(self, at: int) -> int:
        match = _NAME.match(self.document, at + 1)
        end = match.end() if match else at + 1
        following = self.read_byte(end)
        if not _PLAIN.fullmatch(self.document, at + 1, end) or following not in (
            b">",
            b"/",
            b" ",
            b"\t",
            b"\r",
            b"\n",
        ):
            raise ScanStopped(XmlFault.DECLINED, at)
        return end

    # ------------------------------------------------------------------------------------ elements

    def close_element(self, at: int) -> int:
        above = self.open[-1]
        end_position = self.read_end_tag(above.element.name.encode(), at)
        if not _is_complete(above):
            raise ScanStopped(XmlFault.ELEMENT_MISSING, at)
        self.open.pop()
        return end_position

    def open_element(self, at: int) -> int:
        above = self.open[-1]
        match = _NAME.match(self.document, at + 1)
        end = match.end() if match else at + 1
        self.read_byte(end)
        name = self.document[at + 1 : end]
        child = next((element for element in above.element.children if element.name.encode() == name), None)
        if child is None or len(name) > NAME_BYTES_MAX:
            if not above.element.is_lenient:
                is_odd = b":" in name or any(byte > 0x7F for byte in name)
                raise ScanStopped(XmlFault.DECLINED if is_odd else XmlFault.ELEMENT_UNKNOWN, at)
            return self.skip_element(at, self.read_plain_name(at))
        _check_position(above, child, at)
        above.child_names.append(child.name)
        if child.is_ignored:
            return self.skip_element(at, end)
        return self.read_value(child, end) if child.column else self.open_container(child, end)

    def open_container(self, element: XmlElement, end: int) -> int:
        end_position, (attribute, _, place) = self.read_tag_end(end)
        if attribute:
            raise ScanStopped(XmlFault.ATTRIBUTE_UNKNOWN, place)
        record = self.open[-1].record
        if element.record:
            within, columns = self.records[element.record]
            cells: dict[str, str | int] = dict.fromkeys(columns, "")
            self.rows[element.record].append(cells | {"within": len(self.rows[within]) - 1 if within else -1})
            record = element.record
        container = OpenElement(element, record=record)
        if self.document[end_position - 2 : end_position - 1] != b"/":
            self.open.append(container)
        elif not _is_complete(container):
            raise ScanStopped(XmlFault.ELEMENT_MISSING, end_position)
        return end_position

    def read_value(self, element: XmlElement, end: int) -> int:
        start, (attribute, content, place) = self.read_tag_end(end)
        if attribute and attribute.decode() != element.attribute[0]:
            raise ScanStopped(XmlFault.ATTRIBUTE_UNKNOWN, place)
        text, end_position = ScannedText(start, b"", False, False), start
        if self.document[start - 2 : start - 1] != b"/":
            text = self.read_text(start)
            following = self.read_byte(text.end + 1)
            if following != b"/":
                raise ScanStopped(
                    XmlFault.DECLINED if following in b"!?" else XmlFault.ELEMENT_UNKNOWN, text.end
                )
            end_position = self.read_end_tag(element.name.encode(), text.end)
        if text.has_carriage_return or (element.is_trimmed and text.has_reference):
            raise ScanStopped(XmlFault.DECLINED, end_position)
        self.store_text(
            element.column,
            element.joiner,
            text.content.strip(_SPACE) if element.is_trimmed else text.content,
            end_position,
        )
        if attribute:
            self.store_text(element.attribute[1], "", content, end_position)
        return end_position

    def store_text(self, column: str, joiner: str, text: bytes, at: int) -> None:
        record = self.open[-1].record
        number = len(self.rows[record]) - 1
        row, content = self.rows[record][number], text.decode("utf-8")
        if (record, number, column) not in self.filled:
            row[column] = content
        elif not joiner:
            raise ScanStopped(XmlFault.ELEMENT_REPEATED, at)
        elif content:
            row[column] = f"{row[column]}{joiner if row[column] else ''}{content}"
        self.filled.add((record, number, column))
        if len(str(row[column]).encode()) > TEXT_BYTES_MAX:
            raise ScanStopped(XmlFault.TEXT_TOO_LONG, at)


def _is_comment_unended(rest: bytes) -> bool:
    """Return whether the bytes after ``<!--`` may be the start of a comment; the last two bytes need a third to decide."""
    return b"--" not in rest[:-1] and not re.search(rb"[^\t\n\r -\x7f]", rest[:-2])


def _is_complete(container: OpenElement) -> bool:
    return {child.name for child in container.element.children if child.is_required} <= set(
        container.child_names
    )


def _check_position(above: OpenElement, child: XmlElement, at: int) -> None:
    if child.name in above.child_names and not child.is_repeatable:
        raise ScanStopped(XmlFault.ELEMENT_REPEATED, at)
    if above.element.is_lenient or not above.child_names:
        return
    places = _number_positions(above.element)
    last = above.child_names[-1]
    is_other = places[child.name] == places[last] and child.name not in above.child_names
    if places[child.name] < places[last] or is_other:
        raise ScanStopped(XmlFault.ELEMENT_MISPLACED, at)


def _number_positions(element: XmlElement) -> dict[str, int]:
    """Return the position of each child; alternatives share a position."""
    place, positions = -1, {}
    for child in element.children:
        place += not (child.is_alternative and place >= 0)
        positions[child.name] = place
    return positions
