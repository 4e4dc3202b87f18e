"""Compiled declarations, and inconsistent ones."""

import pytest

from core.tables.xml import XmlElement, XmlMessage
from ingest.pain001.message import MESSAGES, V09
from markup.compiler import compile_message
from tests.markup.statements import MESSAGE

_E = XmlElement


def _build_message(*children: XmlElement) -> XmlMessage:
    return XmlMessage("urn:x", _E("Document", (_E("Row", children, record="row", is_repeatable=True),)))


def test_a_declaration_becomes_records_with_their_columns() -> None:
    records = compile_message(MESSAGE).records
    assert [(record.name, record.columns, record.outer) for record in records] == [
        ("statement", ("id",), -1),
        ("entry", ("amount", "currency", "more", "long"), 0),
        ("detail", ("reference", "words"), 1),
    ]
    assert compile_message(MESSAGE).joiners == ("", "", "", "", "", "", "|")


def test_every_child_is_found_by_its_name() -> None:
    """The table of slots contains each node once, and has free slots: a search ends."""
    compiled = compile_message(MESSAGES[V09])
    slots = [slot for slot in compiled.grammar.slot.tolist() if slot >= 0]
    assert sorted(slots) == [node.number for node in compiled.nodes[1:]]
    assert len(compiled.grammar.slot) > 2 * len(slots)


@pytest.mark.parametrize(
    "message",
    [
        XmlMessage("urn:x", _E("Document", (_E("A", column="a"),))),
        _build_message(_E("A", column="a", is_repeatable=True)),
        _build_message(_E("A", (_E("B", column="b"),), is_repeatable=True)),
        _build_message(_E("A", column="a"), _E("A", is_ignored=True)),
        _build_message(_E("A", column="a", joiner=","), _E("B", column="a")),
        _build_message(_E("A")),
        _build_message(_E("A", (_E("B", column="b"),), column="a")),
        _build_message(_E("A", column="a", is_ignored=True)),
        _build_message(_E("A-B", column="a")),
        _build_message(_E("A" * 33, column="a")),
        _build_message(_E("A", (_E("B", column="b"),), attribute=("c", "c"))),
        _build_message(_E("A", column="a", attribute=("c" * 9, "c"))),
        _build_message(*(_E(f"A{number}", is_ignored=True) for number in range(65))),
        XmlMessage(
            "urn:x",
            _E(
                "Document",
                (
                    _E(
                        "Row",
                        (
                            _E("In", (_E("A", column="a"),), record="in", is_repeatable=True),
                            _E("B", column="b"),
                        ),
                        record="row",
                        is_early=True,
                    ),
                ),
            ),
        ),
    ],
)
def test_an_inconsistent_declaration_is_not_compiled(message: XmlMessage) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_message(message)
