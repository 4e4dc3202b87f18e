"""An XML message to rows, as plainly as it can be told: what the scanner takes, refuses and declines.

It reads a whole document at once, so that nothing is ever begun at the end of a chunk.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from core.tables.xml import DEPTH_MAX, NAME_BYTES_MAX, TEXT_BYTES_MAX, Element, Fault

_SPACE = b" \t\r\n"
_NAME = re.compile(rb"[0-9:;<=?-\xff]*")
_PLAIN = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_COMMENT = re.compile(rb"<!--(?:-?[\t\n\r -,.-\x7f])*-->")
_ATTRIBUTE = re.compile(rb"([A-Za-z_][A-Za-z0-9_]*)=(?:\"([ !#-%'-;=-~]*)\"|'([ -%(-;=-~]*)')")
_REFERENCE = re.compile(rb"&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6}));")
_NAMED = {b"amp": "&", b"lt": "<", b"gt": ">", b"quot": '"', b"apos": "'"}
_REFERENCE_BYTES_MAX = 10


class Stop(Exception):
    """The scan ends here."""

    def __init__(self, fault: Fault, at: int) -> None:
        super().__init__(fault.name, at)
        self.fault, self.at = fault, at


class Scanned(NamedTuple):
    """Rows by record, and what is wrong where."""

    rows: dict[str, list[dict[str, str | int]]]
    fault: Fault
    at: int


@dataclass
class Open:
    """An element that holds others and has not ended."""

    element: Element
    seen: list[str] = field(default_factory=list)
    record: str = ""
    """The record that it belongs to."""


class Text(NamedTuple):
    """A text as it stands: what it says, and what stands in it."""

    end: int
    said: bytes
    is_escaped: bool
    is_returned: bool


def scan(root: Element, document: bytes, at: int) -> Scanned:
    """The rows of ``document`` from byte ``at``, which stands behind the start tag of its root."""
    walk = _Walk(root, document)
    try:
        walk.run(at)
    except Stop as stop:
        return Scanned(walk.rows, stop.fault, stop.at)
    return Scanned(walk.rows, Fault.NONE, len(document))


def _records(element: Element, within: str = "") -> Iterator[tuple[str, str, list[str]]]:
    """Each record with the one that it stands in and its columns."""
    if element.record:
        yield element.record, within, list(dict.fromkeys(_columns(element)))
    for child in element.children:
        yield from _records(child, element.record or within)


def _columns(element: Element) -> Iterator[str]:
    yield from filter(None, (element.column, element.attribute[1]))
    for child in element.children:
        if not child.record:
            yield from _columns(child)


class _Walk:
    def __init__(self, root: Element, document: bytes) -> None:
        self.document, self.open = document, [Open(root, record=root.record)]
        self.records = {name: (within, columns) for name, within, columns in _records(root)}
        self.rows: dict[str, list[dict[str, str | int]]] = {name: [] for name in self.records}
        self.filled: set[tuple[str, int, str]] = set()

    def run(self, at: int) -> None:
        while True:
            at = self.behind_space(at)
            if at == len(self.document):
                if self.open:
                    raise Stop(Fault.TRUNCATED, at)
                return
            if self.document[at : at + 1] != b"<":
                self.misplaced(at)
            following = self.byte(at + 1)
            if following in b"!?":
                at = self.behind_comment(at)
            elif not self.open:
                raise Stop(Fault.CONTENT_BEHIND, at)
            elif following == b"/":
                at = self.leave(at)
            else:
                at = self.enter(at)

    # ------------------------------------------------------------------------------------ characters

    def byte(self, at: int) -> bytes:
        if at >= len(self.document):
            raise Stop(Fault.TRUNCATED, len(self.document))
        return self.document[at : at + 1]

    def behind_space(self, at: int) -> int:
        while self.document[at : at + 1] in tuple(_SPACE[i : i + 1] for i in range(4)):
            at += 1
        return at

    def misplaced(self, at: int) -> None:
        if not self.open:
            raise Stop(Fault.CONTENT_BEHIND, at)
        raise Stop(Fault.DECLINED if self.document[at : at + 1] == b"&" else Fault.TEXT_MISPLACED, at)

    def behind_comment(self, at: int) -> int:
        found = _COMMENT.match(self.document, at)
        if found:
            return found.end()
        start = self.document[at : at + 4]
        rest = self.document[at + 4 :]
        if len(self.document) <= at + 4 or (start == b"<!--" and _is_unended(rest)):
            raise Stop(Fault.TRUNCATED, len(self.document))
        raise Stop(Fault.DECLINED, at)

    def text(self, start: int) -> Text:
        """A text up to the ``<`` that ends it."""
        at, said, is_escaped, is_returned = start, bytearray(), False, False
        while self.byte_or_long(at, start, is_escaped) != b"<":
            step, piece = self.character(at)
            is_escaped |= self.document[at : at + 1] == b"&"
            is_returned |= self.document[at : at + 1] == b"\r"
            said += piece
            at += step
        if at - start > TEXT_BYTES_MAX:
            raise Stop(Fault.DECLINED if is_escaped or is_returned else Fault.TEXT_TOO_LONG, start)
        return Text(at, bytes(said), is_escaped, is_returned)

    def byte_or_long(self, at: int, start: int, is_escaped: bool) -> bytes:
        if at >= len(self.document) and at - start > TEXT_BYTES_MAX:
            held = self.document[start:at]
            raise Stop(Fault.DECLINED if is_escaped or b"\r" in held else Fault.TEXT_TOO_LONG, start)
        return self.byte(at)

    def character(self, at: int) -> tuple[int, bytes]:
        """How many bytes stand for a character, and which it is."""
        first = self.document[at]
        if first >= 0x80:
            return self.beyond_ascii(at)
        if first == ord("&"):
            return self.reference(at)
        if first == ord("]"):
            self.byte(at + 2)
            if self.document[at : at + 3] == b"]]>":
                raise Stop(Fault.MARKUP_INVALID, at)
        elif first < 0x20 and first not in _SPACE:
            raise Stop(Fault.CHARACTER_FORBIDDEN, at)
        return 1, self.document[at : at + 1]

    def beyond_ascii(self, at: int) -> tuple[int, bytes]:
        first = self.document[at]
        if not 0xC2 <= first <= 0xF4:
            raise Stop(Fault.NOT_UTF8, at)
        size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
        self.byte(at + size - 1)
        piece = self.document[at : at + size]
        try:
            letter = piece.decode("utf-8")
        except UnicodeDecodeError:
            raise Stop(Fault.NOT_UTF8, at) from None
        if letter in "\ufffe\uffff":
            raise Stop(Fault.CHARACTER_FORBIDDEN, at)
        return size, piece

    def reference(self, at: int) -> tuple[int, bytes]:
        self.byte(at + _REFERENCE_BYTES_MAX + 1)
        found = _REFERENCE.match(self.document, at, at + _REFERENCE_BYTES_MAX + 1)
        if found is None:
            is_number = self.document[at + 1 : at + 2] == b"#"
            raise Stop(Fault.DECLINED if is_number else Fault.ENTITY_UNKNOWN, at)
        if found[1]:
            return found.end() - at, _NAMED[found[1]].encode()
        number = int(found[2]) if found[2] else int(found[3], 16)
        is_character = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
        if not (is_character or 0x10000 <= number <= 0x10FFFF):
            raise Stop(Fault.DECLINED, at)
        return found.end() - at, chr(number).encode()

    # ------------------------------------------------------------------------------------ tags

    def tag_end(self, at: int) -> tuple[int, tuple[bytes, bytes, int]]:
        """Behind a start tag whose name ends at ``at``; its attribute's name and value, and where it stands."""
        found = (b"", b"", 0)
        while True:
            start = self.behind_space(at)
            self.byte(start + (self.document[start : start + 1] == b"/"))
            if self.document[start : start + 1] == b">":
                return start + 1, found
            if self.document[start : start + 2] == b"/>":
                return start + 2, found
            self.byte(start + 1)
            if start == at or self.document[start : start + 1] == b"/":
                raise Stop(Fault.MARKUP_INVALID, start)
            attribute = self.attribute(start)
            if found[0]:
                raise Stop(Fault.ATTRIBUTE_REPEATED if attribute[1] == found[0] else Fault.DECLINED, start)
            found, at = (attribute[1], attribute[2] or attribute[3] or b"", start), attribute.end()

    def attribute(self, start: int) -> re.Match[bytes]:
        found = _ATTRIBUTE.match(self.document, start)
        if found and found[1] != b"xmlns" and found.end() - found.end(1) - 2 <= TEXT_BYTES_MAX:
            return found
        name = re.compile(rb"[A-Za-z0-9_]*").match(self.document, start)
        middle = name.end() if name else start
        self.byte(middle + 1)
        quote = self.document[middle + 1 : middle + 2]
        is_begun = (
            middle > start and self.document[start] > ord("9") and self.document[start:middle] != b"xmlns"
        )
        is_quoted = self.document[middle : middle + 1] == b"=" and quote in (b'"', b"'")
        if is_begun and is_quoted and self.is_unended(middle + 2, quote):
            raise Stop(Fault.TRUNCATED, len(self.document))
        raise Stop(Fault.DECLINED, start)

    def is_unended(self, start: int, quote: bytes) -> bool:
        """Whether all that follows could stand in a value whose end is not there."""
        rest = self.document[start:]
        return re.fullmatch(rb"[ -%'-;=-~]*", rest) is not None and quote not in rest

    def end_tag(self, name: bytes, at: int) -> int:
        """Behind the end tag of an element, at whose ``<`` we stand."""
        self.byte(at + 2 + len(name))
        if self.document[at + 2 : at + 2 + len(name)] != name:
            raise Stop(Fault.TAG_MISMATCHED, at)
        end = self.behind_space(at + 2 + len(name))
        if self.byte(end) != b">":
            raise Stop(Fault.TAG_MISMATCHED, at)
        return end + 1

    def skip(self, at: int, end: int) -> int:
        """Behind an element that begins at ``at``, its name ending at ``end``, whatever it holds."""
        names: list[bytes] = []
        while True:
            behind, _ = self.tag_end(end)
            if len(self.open) + len(names) >= DEPTH_MAX:
                raise Stop(Fault.DEPTH_EXCEEDED, at)
            if self.document[behind - 2 : behind - 1] != b"/":
                names.append(self.document[at + 1 : end])
            at = behind
            while names:
                at = self.skipped_text(at)
                if self.byte(at + 1) != b"/":
                    break
                at = self.end_tag(names.pop(), at)
            if not names:
                return at
            end = self.plain_name(at)

    def skipped_text(self, at: int) -> int:
        try:
            return self.text(at).end
        except Stop as stop:
            if stop.fault is Fault.TEXT_TOO_LONG:
                raise Stop(Fault.DECLINED, stop.at) from None
            raise

    def plain_name(self, at: int) -> int:
        found = _NAME.match(self.document, at + 1)
        end = found.end() if found else at + 1
        following = self.byte(end)
        if not _PLAIN.fullmatch(self.document, at + 1, end) or following not in (
            b">",
            b"/",
            b" ",
            b"\t",
            b"\r",
            b"\n",
        ):
            raise Stop(Fault.DECLINED, at)
        return end

    # ------------------------------------------------------------------------------------ elements

    def leave(self, at: int) -> int:
        above = self.open[-1]
        behind = self.end_tag(above.element.name.encode(), at)
        if not _is_complete(above):
            raise Stop(Fault.ELEMENT_MISSING, at)
        self.open.pop()
        return behind

    def enter(self, at: int) -> int:
        above = self.open[-1]
        found = _NAME.match(self.document, at + 1)
        end = found.end() if found else at + 1
        self.byte(end)
        name = self.document[at + 1 : end]
        child = next((each for each in above.element.children if each.name.encode() == name), None)
        if child is None or len(name) > NAME_BYTES_MAX:
            if not above.element.lenient:
                is_odd = b":" in name or any(byte > 0x7F for byte in name)
                raise Stop(Fault.DECLINED if is_odd else Fault.ELEMENT_UNKNOWN, at)
            return self.skip(at, self.plain_name(at))
        _admit(above, child, at)
        above.seen.append(child.name)
        if child.ignored:
            return self.skip(at, end)
        return self.value(child, end) if child.column else self.begin(child, end)

    def begin(self, element: Element, end: int) -> int:
        behind, (attribute, _, place) = self.tag_end(end)
        if attribute:
            raise Stop(Fault.ATTRIBUTE_UNKNOWN, place)
        record = self.open[-1].record
        if element.record:
            within, columns = self.records[element.record]
            cells: dict[str, str | int] = dict.fromkeys(columns, "")
            self.rows[element.record].append(cells | {"within": len(self.rows[within]) - 1 if within else -1})
            record = element.record
        opened = Open(element, record=record)
        if self.document[behind - 2 : behind - 1] != b"/":
            self.open.append(opened)
        elif not _is_complete(opened):
            raise Stop(Fault.ELEMENT_MISSING, behind)
        return behind

    def value(self, element: Element, end: int) -> int:
        start, (attribute, said, place) = self.tag_end(end)
        if attribute and attribute.decode() != element.attribute[0]:
            raise Stop(Fault.ATTRIBUTE_UNKNOWN, place)
        text, behind = Text(start, b"", False, False), start
        if self.document[start - 2 : start - 1] != b"/":
            text = self.text(start)
            following = self.byte(text.end + 1)
            if following != b"/":
                raise Stop(Fault.DECLINED if following in b"!?" else Fault.ELEMENT_UNKNOWN, text.end)
            behind = self.end_tag(element.name.encode(), text.end)
        if text.is_returned or (element.trims and text.is_escaped):
            raise Stop(Fault.DECLINED, behind)
        self.put(
            element.column, element.joiner, text.said.strip(_SPACE) if element.trims else text.said, behind
        )
        if attribute:
            self.put(element.attribute[1], "", said, behind)
        return behind

    def put(self, column: str, joiner: str, text: bytes, at: int) -> None:
        record = self.open[-1].record
        number = len(self.rows[record]) - 1
        row, said = self.rows[record][number], text.decode("utf-8")
        if (record, number, column) not in self.filled:
            row[column] = said
        elif not joiner:
            raise Stop(Fault.ELEMENT_REPEATED, at)
        elif said:
            row[column] = f"{row[column]}{joiner if row[column] else ''}{said}"
        self.filled.add((record, number, column))
        if len(str(row[column]).encode()) > TEXT_BYTES_MAX:
            raise Stop(Fault.TEXT_TOO_LONG, at)


def _is_unended(rest: bytes) -> bool:
    """Whether what follows ``<!--`` may still become a comment; its last two bytes are not looked at by themselves."""
    return b"--" not in rest[:-1] and not re.search(rb"[^\t\n\r -\x7f]", rest[:-2])


def _is_complete(opened: Open) -> bool:
    return {child.name for child in opened.element.children if child.needed} <= set(opened.seen)


def _admit(above: Open, child: Element, at: int) -> None:
    if child.name in above.seen and not child.many:
        raise Stop(Fault.ELEMENT_REPEATED, at)
    if above.element.lenient or not above.seen:
        return
    places = _places(above.element)
    last = above.seen[-1]
    is_other = places[child.name] == places[last] and child.name not in above.seen
    if places[child.name] < places[last] or is_other:
        raise Stop(Fault.ELEMENT_MISPLACED, at)


def _places(element: Element) -> dict[str, int]:
    """Where each child stands; alternatives share a place."""
    place, found = -1, {}
    for child in element.children:
        place += not (child.either and place >= 0)
        found[child.name] = place
    return found
