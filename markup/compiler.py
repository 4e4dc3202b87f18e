"""Compilation of a message declaration into the arrays that the scanner walks."""

from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.columns import read_column_kinds, seal
from core.tables.xml import CHILDREN_MAX, NAME_BYTES_MAX, Grammar, XmlElement, XmlMessage
from kernels.xml_scan import CONTAINER, IGNORED, VALUE

_WORDS = NAME_BYTES_MAX // 8
_SPARSE = 4
"""Hash slots for each node: most searches end at their first slot."""


@dataclass(frozen=True, slots=True)
class CompiledRecord:
    """An element that becomes a row, and its columns in the order of their declaration."""

    name: str
    columns: tuple[str, ...]
    first_column: int
    outer: int
    """The record that contains it, -1 for none."""
    is_early: bool
    """Its row is complete when the first row inside it begins."""


@dataclass(frozen=True, slots=True)
class CompiledNode:
    """An element at its position in the tree."""

    number: int
    element: XmlElement
    parent: int
    bit: int
    position: int
    record: int
    """The record that its text belongs to; for a record, itself."""
    column: int
    attribute_column: int
    required_bits: int
    """Bits of the children that it must have."""
    children: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """A message ready to be read."""

    message: XmlMessage
    nodes: tuple[CompiledNode, ...]
    records: tuple[CompiledRecord, ...]
    joiners: tuple[str, ...]
    """By column; empty if a row may have only one text."""
    grammar: Grammar


@cache
def compile_message(message: XmlMessage) -> CompiledMessage:
    """Compile a declaration.

    Raises
    ------
    ValueError
        The declaration is inconsistent.
    """
    tree = _TreeBuilder()
    tree.add(message.root, _TreePosition(-1, 0, 0), record=-1, is_repeated=False)
    records = tree.lay_out_records()
    nodes = tree.build_nodes(records)
    joiners = tuple(tree.joiners[record.name, column] for record in records for column in record.columns)
    _check_early(nodes, records)
    return CompiledMessage(message, nodes, records, joiners, _build_grammar(nodes, records, joiners))


class _TreePosition(NamedTuple):
    """The position of an element in the tree."""

    parent: int
    bit: int
    """Its number among its siblings."""
    position: int
    """The same, where alternatives share one number."""


@dataclass(slots=True)
class _DeclaredRecord:
    """A record whose columns are being collected."""

    name: str
    outer: int
    is_early: bool
    columns: list[str] = field(default_factory=list)


class _TreeBuilder:
    """Collects the elements of a message in document order, and the columns of its records."""

    def __init__(self) -> None:
        self._elements: list[tuple[XmlElement, _TreePosition, int]] = []
        self._records: list[_DeclaredRecord] = []
        self.joiners: dict[tuple[str, str], str] = {}
        """By name of the record and column."""

    def add(self, element: XmlElement, position: _TreePosition, *, record: int, is_repeated: bool) -> None:
        """Add an element and all below it; ``is_repeated`` if it may occur several times in a row of ``record``."""
        number, is_repeated = len(self._elements), is_repeated or element.is_repeatable
        _check_element(element)
        if element.record:
            self._records.append(_DeclaredRecord(element.record, record, element.is_early))
            record, is_repeated = len(self._records) - 1, False
        self._elements.append((element, position, record))
        for column in filter(None, (element.column, element.attribute[1])):
            joiner = element.joiner if column == element.column else ""
            if record < 0 or (is_repeated and not joiner):
                raise ValueError(f"{column} is outside every record, or may repeat without a joiner")
            self._add_column(self._records[record], column, joiner)
        place = -1
        for bit, child in enumerate(element.children):
            place += not (child.is_alternative and bit)
            self.add(child, _TreePosition(number, bit, place), record=record, is_repeated=is_repeated)

    def _add_column(self, record: _DeclaredRecord, column: str, joiner: str) -> None:
        if self.joiners.setdefault((record.name, column), joiner) != joiner:
            raise ValueError(f"{column} has two joiners")
        if column not in record.columns:
            record.columns.append(column)

    def lay_out_records(self) -> tuple[CompiledRecord, ...]:
        """Number the columns of all records."""
        records, first = list[CompiledRecord](), 0
        for declared in self._records:
            columns = tuple(declared.columns)
            records.append(CompiledRecord(declared.name, columns, first, declared.outer, declared.is_early))
            first += len(columns)
        return tuple(records)

    def build_nodes(self, records: tuple[CompiledRecord, ...]) -> tuple[CompiledNode, ...]:
        """Number the elements, and link them to their children."""
        nodes: list[CompiledNode] = []
        for number, (element, (parent, bit, position), record) in enumerate(self._elements):
            required_bits = sum(1 << bit for bit, child in enumerate(element.children) if child.is_required)
            column = _find_column(records, record, element.column)
            attribute_column = _find_column(records, record, element.attribute[1])
            node = CompiledNode(
                number, element, parent, bit, position, record, column, attribute_column, required_bits
            )
            if parent >= 0:
                if element.name in nodes[parent].children:
                    raise ValueError(f"{element.name} occurs twice")
                nodes[parent].children[element.name] = number
            nodes.append(node)
        return tuple(nodes)


