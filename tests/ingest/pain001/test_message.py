"""What is read of a pain.001 is what its schema has: element by element, in the schema's order."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from lxml.etree import XMLSchema, fromstring, parse

from core.tables.xml import Element
from ingest.pain001.message import MESSAGES
from tests.markup import documents

XSD = Path(__file__).parents[2] / "xsd"
_X = "{http://www.w3.org/2001/XMLSchema}"
_NOT_READ = {"EqvtAmt"}


class Schema:
    """The types of a schema document."""

    def __init__(self, version: str) -> None:
        self.root = parse(str(XSD / f"{version}.xsd")).getroot()
        self.types = {each.get("name"): each for each in self.root.findall(f"{_X}complexType")}

    def children(self, name: str) -> Iterator[tuple[Any, bool]]:
        """Elements of a type in their order, and whether they stand in a choice."""
        for each in self.types[name].iter(f"{_X}element"):
            yield each, each.getparent().tag == f"{_X}choice"


def _walk(schema: Schema, element: Element, type_name: str) -> Iterator[str]:
    """What differs, below an element of that type."""
    declared = {child.name: child for child in element.children}
    found = {each.get("name"): (each, is_choice) for each, is_choice in schema.children(type_name)}
    if list(declared) != [name for name in found if name not in _NOT_READ]:
        yield f"{element.name}: {list(declared)} against {list(found)}"
        return
    for name, child in declared.items():
        each, is_choice = found[name]
        if child.ignored:
            continue
        is_needed = not is_choice and each.get("minOccurs", "1") != "0"
        is_many = each.get("maxOccurs", "1") != "1"
        if child.many != is_many or (is_needed and not child.needed):
            yield f"{element.name}/{name}: many {child.many}, needed {child.needed}"
        if child.children:
            yield from _walk(schema, child, each.get("type"))


@pytest.mark.parametrize("version", MESSAGES)
def test_the_declaration_is_the_schemas(version: str) -> None:
    schema = Schema(version)
    assert list(_walk(schema, MESSAGES[version].root, "Document")) == []
    assert schema.root.get("targetNamespace") == MESSAGES[version].namespace


@pytest.mark.parametrize("version", MESSAGES)
def test_alternatives_are_the_schemas(version: str) -> None:
    schema = Schema(version)
    choices = {
        (each.get("name"), after.get("name"))
        for name in schema.types
        for (each, _), (after, is_choice) in zip(
            list(schema.children(name)), list(schema.children(name))[1:], strict=False
        )
        if is_choice
    }
    assert set(_alternatives(MESSAGES[version].root)) <= choices


def _alternatives(element: Element) -> Iterator[tuple[str, str]]:
    for before, child in zip(element.children, element.children[1:], strict=False):
        if child.either:
            yield before.name, child.name
    for child in element.children:
        yield from _alternatives(child)


@pytest.mark.parametrize("version", MESSAGES)
def test_the_messages_that_tests_begin_with_are_valid(version: str) -> None:
    schema = XMLSchema(file=str(XSD / f"{version}.xsd"))
    for seed in range(50):
        text = documents.payment(Random(seed), (2, 1), documents.Style(version))
        errors = [error for error in _errors(schema, text) if "Max140Text" not in error]
        assert errors == []


def _errors(schema: XMLSchema, text: bytes) -> list[str]:
    """But for names that are empty, and a group of remittance without any: neither is money's concern."""
    schema.validate(fromstring(text))
    return [str(error.message) for error in schema.error_log]
