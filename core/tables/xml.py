"""The vocabulary of XML messages: how one is declared, what may be wrong with it, and the tables its scanner walks.

A message is declared as a tree of elements.  Some elements are *records*: each of them becomes a row.  Some hold a
*value*: its text becomes that row's cell in a column.  All else is known and passed over, or unknown and refused.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from core.tables.columns import Byte, Code, Hash64, Index, Offset

DEPTH_MAX = 64
"""Elements within each other; ISO 20022 nests some fifteen."""
TEXT_BYTES_MAX = 2**16
"""Of a value, in UTF-8."""
NAME_BYTES_MAX = 32
CHILDREN_MAX = 64


class XmlFault(IntEnum):
    """What is wrong with a document.  The numbers are told to senders: append only."""

    NONE = 0
    DECLINED = 1
    """Nothing, perhaps: the scanner leaves the document to the slower reader."""
    TRUNCATED = 2
    NOT_UTF8 = 3
    CHARACTER_FORBIDDEN = 4
    """A control character, or another that XML does not know."""
    DOCTYPE_FORBIDDEN = 5
    ENTITY_UNKNOWN = 6
    TAG_MISMATCHED = 7
    MARKUP_INVALID = 8
    """Not well-formed in any other way."""
    CONTENT_BEHIND = 9
    """A second root, or anything else behind the first."""
    DEPTH_EXCEEDED = 10
    TEXT_TOO_LONG = 11
    NAMESPACE_UNKNOWN = 12
    """Another message, another version, or none."""
    ELEMENT_UNKNOWN = 13
    ELEMENT_REPEATED = 14
    ELEMENT_MISPLACED = 15
    """Behind one that it must stand before."""
    ELEMENT_MISSING = 16
    ATTRIBUTE_UNKNOWN = 17
    ATTRIBUTE_REPEATED = 18
    TEXT_MISPLACED = 19
    """Text between elements."""


@dataclass(frozen=True, slots=True)
class XmlElement:
    """An element that a message may have, below the one it stands in."""

    name: str
    children: tuple["XmlElement", ...] = ()
    """In the order in which they must stand."""
    column: str = ""
    """Where its text goes; empty for one that holds none."""
    joiner: str = ""
    """One ASCII letter between its texts, where a row may have several."""
    is_trimmed: bool = False
    """White space around the text is none of it."""
    attribute: tuple[str, str] = ("", "")
    """An attribute and the column it goes to; all others are refused."""
    record: str = ""
    """What each such element is a row of."""
    is_early: bool = False
    """All its values stand before its inner records: its row is whole where the first of them begins."""
    is_repeatable: bool = False
    is_required: bool = False
    is_alternative: bool = False
    """In place of the one before it."""
    is_ignored: bool = False
    """Whatever it holds is passed over, well-formed all the same."""
    is_lenient: bool = False
    """Children may stand in any order, and unknown ones are passed over."""


@dataclass(frozen=True, slots=True)
class XmlMessage:
    """One version of one message."""

    namespace: str
    root: XmlElement


class Grammar(NamedTuple):
    """A message as the scanner walks it: rows by node (element of the tree), by slot, by column, by record."""

    name: Hash64
    """By node: four words, the letters of its name, zeros behind them."""
    length: Index
    parent: Index
    kind: Code
    """``kernels.xml_scan.CONTAINER``, ``VALUE`` or ``IGNORED``."""
    position: Index
    """Among its siblings."""
    bit: Hash64
    """Its own among its siblings."""
    many: Code
    needed: Hash64
    """Bits of the children that it must have."""
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
    """By record: the one it stands in, -1 for none."""
    early: Code


class ScanCursor(NamedTuple):
    """Where a scan stands, from chunk to chunk."""

    at: Offset
    """One row, as the next four: the first byte of the chunk that is not done with."""
    size: Offset
    """Bytes of the chunk; behind them the buffer holds eight zeros and more."""
    depth: Offset
    """Elements open."""
    state: Offset
    """``kernels.xml_scan.MORE``, ``FULL`` or ``FAULTY``."""
    fault: Offset
    """``Fault``; where it lies is told by ``at``."""
    node: Index
    """By depth, as the next two: which element is open."""
    seen: Hash64
    """Bits of its children that were met."""
    last: Index
    """Position of the last of them."""
    skip_start: Offset
    """By depth below an element that is passed over: where its name stands."""
    skip_end: Offset
    opened: Offset
    """By record: rows begun since the start of the document."""
    closed: Offset
    """Rows that are whole."""
    base: Offset
    """Row that stands first in the store."""


class ScanRows(NamedTuple):
    """The cells of the rows at hand, column after column, as many bytes and rows for each."""

    data: Byte
    """Texts, one behind the other."""
    end: Index
    """Where each row's text ends."""
    used: Offset
    """By column: bytes."""
    filled: Offset
    """By column: rows whose end is written."""
    within: Index
    """By record and row: the row of the record that it stands in, counted from the start of the document."""
