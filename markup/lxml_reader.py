"""Reading of a document by lxml: all of XML, slowly; for documents that the scanner declines, and to test the scanner.

It follows the same declaration as the scanner over the events of the parser, so that both give the same rows.
"""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from lxml.etree import XMLParser, XMLSyntaxError

from core.tables.xml import DEPTH_MAX, TEXT_BYTES_MAX, XmlFault, XmlMessage
from markup.compiler import CompiledMessage, CompiledNode, compile_message
from markup.row_builder import RowBuilder
from markup.rows import Document, DocumentFaulty, RecordRows

_BLOCK_BYTES = 2**16
_SPACE = " \t\r\n"
_AMPERSAND = "&#38;"
"""How the parser, which must not resolve entities, returns an ampersand in the value of an attribute."""
_FAULTS: Mapping[int, XmlFault] = {
    5: XmlFault.CONTENT_BEHIND,
    9: XmlFault.CHARACTER_FORBIDDEN,
    26: XmlFault.ENTITY_UNKNOWN,
    27: XmlFault.ENTITY_UNKNOWN,
    42: XmlFault.ATTRIBUTE_REPEATED,
    76: XmlFault.TAG_MISMATCHED,
    77: XmlFault.TRUNCATED,
    81: XmlFault.NOT_UTF8,
}
"""By error number of libxml2 (``xmlParserErrors``); any other is MARKUP_INVALID."""


def read_document(file: BinaryIO, messages: Mapping[str, XmlMessage]) -> Document:
    """Read a document that is one of ``messages``, by namespace.

    Raises
    ------
    DocumentFaulty
        With the byte at or just after the fault; later faults are raised by the iterator of rows.
    """
    handler = _EventHandler(messages)
    blocks = _feed_parser(file, handler)
    for _ in blocks:
        if handler.has_root:
            return Document(handler.compiled.message, _read_rows(handler, blocks))
    raise DocumentFaulty(XmlFault.TRUNCATED, file.tell())


def _read_rows(handler: "_EventHandler", blocks: Iterator[None]) -> Iterator[RecordRows]:
    for _ in blocks:
        if handler.row_builder.is_full:
            yield from handler.row_builder.take_rows()
    yield from handler.row_builder.take_rows()


def _feed_parser(file: BinaryIO, handler: "_EventHandler") -> Iterator[None]:
    """Feed the parser block by block; yield after each."""
    parser, offset, start, namespace = _create_parser(handler), 0, file.tell(), ""
    default_fault = XmlFault.MARKUP_INVALID
    try:
        while block := file.read(_BLOCK_BYTES):
            parser.feed(block)
            offset += len(block)
            yield
        default_fault = XmlFault.TRUNCATED
        parser.close()
        yield
    except XMLSyntaxError as error:
        fault = _FAULTS.get(error.code or 0, default_fault)
    except DocumentFaulty as error:
        fault, namespace = error.fault, error.namespace
    else:
        return
    raise DocumentFaulty(fault, _locate_fault(file, handler, start=start, block_offset=offset), namespace)


def _locate_fault(file: BinaryIO, handler: "_EventHandler", *, start: int, block_offset: int) -> int:
    """Return the offset of the byte at which the parser detects a fault of the block at ``block_offset``.

    The parser reports lines only, so the block is parsed again byte by byte.
    """
    file.seek(start)
    parser, at = _create_parser(_EventHandler(handler.messages)), 0
    while at < block_offset:
        parser.feed(file.read(min(_BLOCK_BYTES, block_offset - at)))
        at = min(at + _BLOCK_BYTES, block_offset)
    try:
        for at, byte in enumerate(file.read(_BLOCK_BYTES), block_offset):  # noqa: B007
            parser.feed(bytes((byte,)))
    except (XMLSyntaxError, DocumentFaulty):
        return at
    return file.tell() - start


