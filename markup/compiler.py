"""From the declaration of a message to the arrays that the scanner walks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from core.tables.columns import read_column_kinds, seal
from core.tables.xml import CHILDREN_MAX, NAME_BYTES_MAX, Grammar, XmlElement, XmlMessage
from kernels.xml_scan import CONTAINER, IGNORED, VALUE

_WORDS = NAME_BYTES_MAX // 8
_SPARSE = 4
"""Slots for each node: most searches end where they begin."""


@dataclass(frozen=True, slots=True)
class CompiledRecord:
    """What becomes a row, and its columns in the order in which they are declared."""

    name: str
    columns: tuple[str, ...]
    first_column: int
    within: int
    early: bool


@dataclass(frozen=True, slots=True)
class CompiledNode:
    """An element in its place in the tree."""

    number: int
    element: XmlElement
    parent: int
    bit: int
    position: int
    record: int
    """The record that its text belongs to; its own where it is one."""
    column: int
    attribute_column: int
    needed: int
    children: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CompiledMessage:
    """A message ready to be read."""

    message: XmlMessage
    nodes: tuple[CompiledNode, ...]
    records: tuple[CompiledRecord, ...]
    joiners: tuple[str, ...]
    """By column; empty for one text a row."""
    grammar: Grammar


@cache
def compile_message(message: XmlMessage) -> CompiledMessage:
    """The nodes, records and tables of a declaration.

    Raises
    ------
    ValueError
        The declaration does not hold together.
    """
    tree = _TreeBuilder()
    tree.add(message.root, (-1, 0, 0), (-1, False))
    records = tuple(
        CompiledRecord(name, tuple(columns), first, within, early)
        for name, columns, first, within, early in tree.lay_out_records()
    )
    nodes = tuple(tree.build_nodes(records))
    joiners = tuple(tree.joiners[name, column] for name, columns, *_ in tree.records for column in columns)
    _check_early(nodes, records)
    return CompiledMessage(message, nodes, records, joiners, _build_grammar(nodes, records, joiners))


class _TreeBuilder:
    """Elements in document order, with what each belongs to."""

    def __init__(self) -> None:
        self.elements: list[tuple[XmlElement, tuple[int, int, int], int]] = []
        self.records: list[tuple[str, list[str], int, bool]] = []
        self.joiners: dict[tuple[str, str], str] = {}

    def add(self, element: XmlElement, place: tuple[int, int, int], within: tuple[int, bool]) -> None:
        """Take in an element at (parent, bit, position), of a record, perhaps repeated within it."""
        record, repeats = within
        number, repeats = len(self.elements), repeats or element.is_repeatable
        _check_element(element)
        if element.record:
            self.records.append((element.record, [], record, element.is_early))
            record, repeats = len(self.records) - 1, False
        self.elements.append((element, place, record))
        for column in filter(None, (element.column, element.attribute[1])):
            self._add_column(record, column, element.joiner if column == element.column else "", repeats)
        position = -1
        for bit, child in enumerate(element.children):
            position += not (child.is_alternative and bit)
            self.add(child, (number, bit, position), (record, repeats))

    def _add_column(self, record: int, column: str, joiner: str, repeats: bool) -> None:
        if record < 0 or (repeats and not joiner):
            raise ValueError(f"{column} stands outside every record, or may repeat without a joiner")
        name, columns, *_ = self.records[record]
        if self.joiners.setdefault((name, column), joiner) != joiner:
            raise ValueError(f"{column} has two joiners")
        if column not in columns:
            columns.append(column)

    def lay_out_records(self) -> Iterator[tuple[str, list[str], int, int, bool]]:
        """Records with the number of their first column."""
        first = 0
        for name, columns, within, early in self.records:
            yield name, columns, first, within, early
            first += len(columns)

    def build_nodes(self, records: tuple[CompiledRecord, ...]) -> Iterator[CompiledNode]:
        """The elements, numbered."""
        made: list[CompiledNode] = []
        for number, (element, (parent, bit, position), record) in enumerate(self.elements):
            needed = sum(1 << place for place, child in enumerate(element.children) if child.is_required)
            column, attribute = (
                _find_column(records, record, name) for name in (element.column, element.attribute[1])
            )
            node = CompiledNode(number, element, parent, bit, position, record, column, attribute, needed)
            if parent >= 0:
                if element.name in made[parent].children:
                    raise ValueError(f"{element.name} stands there twice")
                made[parent].children[element.name] = number
            made.append(node)
        yield from made


def _find_column(records: tuple[CompiledRecord, ...], record: int, name: str) -> int:
    return records[record].first_column + records[record].columns.index(name) if name else -1


def _check_element(element: XmlElement) -> None:
    is_named = element.name.isascii() and element.name.replace("_", "").isalnum()
    if not is_named or len(element.name) > NAME_BYTES_MAX or len(element.attribute[0]) > 8:
        raise ValueError(f"{element.name!r} or its attribute is no name that the scanner knows")
    if len(element.children) > CHILDREN_MAX:
        raise ValueError(f"{element.name} has over {CHILDREN_MAX} children")
    if bool(element.children) + bool(element.column) + element.is_ignored != 1:
        raise ValueError(f"{element.name} must hold elements, or a text, or be ignored")
    if bool(element.attribute[0]) and not element.column:
        raise ValueError(f"{element.name} has an attribute and no text")


def _check_early(nodes: tuple[CompiledNode, ...], records: tuple[CompiledRecord, ...]) -> None:
    """No value of an early record may stand behind an inner one's beginning."""
    for number, record in enumerate(records):
        inner = [
            n.number
            for n in nodes
            if n.element.record and n.record != number and records[n.record].within == number
        ]
        late = [n for n in nodes if inner and n.record == number and n.column >= 0 and n.number > inner[0]]
        if record.early and late:
            raise ValueError(
                f"{late[0].element.name} stands behind rows of its {record.name}, which is early"
            )


def pack_name(name: str) -> list[int]:
    """A name as words, little endian."""
    padded = name.encode().ljust(NAME_BYTES_MAX, b"\0")
    return [int.from_bytes(padded[at : at + 8], "little") for at in range(0, NAME_BYTES_MAX, 8)]


def _hash_name(parent: int, word: int, length: int) -> int:
    """As ``kernels.xml_tags.compute_slot``."""
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
        "needed": [node.needed for node in nodes],
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
        "within": [record.within for record in records],
        "early": [record.early for record in records],
    }
    return seal(
        Grammar(
            **{name: np.array(columns[name], kind.dtype) for name, kind in read_column_kinds(Grammar).items()}
        )
    )
