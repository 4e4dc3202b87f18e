"""A document to rows, by lxml: whatever XML allows, slowly; what the scanner declines, and what it is held to.

It follows the same declaration over the events of the parser, so that both say the same of the same document.
"""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, NamedTuple

from lxml.etree import XMLParser, XMLSyntaxError

from core.tables.xml import DEPTH_MAX, TEXT_BYTES_MAX, Fault, Message
from markup.compiler import Compiled, Node, compiled
from markup.row_builder import Building
from markup.rows import Faulty, Rows

_BLOCK_BYTES = 2**16
_SPACE = " \t\r\n"
_AMPERSAND = "&#38;"
"""How the parser, as it is to resolve no entities, gives every ampersand in an attribute's value."""
_FAULTS: Mapping[int, Fault] = {
    5: Fault.CONTENT_BEHIND,
    9: Fault.CHARACTER_FORBIDDEN,
    26: Fault.ENTITY_UNKNOWN,
    27: Fault.ENTITY_UNKNOWN,
    42: Fault.ATTRIBUTE_REPEATED,
    76: Fault.TAG_MISMATCHED,
    77: Fault.TRUNCATED,
    81: Fault.NOT_UTF8,
}
"""By number of the error in libxml2 (``xmlParserErrors``); any other is MARKUP_INVALID."""


class Found(NamedTuple):
    """A document that has begun: what it is, and its rows."""

    message: Message
    rows: Iterator[Rows]


def read(file: BinaryIO, messages: Mapping[str, Message]) -> Found:
    """What a document is, one of ``messages`` by namespace, and its rows.

    Raises
    ------
    Faulty
        At a byte at or just behind what is wrong; for what comes later, from the iterator.
    """
    walk = _Walk(messages)
    parsing = _parsed(file, walk)
    for _ in parsing:
        if walk.is_begun:
            return Found(walk.compiled.message, _rows(walk, parsing))
    raise Faulty(Fault.TRUNCATED, file.tell())


def _rows(walk: "_Walk", parsing: Iterator[None]) -> Iterator[Rows]:
    for _ in parsing:
        if walk.building.is_full:
            yield from walk.building.taken()
    yield from walk.building.taken()


def _parsed(file: BinaryIO, walk: "_Walk") -> Iterator[None]:
    """Feed the parser, block after block."""
    parser, offset, start = _parser(walk), 0, file.tell()
    otherwise = Fault.MARKUP_INVALID
    try:
        while block := file.read(_BLOCK_BYTES):
            parser.feed(block)
            offset += len(block)
            yield
        otherwise = Fault.TRUNCATED
        parser.close()
        yield
    except XMLSyntaxError as error:
        fault = _FAULTS.get(error.code or 0, otherwise)
    except Faulty as error:
        fault = error.fault
    else:
        return
    raise Faulty(fault, _place(file, (start, offset), walk))


def _place(file: BinaryIO, where: tuple[int, int], walk: "_Walk") -> int:
    """The byte with which a document, found wrong in a block at ``where``, shows that it is: the parser tells lines."""
    start, offset = where
    file.seek(start)
    parser, at = _parser(_Walk(walk.messages)), 0
    while at < offset:
        parser.feed(file.read(min(_BLOCK_BYTES, offset - at)))
        at = min(at + _BLOCK_BYTES, offset)
    try:
        for at, byte in enumerate(file.read(_BLOCK_BYTES), offset):  # noqa: B007
            parser.feed(bytes((byte,)))
    except (XMLSyntaxError, Faulty):
        return at
    return file.tell() - start


