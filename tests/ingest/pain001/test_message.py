"""The declaration of pain.001 agrees with its schema: element by element, in the schema's order."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lxml.etree import XMLSchema, fromstring, parse

from core.tables.xml import XmlElement
from ingest.pain001.message import MESSAGES
from tests.markup import documents

XSD = Path(__file__).parents[2] / "xsd"
_X = "{http://www.w3.org/2001/XMLSchema}"
_NOT_READ = {"EqvtAmt"}


class Schema:
    """The types of a schema document."""

    def __init__(self, version: str) -> None:
        self.root = parse(str(XSD / f"{version}.xsd")).getroot()
        self.types = {node.get("name"): node for node in self.root.findall(f"{_X}complexType")}

    def list_children(self, name: str) -> Iterator[tuple[Any, bool]]:
        """Yield the elements of a type in order, and whether they are in a choice."""
        for node in self.types[name].iter(f"{_X}element"):
            yield node, node.getparent().tag == f"{_X}choice"


def _compare(schema: Schema, element: XmlElement, type_name: str) -> Iterator[str]:
    """Yield the differences below an element of that type."""
    declared = {child.name: child for child in element.children}
    in_schema = {node.get("name"): (node, is_choice) for node, is_choice in schema.list_children(type_name)}
    if list(declared) != [name for name in in_schema if name not in _NOT_READ]:
        yield f"{element.name}: {list(declared)} against {list(in_schema)}"
        return
    for name, child in declared.items():
        node, is_choice = in_schema[name]
        if child.is_ignored:
            continue
        is_needed = not is_choice and node.get("minOccurs", "1") != "0"
        is_many = node.get("maxOccurs", "1") != "1"
        if child.is_repeatable != is_many or (is_needed and not child.is_required):
            yield f"{element.name}/{name}: many {child.is_repeatable}, needed {child.is_required}"
        if child.children:
            yield from _compare(schema, child, node.get("type"))


@pytest.mark.parametrize("version", MESSAGES)
def test_the_declaration_equals_the_schema(version: str) -> None:
    schema = Schema(version)
    assert list(_compare(schema, MESSAGES[version].root, "Document")) == []
    assert schema.root.get("targetNamespace") == MESSAGES[version].namespace


@pytest.mark.parametrize("version", MESSAGES)
def test_alternatives_equal_those_of_the_schema(version: str) -> None:
    schema = Schema(version)
    choices = {
        (child.get("name"), after.get("name"))
        for name in schema.types
        for (child, _), (after, is_choice) in zip(
            list(schema.list_children(name)), list(schema.list_children(name))[1:], strict=False
        )
        if is_choice
    }
    assert set(_list_alternatives(MESSAGES[version].root)) <= choices


def _list_alternatives(element: XmlElement) -> Iterator[tuple[str, str]]:
    for before, child in zip(element.children, element.children[1:], strict=False):
        if child.is_alternative:
            yield before.name, child.name
    for child in element.children:
        yield from _list_alternatives(child)


@pytest.mark.parametrize("version", MESSAGES)
def test_the_messages_of_tests_are_valid(version: str) -> None:
    schema = XMLSchema(file=str(XSD / f"{version}.xsd"))
    for seed in range(50):
        text = documents.build_payment(Random(seed), (2, 1), documents.Style(version))
        errors = [error for error in _list_errors(schema, text) if "Max140Text" not in error]
        assert errors == []


def _list_errors(schema: XMLSchema, text: bytes) -> list[str]:
    """List schema errors, except empty names and a group of remittance without content: neither affects payments."""
    schema.validate(fromstring(text))
    return [str(error.message) for error in schema.error_log]
