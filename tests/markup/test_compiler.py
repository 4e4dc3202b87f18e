"""Declarations: what they become, and what does not hold together."""

import pytest

from core.tables.xml import Element, Message
from ingest.pain001.message import MESSAGES, V09
from markup.compiler import compiled
from tests.markup.statements import MESSAGE

_E = Element


def _message(*children: Element) -> Message:
    return Message("urn:x", _E("Document", (_E("Row", children, record="row", many=True),)))


def test_a_declaration_becomes_records_with_their_columns() -> None:
    records = compiled(MESSAGE).records
    assert [(record.name, record.columns, record.within) for record in records] == [
        ("statement", ("id",), -1),
        ("entry", ("amount", "currency", "more", "long"), 0),
        ("detail", ("reference", "words"), 1),
    ]
    assert compiled(MESSAGE).joiners == ("", "", "", "", "", "", "|")


def test_every_child_is_found_by_its_name() -> None:
    """The table of slots holds each node once, and leaves room: a search ends."""
    found = compiled(MESSAGES[V09])
    slots = [slot for slot in found.tables.slot.tolist() if slot >= 0]
    assert sorted(slots) == [node.number for node in found.nodes[1:]]
    assert len(found.tables.slot) > 2 * len(slots)


@pytest.mark.parametrize(
    "message",
    [
        Message("urn:x", _E("Document", (_E("A", column="a"),))),
        _message(_E("A", column="a", many=True)),
        _message(_E("A", (_E("B", column="b"),), many=True)),
        _message(_E("A", column="a"), _E("A", ignored=True)),
        _message(_E("A", column="a", joiner=","), _E("B", column="a")),
        _message(_E("A")),
        _message(_E("A", (_E("B", column="b"),), column="a")),
        _message(_E("A", column="a", ignored=True)),
        _message(_E("A-B", column="a")),
        _message(_E("A" * 33, column="a")),
        _message(_E("A", (_E("B", column="b"),), attribute=("c", "c"))),
        _message(_E("A", column="a", attribute=("c" * 9, "c"))),
        _message(*(_E(f"A{number}", ignored=True) for number in range(65))),
        Message(
            "urn:x",
            _E(
                "Document",
                (
                    _E(
                        "Row",
                        (_E("In", (_E("A", column="a"),), record="in", many=True), _E("B", column="b")),
                        record="row",
                        early=True,
                    ),
                ),
            ),
        ),
    ],
)
def test_what_does_not_hold_together_is_not_compiled(message: Message) -> None:
    with pytest.raises(ValueError, match=r"."):
        compiled(message)
