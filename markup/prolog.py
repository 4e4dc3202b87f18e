"""The XML prolog and the start tag of the root; the common forms are recognised without lxml.

Documents with any other prolog are ``DECLINED``: lxml reads them.  So these patterns may allow less than XML does, but
must not allow anything that would change the meaning of what follows.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from core.tables.xml import XmlFault, XmlMessage
from markup.rows import DocumentFaulty

PROLOG_BYTES_MAX = 2**16
"""The root must begin within these, or the scanner declines."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SPACE = rb"[ \t\r\n]"
_QUOTED = rb"""(?:"%s"|'%s')"""
_DECLARATION = re.compile(
    rb"<\?xml%s+version=%s(?:%s+encoding=%s)?(?:%s+standalone=%s)?%s*\?>"
    % (_SPACE, _QUOTED % (rb"1\.0", rb"1\.0"), _SPACE, _QUOTED % ((rb"(?i:utf-8)",) * 2), _SPACE,
       _QUOTED % ((rb"(?:yes|no)",) * 2), _SPACE)
)  # fmt: skip
_MISC = re.compile(rb"(?:%s|<!--(?:-?[\t\n\r -,.-~])*-->)*" % _SPACE)
_NAME = rb"[A-Za-z_][A-Za-z0-9_]*"
_ATTRIBUTE = re.compile(
    rb"%s+(?:(%s):)?(%s)=(?:\"([ !#-%%'-;=-~]*)\"|'([ !-%%(-;=-~]*)')" % (_SPACE, _NAME, _NAME)
)
_ROOT = re.compile(rb"<(%s)((?:%s)*)%s*>" % (_NAME, _ATTRIBUTE.pattern, _SPACE))
_XML_NAMESPACES = b"http://www.w3.org/XML/1998/namespace", b"http://www.w3.org/2000/xmlns/"
_RESERVED_PREFIX = b"xml"


class Prolog(NamedTuple):
    """The message that a document declares, and where its content begins."""

    message: XmlMessage
    content_offset: int
    """The byte after the start tag of the root."""


class _Attribute(NamedTuple):
    """An attribute of the root; the prefix is empty for a name without one."""

    prefix: bytes
    name: bytes
    value: bytes


def parse_prolog(text: bytes, messages: Mapping[str, XmlMessage]) -> Prolog:
    """Parse the start of a document that is one of ``messages``, by namespace.

    Raises
    ------
    DocumentFaulty
        ``DECLINED`` if lxml must read the document; otherwise it is refused.
    """
    offset = _find_root(text)
    if text.startswith(b"<!DOCTYPE", offset):
        raise DocumentFaulty(XmlFault.DOCTYPE_FORBIDDEN, offset)
    root = _ROOT.match(text, offset)
    namespace = _find_namespace(_parse_attributes(root[2])) if root else None
    if root is None or namespace is None:
        raise DocumentFaulty(XmlFault.DECLINED, offset)
    message = messages.get(namespace)
    if message is None or message.root.name != root[1].decode("ascii"):
        raise DocumentFaulty(XmlFault.NAMESPACE_UNKNOWN, offset, namespace)
    return Prolog(message, root.end())


def _find_root(text: bytes) -> int:
    """Return the offset after the byte order mark, the XML declaration, white space and comments."""
    offset = len(_BYTE_ORDER_MARK) if text.startswith(_BYTE_ORDER_MARK) else 0
    for optional_part in (_DECLARATION, _MISC):
        if match := optional_part.match(text, offset):
            offset = match.end()
    return offset


def _parse_attributes(text: bytes) -> list[_Attribute]:
    matches = _ATTRIBUTE.findall(text)
    return [_Attribute(prefix, name, double or single) for prefix, name, double, single in matches]


def _find_namespace(attributes: Sequence[_Attribute]) -> str | None:
    """Return the default namespace; None if it is missing or another attribute is not surely harmless.

    Harmless are declarations of prefixes, and attributes with a declared prefix such as ``xsi:schemaLocation``.
    """
    defaults = [
        attribute for attribute in attributes if (attribute.prefix, attribute.name) == (b"", b"xmlns")
    ]
    declarations = [attribute for attribute in attributes if attribute.prefix == b"xmlns"]
    prefixed = [attribute for attribute in attributes if attribute.prefix not in {b"", b"xmlns"}]
    has_others = len(defaults) + len(declarations) + len(prefixed) < len(attributes)
    prefixes = {attribute.name for attribute in declarations}
    is_harmless = _are_valid_declarations(declarations) and _are_valid_names(prefixed, prefixes)
    if len(defaults) != 1 or has_others or not is_harmless:
        return None
    return defaults[0].value.decode("ascii")


def _are_valid_declarations(declarations: Sequence[_Attribute]) -> bool:
    """Return whether each prefix is declared once, is not reserved, and stands for an ordinary namespace."""
    prefixes = [declaration.name for declaration in declarations]
    is_reserved = any(prefix.lower().startswith(_RESERVED_PREFIX) for prefix in prefixes)
    are_ordinary = all(
        declaration.value and declaration.value not in _XML_NAMESPACES for declaration in declarations
    )
    return len(set(prefixes)) == len(prefixes) and not is_reserved and are_ordinary


def _are_valid_names(prefixed: Sequence[_Attribute], prefixes: set[bytes]) -> bool:
    """Return whether all prefixes are declared and no local name occurs twice: two prefixes may mean one namespace."""
    names = [attribute.name for attribute in prefixed]
    return len(set(names)) == len(names) and all(attribute.prefix in prefixes for attribute in prefixed)