def _parser(walk: "_Walk") -> Any:
    return XMLParser(target=walk, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


class _Walk:
    """Follows the events of the parser through the tree of a message."""

    def __init__(self, messages: Mapping[str, Message]) -> None:
        self.messages, self.is_begun = messages, False
        self.compiled: Compiled
        self.building: Building
        self._prefix = ""
        self._open: list[Node] = []
        self._seen: list[tuple[int, int]] = []
        """Of each open element: bits of the children met, position of the last."""
        self._ignored = 0
        """Elements open below the first that is passed over, itself included."""
        self._text: list[str] = []
        self._length, self._attribute = 0, None

    # ------------------------------------------------------------------------------------ what lxml calls

    def doctype(self, *_: Any) -> None:
        """Refuse a document type."""
        raise Faulty(Fault.DOCTYPE_FORBIDDEN, 0)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        if len(self._open) + self._ignored >= DEPTH_MAX:
            raise Faulty(Fault.DEPTH_EXCEEDED, 0)
        if self._ignored:
            self._ignored += 1
        elif not self._open:
            self._begin_root(tag, attributes)
        else:
            self._begin(tag, attributes)

    def data(self, text: str) -> None:
        """Take in some text."""
        if self._ignored or not self._open:
            return
        if self._open[-1].column >= 0:
            self._text.append(text)
            self._length += len(text)
            if self._length > TEXT_BYTES_MAX:
                raise Faulty(Fault.TEXT_TOO_LONG, 0)
        elif text.strip(_SPACE):
            raise Faulty(Fault.TEXT_MISPLACED, 0)

    def end(self, _tag: str) -> None:
        """End an element."""
        if self._ignored:
            self._ignored -= 1
            return
        node = self._open.pop()
        seen, _ = self._seen.pop()
        if node.column >= 0:
            self._keep(node)
        elif seen & node.needed != node.needed:
            raise Faulty(Fault.ELEMENT_MISSING, 0)
        if node.element.record:
            self.building.close_row(node.record)

    def comment(self, _text: str) -> None:
        """Pass over a comment."""

    def pi(self, _target: str, _text: str | None = None) -> None:
        """Pass over a processing instruction."""

    def close(self) -> None:
        """End the document."""

    # ------------------------------------------------------------------------------------ elements

    def _begin_root(self, tag: str, attributes: Mapping[str, str]) -> None:
        namespace, _, name = tag.removeprefix("{").rpartition("}")
        message = self.messages.get(namespace)
        if message is None or message.root.name != name:
            raise Faulty(Fault.NAMESPACE_UNKNOWN, 0)
        if any(not key.startswith("{") for key in attributes):
            raise Faulty(Fault.ATTRIBUTE_UNKNOWN, 0)
        self.compiled, self.is_begun = compiled(message), True
        self.building = Building(self.compiled)
        self._prefix = f"{{{namespace}}}"
        self._push(self.compiled.nodes[0])

    def _begin(self, tag: str, attributes: Mapping[str, str]) -> None:
        above = self._open[-1]
        number = above.children.get(tag.removeprefix(self._prefix)) if tag.startswith(self._prefix) else None
        if number is None:
            if above.element.lenient:
                self._ignored = 1
                return
            raise Faulty(Fault.ELEMENT_UNKNOWN, 0)
        node = self.compiled.nodes[number]
        self._admit(above, node)
        if node.element.ignored:
            self._ignored = 1
            return
        wanted, _ = node.element.attribute
        if attributes.keys() - {wanted}:
            raise Faulty(Fault.ATTRIBUTE_UNKNOWN, 0)
        if node.element.record:
            self.building.open_row(node.record)
        self._text, self._length, self._attribute = [], 0, _meant(attributes.get(wanted))
        self._push(node)

    def _admit(self, above: Node, node: Node) -> None:
        seen, last = self._seen[-1]
        is_met = bool(seen >> node.bit & 1)
        if is_met and not node.element.many:
            raise Faulty(Fault.ELEMENT_REPEATED, 0)
        is_late = node.position < last or (node.position == last and not is_met)
        if is_late and not above.element.lenient:
            raise Faulty(Fault.ELEMENT_MISPLACED, 0)
        self._seen[-1] = seen | 1 << node.bit, node.position

    def _push(self, node: Node) -> None:
        self._open.append(node)
        self._seen.append((0, -1))

    def _keep(self, node: Node) -> None:
        text = "".join(self._text)
        self.building.put(node.column, text.strip(_SPACE) if node.element.trims else text)
        if self._attribute is not None:
            self.building.put(node.attribute_column, self._attribute)


def _meant(value: str | None) -> str | None:
    return value.replace(_AMPERSAND, "&") if value else value
