"""Faults of a document as errors for its sender: position, excerpt, remedy."""

from collections.abc import Mapping
from typing import BinaryIO

from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from core.tables.xml import DEPTH_MAX, TEXT_BYTES_MAX, XmlFault, XmlMessage
from markup.rows import DocumentFaulty

_EXCERPT_BYTES, _NAME_LETTERS_MAX = 40, 60
_SEND_WHOLE = "Send the whole document"
_WRITE_WELL_FORMED = "Write well-formed XML in UTF-8"
_FOLLOW_SCHEMA = "Follow the schema of the message"

_MESSAGES: Mapping[XmlFault, tuple[type[InputError], str, str]] = {
    XmlFault.TRUNCATED: (FileUnreadable, "The document ends before its root does", _SEND_WHOLE),
    XmlFault.NOT_UTF8: (FileUnreadable, "Some bytes are not UTF-8", _WRITE_WELL_FORMED),
    XmlFault.CHARACTER_FORBIDDEN: (FileUnreadable, "XML does not allow this character", _WRITE_WELL_FORMED),
    XmlFault.DOCTYPE_FORBIDDEN: (
        FileUnreadable,
        "The document has a document type, which could define entities",
        "Send it without a document type",
    ),
    XmlFault.ENTITY_UNKNOWN: (
        FileUnreadable,
        "XML does not define this entity",
        "Write the character, or its number",
    ),
    XmlFault.TAG_MISMATCHED: (FileUnreadable, "The end tag does not match the element", _WRITE_WELL_FORMED),
    XmlFault.MARKUP_INVALID: (FileUnreadable, "The XML is not well-formed", _WRITE_WELL_FORMED),
    XmlFault.CONTENT_BEHIND: (
        FileUnreadable,
        "There is content after the end of the root",
        "Send one document per file",
    ),
    XmlFault.DEPTH_EXCEEDED: (
        LimitExceeded,
        "An element is nested too deep",
        f"Nest at most {DEPTH_MAX} elements",
    ),
    XmlFault.TEXT_TOO_LONG: (
        LimitExceeded,
        "A text is too long",
        f"Write texts of at most {TEXT_BYTES_MAX:,} bytes",
    ),
    XmlFault.ELEMENT_UNKNOWN: (
        FileUnreadable,
        "The message does not have this element",
        _FOLLOW_SCHEMA,
    ),
    XmlFault.ELEMENT_REPEATED: (FileUnreadable, "The element occurs more often than it may", _FOLLOW_SCHEMA),
    XmlFault.ELEMENT_MISPLACED: (
        FileUnreadable,
        "The element is not at its place in the order",
        _FOLLOW_SCHEMA,
    ),
    XmlFault.ELEMENT_MISSING: (
        FileUnreadable,
        "An element ends before all that it must contain",
        _FOLLOW_SCHEMA,
    ),
    XmlFault.ATTRIBUTE_UNKNOWN: (
        FileUnreadable,
        "The message does not have this attribute",
        _FOLLOW_SCHEMA,
    ),
    XmlFault.ATTRIBUTE_REPEATED: (FileUnreadable, "An attribute occurs twice", _WRITE_WELL_FORMED),
    XmlFault.TEXT_MISPLACED: (FileUnreadable, "There is text between elements", _FOLLOW_SCHEMA),
}


def describe_fault(
    error: DocumentFaulty, file: BinaryIO, name: str, *, messages: Mapping[str, XmlMessage]
) -> InputError:
    """Return the error for the sender of ``file``, who calls it ``name``; its text begins with the fault's code.

    ``messages`` are those that are read, by namespace.
    """
    if error.fault is XmlFault.NAMESPACE_UNKNOWN:
        finding = describe_namespace(error.namespace, messages)
        remedy = f"Send one of: {', '.join(sorted(map(_shorten, messages)))}"
        return FormatUnknown(f"{name}, byte {error.offset:,}", finding, remedy)
    error_type, fault, remedy = _MESSAGES[error.fault]
    file.seek(error.offset)
    excerpt = file.read(_EXCERPT_BYTES).decode("ascii", "backslashreplace")
    description = f"{error.fault.name}: {fault}" + (f": {excerpt!r}" if excerpt else "")
    return error_type(f"{name}, byte {error.offset:,}", description, remedy)


def describe_namespace(namespace: str, messages: Mapping[str, XmlMessage]) -> str:
    """Describe a root of this namespace that is none of ``messages``; the text begins with the fault's code."""
    code = XmlFault.NAMESPACE_UNKNOWN.name
    if not namespace:
        return f"{code}: The root has no namespace, which names the message and its version"
    if namespace in messages:
        return f"{code}: The root is not the element {messages[namespace].root.name}"
    return f"{code}: This is {_shorten(namespace)[:_NAME_LETTERS_MAX]!a}, another message or version"


def _shorten(namespace: str) -> str:
    """Return what follows the last colon: ``pain.001.001.09``."""
    return namespace.rpartition(":")[2]