def _create_parser(handler: "_EventHandler") -> Any:
    return XMLParser(target=handler, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


class _EventHandler:
    """Follows the events of the parser through the tree of a message."""

    def __init__(self, messages: Mapping[str, XmlMessage]) -> None:
        self.messages, self.has_root = messages, False
        self.compiled: CompiledMessage
        self.row_builder: RowBuilder
        self._prefix = ""
        self._open_nodes: list[CompiledNode] = []
        self._seen: list[tuple[int, int]] = []
        """For each open element: bits of the children that occurred, position of the last."""
        self._ignored_depth = 0
        """Open elements from the ignored one on, itself included."""
        self._text: list[str] = []
        self._length, self._attribute = 0, None

    # ------------------------------------------------------------------------------------ called by lxml

    def doctype(self, *_: Any) -> None:
        """Refuse a document type."""
        raise DocumentFaulty(XmlFault.DOCTYPE_FORBIDDEN, 0)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        if len(self._open_nodes) + self._ignored_depth >= DEPTH_MAX:
            raise DocumentFaulty(XmlFault.DEPTH_EXCEEDED, 0)
        if self._ignored_depth:
            self._ignored_depth += 1
        elif not self._open_nodes:
            self._begin_root(tag, attributes)
        else:
            self._begin_element(tag, attributes)

    def data(self, text: str) -> None:
        """Collect text."""
        if self._ignored_depth or not self._open_nodes:
            return
        if self._open_nodes[-1].column >= 0:
            self._text.append(text)
            self._length += len(text)
            if self._length > TEXT_BYTES_MAX:
                raise DocumentFaulty(XmlFault.TEXT_TOO_LONG, 0)
        elif text.strip(_SPACE):
            raise DocumentFaulty(XmlFault.TEXT_MISPLACED, 0)

    def end(self, _tag: str) -> None:
        """End an element."""
        if self._ignored_depth:
            self._ignored_depth -= 1
            return
        node = self._open_nodes.pop()
        child_bits, _ = self._seen.pop()
        if node.column >= 0:
            self._store_text(node)
        elif child_bits & node.required_bits != node.required_bits:
            raise DocumentFaulty(XmlFault.ELEMENT_MISSING, 0)
        if node.element.record:
            self.row_builder.close_row(node.record)

    def comment(self, _text: str) -> None:
        """Skip a comment."""

    def pi(self, _target: str, _text: str | None = None) -> None:
        """Skip a processing instruction."""

    def close(self) -> None:
        """End the document."""

    # ------------------------------------------------------------------------------------ elements

    def _begin_root(self, tag: str, attributes: Mapping[str, str]) -> None:
        namespace, _, name = tag.removeprefix("{").rpartition("}")
        message = self.messages.get(namespace)
        if message is None or message.root.name != name:
            raise DocumentFaulty(XmlFault.NAMESPACE_UNKNOWN, 0, namespace)
        if any(not key.startswith("{") for key in attributes):
            raise DocumentFaulty(XmlFault.ATTRIBUTE_UNKNOWN, 0)
        self.compiled, self.has_root = compile_message(message), True
        self.row_builder = RowBuilder(self.compiled)
        self._prefix = f"{{{namespace}}}"
        self._push(self.compiled.nodes[0])

    def _begin_element(self, tag: str, attributes: Mapping[str, str]) -> None:
        parent = self._open_nodes[-1]
        number = parent.children.get(tag.removeprefix(self._prefix)) if tag.startswith(self._prefix) else None
        if number is None:
            if parent.element.is_lenient:
                self._ignored_depth = 1
                return
            raise DocumentFaulty(XmlFault.ELEMENT_UNKNOWN, 0)
        node = self.compiled.nodes[number]
        self._check_order(parent, node)
        if node.element.is_ignored:
            self._ignored_depth = 1
            return
        attribute_name, _ = node.element.attribute
        if attributes.keys() - {attribute_name}:
            raise DocumentFaulty(XmlFault.ATTRIBUTE_UNKNOWN, 0)
        if node.element.record:
            self.row_builder.open_row(node.record)
        self._text, self._length, self._attribute = (
            [],
            0,
            _unescape_ampersands(attributes.get(attribute_name)),
        )
        self._push(node)

    def _check_order(self, parent: CompiledNode, node: CompiledNode) -> None:
        child_bits, last = self._seen[-1]
        has_occurred = bool(child_bits >> node.bit & 1)
        if has_occurred and not node.element.is_repeatable:
            raise DocumentFaulty(XmlFault.ELEMENT_REPEATED, 0)
        is_late = node.position < last or (node.position == last and not has_occurred)
        if is_late and not parent.element.is_lenient:
            raise DocumentFaulty(XmlFault.ELEMENT_MISPLACED, 0)
        self._seen[-1] = child_bits | 1 << node.bit, node.position

    def _push(self, node: CompiledNode) -> None:
        self._open_nodes.append(node)
        self._seen.append((0, -1))

    def _store_text(self, node: CompiledNode) -> None:
        text = "".join(self._text)
        self.row_builder.write_text(node.column, text.strip(_SPACE) if node.element.is_trimmed else text)
        if self._attribute is not None:
            self.row_builder.write_text(node.attribute_column, self._attribute)


def _unescape_ampersands(value: str | None) -> str | None:
    return value.replace(_AMPERSAND, "&") if value else value
