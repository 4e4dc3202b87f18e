"""The scanner against its oracle: the same rows, the same fault at the same byte, however the document is cut."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tables.xml import Fault
from kernels import xml_text
from kernels.jit import load_word, lowest_bit, store_word
from markup.prolog import HEAD_BYTES, head
from markup.rows import Faulty
from markup.scanner import Sizes
from tests.kernels.execution_modes import examples
from tests.markup import documents
from tests.markup.comparison import PAYMENTS, Case, Told, case, scanned
from tests.oracle import xml_scan as oracle

_LONGEST = 2**18
"""Chunks in which no element of a case is cut."""


def _judged(each: Case) -> Told | None:
    """What the oracle says of a document, if its head is one that the scanner takes."""
    try:
        begun = head(each.text[:HEAD_BYTES], each.messages)
    except Faulty:
        return None
    found = oracle.scan(begun.message.root, each.text, begun.behind)
    rows = {record: rows for record, rows in found.rows.items() if rows}
    return Told(rows, found.fault, found.at if found.fault else 0)  # type: ignore[arg-type]


def _told(each: Case, chunk: int) -> Told:
    return scanned(each.text, Sizes(chunk, each.sizes.rows, 4 * _LONGEST), each.messages)


@examples(600)
@given(st.integers(0, 2**40))
def test_the_scanner_says_what_the_oracle_says(seed: int) -> None:
    each = case(seed)
    expected = _judged(each)
    if expected is None:
        return
    found = _told(each, _LONGEST)
    assert (found.fault, found.offset) == (expected.fault, expected.offset)
    if expected.fault is Fault.NONE:
        assert found.rows == expected.rows


@examples(30)
@given(st.integers(0, 2**40), st.integers(600, 2000))
def test_where_a_document_is_cut_changes_nothing(seed: int, chunk: int) -> None:
    """But that an element longer than a chunk is declined."""
    each = case(seed)
    whole, cut = _told(each, _LONGEST), _told(each, chunk)
    if cut.fault is not Fault.DECLINED:
        assert (cut.fault, cut.offset) == (whole.fault, whole.offset)
        assert whole.fault is not Fault.NONE or cut.rows == whole.rows


@pytest.mark.parametrize("size", [500, 1000])
def test_every_place_to_cut_gives_the_same_rows(size: int) -> None:
    """Chunks that grow byte by byte cut in every tag, text and reference somewhere."""
    random = Random(size)
    text = documents.payment(random, (2,))
    whole = scanned(text)
    assert whole.fault is Fault.NONE
    for chunk in range(size, size + 60):
        assert scanned(text, Sizes(chunk, 2, 2**18), PAYMENTS) == whole


def test_a_document_cut_off_anywhere_is_refused_at_its_end() -> None:
    text = documents.payment(Random(1), (1,)).rstrip()
    behind = head(text, PAYMENTS).behind
    for end in range(behind, len(text), 7):
        found = scanned(text[:end])
        assert (found.fault, found.offset) == (Fault.TRUNCATED, end)


def test_words_are_read_and_written_where_they_stand() -> None:
    data = np.arange(20, dtype=np.uint8)
    assert int(load_word(data, 3)) == int.from_bytes(bytes(range(3, 11)), "little")
    store_word(data, 5, np.uint64(2**64 - 1))
    assert data.tolist() == [*range(5), *[255] * 8, *range(13, 20)]
    assert [int(lowest_bit(np.uint64(1 << bit))) for bit in range(64)] == list(range(64))
    assert int(lowest_bit(np.uint64(2**64 - 2**40))) == 40


def test_each_byte_is_told_for_what_it_is() -> None:
    """Every byte alone in a text: plain ASCII goes through, others as XML has them."""
    text = documents.payment(Random(2), (1,), documents.Style(indent=0))
    at = text.index(b"MSG-")
    for byte in range(256):
        found = scanned(text[:at] + bytes((byte,)) + text[at:])
        if (0x20 <= byte < 0x80 and byte not in b"&<") or byte in b"\t\n":
            assert found.rows["file"][0]["message"].startswith(chr(byte))
        elif byte == ord("\r"):
            assert found.fault is Fault.DECLINED
        elif byte < 0x20:
            assert (found.fault, found.offset) == (Fault.CHARACTER_FORBIDDEN, at)
        elif byte in b"&<":
            assert found.fault in (Fault.ENTITY_UNKNOWN, Fault.ELEMENT_UNKNOWN)
        else:
            assert (found.fault, found.offset) == (Fault.NOT_UTF8, at)


@pytest.mark.parametrize(
    "letter", ["\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\U00010000", "\U0010ffff"]
)
def test_the_edges_of_utf8_go_through(letter: str) -> None:
    text = documents.payment(Random(3), (1,)).replace(b"MSG-", letter.encode() + b"&#%d;MSG-" % ord(letter))
    assert scanned(text).rows["file"][0]["message"].startswith(2 * letter)


def test_codes_of_the_scan_are_no_faults() -> None:
    assert {xml_text.MORE, 254}.isdisjoint(map(int, Fault))
