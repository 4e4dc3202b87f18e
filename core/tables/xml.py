"""The vocabulary of XML messages: their declaration, their faults, and the tables of the scanner.

A message is declared as a tree of elements.  Some elements are *records*: each of them becomes a row.  Some contain a
*value*: its text becomes that row's cell in a column.  All other declared elements are skipped, unknown ones refused.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from core.tables.columns import Byte, Code, Hash64, Index, Offset

DEPTH_MAX = 64
"""Depth of nested elements; ISO 20022 nests about fifteen."""
TEXT_BYTES_MAX = 2**16
"""Bytes of a value, in UTF-8."""
NAME_BYTES_MAX = 32
CHILDREN_MAX = 64


class XmlFault(IntEnum):
    """The fault of a document.  The numbers are reported to senders: append only."""

    NONE = 0
    DECLINED = 1
    """Perhaps no fault: the scanner leaves the document to the slower reader."""
    TRUNCATED = 2
    NOT_UTF8 = 3
    CHARACTER_FORBIDDEN = 4
    """A control character, or another character that XML does not allow."""
    DOCTYPE_FORBIDDEN = 5
    ENTITY_UNKNOWN = 6
    TAG_MISMATCHED = 7
    MARKUP_INVALID = 8
    """Not well-formed in any other way."""
    CONTENT_BEHIND = 9
    """A second root, or other content after the root."""
    DEPTH_EXCEEDED = 10
    TEXT_TOO_LONG = 11
    NAMESPACE_UNKNOWN = 12
    """The namespace of another message, of another version, or none."""
    ELEMENT_UNKNOWN = 13
    ELEMENT_REPEATED = 14
    ELEMENT_MISPLACED = 15
    """An element after one that it must precede."""
    ELEMENT_MISSING = 16
    ATTRIBUTE_UNKNOWN = 17
    ATTRIBUTE_REPEATED = 18
    TEXT_MISPLACED = 19
    """Text between elements."""


@dataclass(frozen=True, slots=True)
class XmlElement:
    """An element that a message may contain below its parent element."""

    name: str
    children: tuple["XmlElement", ...] = ()
    """In the required order."""
    column: str = ""
    """The column of its text; empty for an element without a value."""
    joiner: str = ""
    """One ASCII character between its texts, where a row may have several."""
    is_trimmed: bool = False
    """White space around the text is removed."""
    attribute: tuple[str, str] = ("", "")
    """An attribute and its column; all other attributes are refused."""
    record: str = ""
    """The record of which each such element is a row."""
    is_early: bool = False
    """All its values precede its inner records: its row is complete where the first of them begins."""
    is_repeatable: bool = False
    is_required: bool = False
    is_alternative: bool = False
    """It may occur in place of the element before it."""
    is_ignored: bool = False
    """Its content is skipped, but must be well-formed."""
    is_lenient: bool = False
    """Its children may come in any order, and unknown ones are skipped."""


@dataclass(frozen=True, slots=True)
class XmlMessage:
    """One version of one message."""

    namespace: str
    root: XmlElement


class Grammar(NamedTuple):
    """A message as the scanner reads it: rows by node (element of the tree), by slot, by column, by record."""

    name: Hash64
    """By node: four words with the letters of its name, padded with zeros."""
    length: Index
    parent: Index
    kind: Code
    """``kernels.xml_scan.CONTAINER``, ``VALUE`` or ``IGNORED``."""
    position: Index
    """Its position among its siblings."""
    bit: Hash64
    """Its bit among its siblings."""
    many: Code
    """1 if it may be repeated."""
    needed: Hash64
    """The bits of its required children."""
    lenient: Code
    record: Index
    """-1 for none."""
    column: Index
    """-1 for none."""
    trims: Code
    attribute: Hash64
    """Letters of the attribute's name, up to eight."""
    attribute_length: Index
    attribute_column: Index
    slot: Index
    """Node by hash of parent and name, -1 where there is none; a power of two of them."""
    owner: Index
    """By column: its record."""
    joiner: Code
    """By column; 0 for a column of one text a row."""
    within: Index
    """By record: the record that contains it, -1 for none."""
    early: Code


class ScanCursor(NamedTuple):
    """The position of a scan, kept from chunk to chunk."""

    at: Offset
    """One row, as the next four: the first byte of the chunk that is not read yet."""
    size: Offset
    """Bytes of the chunk; at least eight zeros follow them in the buffer."""
    depth: Offset
    """Number of open elements."""
    state: Offset
    """``kernels.xml_text.CHUNK_END``, ``kernels.xml_scan.ROWS_FULL``, or the fault."""
    fault: Offset
    """``XmlFault``; ``at`` is its position."""
    node: Index
    """By depth, as the next two: the open element."""
    seen: Hash64
    """Bits of its children that occurred."""
    last: Index
    """Position of the last of these children."""
    skip_start: Offset
    """By depth below a skipped element: the start of its name."""
    skip_end: Offset
    opened: Offset
    """By record: rows begun since the start of the document."""
    closed: Offset
    """By record: rows that are complete."""
    base: Offset
    """By record: the number of the first row in ``ScanRows``."""


class ScanRows(NamedTuple):
    """The cells of the rows that were not taken yet, column after column, with equal space for each column."""

    data: Byte
    """Texts, one after the other."""
    end: Index
    """The end of the text of each row."""
    used: Offset
    """By column: bytes in use."""
    filled: Offset
    """By column: rows whose end is written."""
    within: Index
    """By record and row: the row of the containing record, counted from the start of the document."""
