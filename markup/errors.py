"""What is wrong with a document, in words: where, what stands there, what to do."""

from collections.abc import Mapping
from typing import BinaryIO

from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from core.tables.xml import DEPTH_MAX, TEXT_BYTES_MAX, Fault
from markup.rows import Faulty

_EXCERPT_BYTES = 40
_WHOLE = "Send it whole"
_SOUND = "Write well-formed XML in UTF-8"
_SCHEMA = "Write the message as its schema has it"

_WORDS: Mapping[Fault, tuple[type[InputError], str, str]] = {
    Fault.TRUNCATED: (FileUnreadable, "The document ends before its root does", _WHOLE),
    Fault.NOT_UTF8: (FileUnreadable, "Bytes that are not UTF-8", _SOUND),
    Fault.CHARACTER_FORBIDDEN: (FileUnreadable, "A character that XML does not allow", _SOUND),
    Fault.DOCTYPE_FORBIDDEN: (
        FileUnreadable,
        "A document type, which could define entities",
        "Send it without",
    ),
    Fault.ENTITY_UNKNOWN: (
        FileUnreadable,
        "An entity that XML does not have",
        "Write the character, or its number",
    ),
    Fault.TAG_MISMATCHED: (FileUnreadable, "An end tag that ends another element", _SOUND),
    Fault.MARKUP_INVALID: (FileUnreadable, "Not well-formed XML", _SOUND),
    Fault.CONTENT_BEHIND: (FileUnreadable, "Something stands behind the root", "Send one document a file"),
    Fault.DEPTH_EXCEEDED: (LimitExceeded, "An element too deep", f"Nest at most {DEPTH_MAX} elements"),
    Fault.TEXT_TOO_LONG: (
        LimitExceeded,
        "A text too long",
        f"Write texts of at most {TEXT_BYTES_MAX:,} bytes",
    ),
    Fault.NAMESPACE_UNKNOWN: (
        FormatUnknown,
        "Another message, or another version",
        "Send one that is read here",
    ),
    Fault.ELEMENT_UNKNOWN: (FileUnreadable, "An element that does not stand in the message", _SCHEMA),
    Fault.ELEMENT_REPEATED: (FileUnreadable, "An element that stands there already", _SCHEMA),
    Fault.ELEMENT_MISPLACED: (FileUnreadable, "An element out of its order", _SCHEMA),
    Fault.ELEMENT_MISSING: (FileUnreadable, "An element ends without all that it must hold", _SCHEMA),
    Fault.ATTRIBUTE_UNKNOWN: (FileUnreadable, "An attribute that does not stand in the message", _SCHEMA),
    Fault.ATTRIBUTE_REPEATED: (FileUnreadable, "An attribute stands there twice", _SOUND),
    Fault.TEXT_MISPLACED: (FileUnreadable, "Text between elements", _SCHEMA),
}


def refusal(error: Faulty, file: BinaryIO, name: str) -> InputError:
    """What to tell the sender of ``file``, who calls it ``name``; the code stands in front."""
    kind, found, remedy = _WORDS[error.fault]
    file.seek(error.offset)
    excerpt = file.read(_EXCERPT_BYTES).decode("ascii", "backslashreplace")
    told = f"{error.fault.name}: {found}" + (f": {excerpt!r}" if excerpt else "")
    return kind(f"{name}, byte {error.offset:,}", told, remedy)
