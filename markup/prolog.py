"""The head of a document: what stands before the content of its root, where generators write what they always write."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from core.tables.xml import XmlFault, XmlMessage
from markup.rows import DocumentFaulty

PROLOG_BYTES_MAX = 2**16
"""Within these the root must have begun, or the scanner declines."""
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
    """What a document says that it is."""

    message: XmlMessage
    content_offset: int
    """The byte behind the start tag of its root."""


def parse_prolog(text: bytes, messages: Mapping[str, XmlMessage]) -> Prolog:
    """The head of a document that begins with ``text``, one of ``messages`` by namespace.

    Raises
    ------
    Faulty
        ``DECLINED`` for a head that needs a closer look.
    """
    at = len(_BYTE_ORDER_MARK) if text.startswith(_BYTE_ORDER_MARK) else 0
    if declared := _DECLARATION.match(text, at):
        at = declared.end()
    between = _MISC.match(text, at)
    at = between.end() if between else at
    if text.startswith(b"<!DOCTYPE", at):
        raise DocumentFaulty(XmlFault.DOCTYPE_FORBIDDEN, at)
    root = _ROOT.match(text, at)
    if root is None:
        raise DocumentFaulty(XmlFault.DECLINED, at)
    message = messages.get(_find_namespace(root[2], at))
    if message is None or message.root.name != root[1].decode("ascii"):
        raise DocumentFaulty(XmlFault.NAMESPACE_UNKNOWN, at)
    return Prolog(message, root.end())


def _find_namespace(attributes: bytes, at: int) -> str:
    """The namespace that the root declares, where all else that it says has no bearing on what follows."""
    found = [(prefix, name, value or other) for prefix, name, value, other in _ATTRIBUTE.findall(attributes)]
    declared = {name: value for prefix, name, value in found if prefix == b"xmlns"}
    namespaces = [value for prefix, name, value in found if not prefix and name == b"xmlns"]
    others = [(prefix, name) for prefix, name, _ in found if prefix and prefix != b"xmlns"]
    are_sound = all(value and value not in _XML_NAMESPACES for value in declared.values())
    are_known = all(prefix in declared for prefix, _ in others)
    is_odd = any(name.lower().startswith(_RESERVED_PREFIX) for name in declared) or len(
        {n for _, n in others}
    ) < len(others)
    is_once = len(declared) == sum(prefix == b"xmlns" for prefix, *_ in found)
    is_alone = len(namespaces) + len(others) + len(declared) == len(found)
    if len(namespaces) != 1 or not (are_sound and are_known and is_once and is_alone) or is_odd:
        raise DocumentFaulty(XmlFault.DECLINED, at)
    return namespaces[0].decode("ascii")
