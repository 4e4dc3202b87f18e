"""The words of remittance information name receivables, and a credit is always the same act."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tables.bank_messages import BankMessage, Remittances
from settlement.reconciliation.credit_receipts import find_named_receivables, format_references
from settlement.reconciliation.receipt_matching import Receivables
from settlement.reconciliation.remittance_references import TEXT_BYTES_MAX, extract_references
from tests.settlement.camt_messages import (
    balance,
    creditor_reference,
    detail,
    document,
    entry,
    free_text,
    read_message,
    statement,
)

OPEN = balance("OPBD", "0.00")
CREDITS = (
    entry("1.00", "CRDT", [detail("E-1", remittance=free_text("TP-1"))]),
    entry("5.00", "CRDT", [detail("E-2", "2.00"), detail("E-3", "3.00", remittance=free_text("TP-2"))]),
    entry("7.00", "CRDT", [detail("E-4", "2.00"), detail("E-5", "3.00", remittance=free_text("TP-3"))]),
)


def read_credits(*entries: str, closing: str, **names: str) -> BankMessage:
    return read_message(document(statement(OPEN, balance("CLBD", closing), *entries, **names)))


def read_one(remittance: str) -> Remittances:
    message = read_credits(entry("1.00", "CRDT", [detail(remittance=remittance)]), closing="1.00")
    assert message.remittances is not None
    return message.remittances


def build_receivables(*references: str) -> Receivables:
    zeros = np.zeros(len(references), np.int64)
    return Receivables(zeros, zeros, zeros, zeros, zeros.astype(bool), pa.array(references, pa.string()))


def find_references(remittance: str, *references: str) -> list[tuple[str, bool]]:
    """Return which of the references a credit names, and whether as the creditor's reference."""
    named = find_named_receivables(
        extract_references(read_one(remittance), np.array([0])), build_receivables(*references)
    )
    assert not named.credit.any()
    return [
        (references[row], is_structured)
        for row, is_structured in zip(named.receivable.tolist(), named.is_structured.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "TP-2018-0012",
        "  TP-2018-0012  ",
        "REGLEMENT TITRE TP-2018-0012 DU 3 MAI",
        "titre:TP-2018-0012,merci",
        "(TP-2018-0012).",
        "/RFB/TP-2018-0012/INV",
        "N°&#160;TP-2018-0012",
        "first\nTP-2018-0012\tlast",
    ],
)
def test_a_word_of_free_text_is_a_reference(text: str) -> None:
    assert find_references(free_text(text), "TP-2018-0012", "TP-2018-0013") == [("TP-2018-0012", False)]


@pytest.mark.parametrize(
    "text", ["TP-2018-00123", "XTP-2018-0012", "TP-2018 0012", "tp-2018-0012", "TP-2018", ""]
)
def test_another_word_is_none(text: str) -> None:
    assert find_references(free_text(text), "TP-2018-0012") == []


def test_a_short_word_or_one_without_a_digit_is_a_reference_only_if_structured() -> None:
    references = ("T-1", "TITRE", "A/B.1")
    assert find_references(free_text("TITRE T-1"), *references) == []
    assert find_references(creditor_reference("T-1", "TITRE"), *references) == [
        ("T-1", True),
        ("TITRE", True),
    ]
    assert find_references(free_text("payed A/B.1"), *references) == [("A/B.1", False)]


def test_a_structured_reference_may_contain_a_space() -> None:
    assert find_references(creditor_reference(" TP 2018 1 "), "TP 2018 1") == [("TP 2018 1", True)]


def test_several_receivables_may_have_the_reference() -> None:
    assert find_references(free_text("TP-2018-1", "TP-2018-2"), "TP-2018-2", "TP-2018-1", "TP-2018-2") == [
        ("TP-2018-2", False),
        ("TP-2018-1", False),
        ("TP-2018-2", False),
    ]


def test_a_text_that_is_too_long_names_nothing() -> None:
    texts = ["TP-2018-0012", *["x" * 139] * (TEXT_BYTES_MAX // 139 + 1)]
    assert find_references(free_text(*texts), "TP-2018-0012") == []


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=60))
def test_no_text_raises_and_every_word_is_found(text: str) -> None:
    encoded = "".join(f"&#{ord(character)};" for character in text if ord(character) not in (0xFFFE, 0xFFFF))
    names = find_references(free_text(f"{encoded} TP-2018-0012"), "TP-2018-0012")
    assert names == [("TP-2018-0012", False)]


def test_each_movement_has_the_text_of_its_transaction() -> None:
    """The third entry does not add up, so it is one movement, of which no text is known."""
    message = read_credits(*CREDITS, closing="13.00")
    assert message.remittances is not None
    assert message.remittances.part.tolist() == [1, 1, 2, 0]
    text, bounds = message.remittances.text_bytes.data, message.remittances.text
    spans = zip(bounds.start.tolist(), bounds.end.tolist(), strict=True)
    assert [text[start:end].tobytes().decode() for start, end in spans] == ["TP-1", "", "TP-2", ""]


def test_the_reference_of_the_act_is_that_of_the_entry_in_the_statement() -> None:
    message = read_credits(*CREDITS, closing="13.00")
    references = format_references(message, np.arange(4)).to_pylist()
    prefix = references[0].removesuffix("-1.1")
    assert references == [f"{prefix}-{number}" for number in ("1.1", "2.1", "2.2", "3.0")]
    assert len(prefix) == 17
    again = read_credits(*CREDITS, closing="13.00")
    assert format_references(again, np.arange(4)).to_pylist() == references
    other = read_credits(*CREDITS, closing="13.00", identity="S-2")
    assert not {*format_references(other, np.arange(4)).to_pylist()} & {*references}
    longest = message._replace(movements=message.movements._replace(item=np.full(4, 5_000_000, np.int32)))
    assert max(map(len, format_references(longest, np.arange(4)).to_pylist())) <= 35