def _find_column(records: tuple[CompiledRecord, ...], record: int, name: str) -> int:
    return records[record].first_column + records[record].columns.index(name) if name else -1


def _check_element(element: XmlElement) -> None:
    is_named = element.name.isascii() and element.name.replace("_", "").isalnum()
    if not is_named or len(element.name) > NAME_BYTES_MAX or len(element.attribute[0]) > 8:
        raise ValueError(f"the scanner cannot represent the name {element.name!r} or that of its attribute")
    if len(element.children) > CHILDREN_MAX:
        raise ValueError(f"{element.name} has over {CHILDREN_MAX} children")
    if bool(element.children) + bool(element.column) + element.is_ignored != 1:
        raise ValueError(f"{element.name} must contain elements, or a text, or be ignored")
    if bool(element.attribute[0]) and not element.column:
        raise ValueError(f"{element.name} has an attribute and no text")


def _check_early(nodes: tuple[CompiledNode, ...], records: tuple[CompiledRecord, ...]) -> None:
    """Check that the values of an early record come before its inner records."""
    for number, record in enumerate(records):
        inner = [
            n.number
            for n in nodes
            if n.element.record and n.record != number and records[n.record].outer == number
        ]
        late = [n for n in nodes if inner and n.record == number and n.column >= 0 and n.number > inner[0]]
        if record.is_early and late:
            name = late[0].element.name
            raise ValueError(f"{name} comes after rows inside its {record.name}, which is early")


def pack_name(name: str) -> list[int]:
    """Pack a name into words, little endian."""
    padded = name.encode().ljust(NAME_BYTES_MAX, b"\0")
    return [int.from_bytes(padded[at : at + 8], "little") for at in range(0, NAME_BYTES_MAX, 8)]


def _hash_name(parent: int, word: int, length: int) -> int:
    """Return the slot of a node before wrapping, as ``kernels.xml_tags.compute_slot``."""
    mixed = word ^ word >> 29 ^ word >> 47
    return ((mixed ^ mixed >> 7) & 0xFFFF) + parent * 37 + length


def _build_slots(nodes: tuple[CompiledNode, ...]) -> NDArray[np.int32]:
    count = 1 << (len(nodes) * _SPARSE).bit_length()
    slots = np.full(count, -1, np.int32)
    for node in nodes[1:]:
        name = node.element.name
        at = _hash_name(node.parent, pack_name(name)[0], len(name)) % count
        while slots[at] >= 0:
            at = (at + 1) % count
        slots[at] = node.number
    return slots


def _classify(element: XmlElement) -> int:
    return IGNORED if element.is_ignored else VALUE if element.column else CONTAINER


def _build_grammar(
    nodes: tuple[CompiledNode, ...], records: tuple[CompiledRecord, ...], joiners: tuple[str, ...]
) -> Grammar:
    elements = [node.element for node in nodes]
    columns: dict[str, object] = {
        "name": [word for element in elements for word in pack_name(element.name)],
        "length": [len(element.name) for element in elements],
        "parent": [node.parent for node in nodes],
        "kind": [_classify(element) for element in elements],
        "position": [node.position for node in nodes],
        "bit": [1 << node.bit for node in nodes],
        "many": [element.is_repeatable for element in elements],
        "needed": [node.required_bits for node in nodes],
        "lenient": [element.is_lenient for element in elements],
        "record": [node.record if node.element.record else -1 for node in nodes],
        "column": [node.column for node in nodes],
        "trims": [element.is_trimmed for element in elements],
        "attribute": [pack_name(element.attribute[0])[0] for element in elements],
        "attribute_length": [len(element.attribute[0]) for element in elements],
        "attribute_column": [node.attribute_column for node in nodes],
        "slot": _build_slots(nodes),
        "owner": [number for number, record in enumerate(records) for _ in record.columns],
        "joiner": [ord(joiner) if joiner else 0 for joiner in joiners],
        "within": [record.outer for record in records],
        "early": [record.is_early for record in records],
    }
    return seal(
        Grammar(
            **{name: np.array(columns[name], kind.dtype) for name, kind in read_column_kinds(Grammar).items()}
        )
    )
