"""Faults of a document as errors for its sender: position, excerpt, remedy."""

from collections.abc import Mapping
from typing import BinaryIO

from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from core.tables.xml import DEPTH_MAX, TEXT_BYTES_MAX, XmlFault
from markup.rows import DocumentFaulty

_EXCERPT_BYTES = 40
_SEND_WHOLE = "Send it whole"
_WRITE_WELL_FORMED = "Write well-formed XML in UTF-8"
_FOLLOW_SCHEMA = "Follow the schema of the message"

_MESSAGES: Mapping[XmlFault, tuple[type[InputError], str, str]] = {
    XmlFault.TRUNCATED: (FileUnreadable, "The document ends before its root does", _SEND_WHOLE),
    XmlFault.NOT_UTF8: (FileUnreadable, "Bytes that are not UTF-8", _WRITE_WELL_FORMED),
    XmlFault.CHARACTER_FORBIDDEN: (FileUnreadable, "A character that XML does not allow", _WRITE_WELL_FORMED),
    XmlFault.DOCTYPE_FORBIDDEN: (
        FileUnreadable,
        "A document type, which could define entities",
        "Send it without",
    ),
    XmlFault.ENTITY_UNKNOWN: (
        FileUnreadable,
        "An entity that XML does not have",
        "Write the character, or its number",
    ),
    XmlFault.TAG_MISMATCHED: (FileUnreadable, "An end tag that ends another element", _WRITE_WELL_FORMED),
    XmlFault.MARKUP_INVALID: (FileUnreadable, "Not well-formed XML", _WRITE_WELL_FORMED),
    XmlFault.CONTENT_BEHIND: (
        FileUnreadable,
        "Content after the end of the root",
        "Send one document a file",
    ),
    XmlFault.DEPTH_EXCEEDED: (LimitExceeded, "An element too deep", f"Nest at most {DEPTH_MAX} elements"),
    XmlFault.TEXT_TOO_LONG: (
        LimitExceeded,
        "A text too long",
        f"Write texts of at most {TEXT_BYTES_MAX:,} bytes",
    ),
    XmlFault.NAMESPACE_UNKNOWN: (
        FormatUnknown,
        "Another message, or another version",
        "Send a supported one",
    ),
    XmlFault.ELEMENT_UNKNOWN: (
        FileUnreadable,
        "An element that the message does not have",
        _FOLLOW_SCHEMA,
    ),
    XmlFault.ELEMENT_REPEATED: (FileUnreadable, "An element that occurs already", _FOLLOW_SCHEMA),
    XmlFault.ELEMENT_MISPLACED: (FileUnreadable, "An element out of its order", _FOLLOW_SCHEMA),
    XmlFault.ELEMENT_MISSING: (
        FileUnreadable,
        "An element ends without all that it must contain",
        _FOLLOW_SCHEMA,
    ),
    XmlFault.ATTRIBUTE_UNKNOWN: (
        FileUnreadable,
        "An attribute that the message does not have",
        _FOLLOW_SCHEMA,
    ),
    XmlFault.ATTRIBUTE_REPEATED: (FileUnreadable, "An attribute occurs twice", _WRITE_WELL_FORMED),
    XmlFault.TEXT_MISPLACED: (FileUnreadable, "Text between elements", _FOLLOW_SCHEMA),
}


def describe_fault(error: DocumentFaulty, file: BinaryIO, name: str) -> InputError:
    """Return the error for the sender of ``file``, who calls it ``name``; its text begins with the fault's code."""
    error_type, fault, remedy = _MESSAGES[error.fault]
    file.seek(error.offset)
    excerpt = file.read(_EXCERPT_BYTES).decode("ascii", "backslashreplace")
    description = f"{error.fault.name}: {fault}" + (f": {excerpt!r}" if excerpt else "")
    return error_type(f"{name}, byte {error.offset:,}", description, remedy)
