"""The scanner against its oracle: the same rows, the same fault at the same byte, however the document is cut."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tables.xml import XmlFault
from kernels import xml_text
from kernels.jit import find_lowest_bit, load_word, store_word
from markup.prolog import PROLOG_BYTES_MAX, parse_prolog
from markup.rows import DocumentFaulty
from markup.scanner import BufferSizes
from tests.kernels.execution_modes import run_examples
from tests.markup import documents
from tests.markup.comparison import PAYMENTS, Case, ReadResult, build_case, read_by_scanner
from tests.oracle import xml_scan as oracle

_LONGEST = 2**18
"""Chunks in which no element of a case is cut."""


def _compare_readers(each: Case) -> ReadResult | None:
    """What the oracle says of a document, if its head is one that the scanner takes."""
    try:
        begun = parse_prolog(each.text[:PROLOG_BYTES_MAX], each.messages)
    except DocumentFaulty:
        return None
    found = oracle.scan(begun.message.root, each.text, begun.content_offset)
    rows = {record: rows for record, rows in found.rows.items() if rows}
    return ReadResult(rows, found.fault, found.at if found.fault else 0)  # type: ignore[arg-type]


def _scan_chunks(each: Case, chunk: int) -> ReadResult:
    return read_by_scanner(each.text, BufferSizes(chunk, each.sizes.rows, 4 * _LONGEST), each.messages)


@run_examples(600)
@given(st.integers(0, 2**40))
def test_the_scanner_says_what_the_oracle_says(seed: int) -> None:
    each = build_case(seed)
    expected = _compare_readers(each)
    if expected is None:
        return
    found = _scan_chunks(each, _LONGEST)
    assert (found.fault, found.offset) == (expected.fault, expected.offset)
    if expected.fault is XmlFault.NONE:
        assert found.rows == expected.rows


@run_examples(30)
@given(st.integers(0, 2**40), st.integers(600, 2000))
def test_where_a_document_is_cut_changes_nothing(seed: int, chunk: int) -> None:
    """But that an element longer than a chunk is declined."""
    each = build_case(seed)
    whole, cut = _scan_chunks(each, _LONGEST), _scan_chunks(each, chunk)
    if cut.fault is not XmlFault.DECLINED:
        assert (cut.fault, cut.offset) == (whole.fault, whole.offset)
        assert whole.fault is not XmlFault.NONE or cut.rows == whole.rows


@pytest.mark.parametrize("size", [500, 1000])
def test_every_place_to_cut_gives_the_same_rows(size: int) -> None:
    """Chunks that grow byte by byte cut in every tag, text and reference somewhere."""
    random = Random(size)
    text = documents.build_payment(random, (2,))
    whole = read_by_scanner(text)
    assert whole.fault is XmlFault.NONE
    for chunk in range(size, size + 60):
        assert read_by_scanner(text, BufferSizes(chunk, 2, 2**18), PAYMENTS) == whole


def test_a_document_cut_off_anywhere_is_refused_at_its_end() -> None:
    text = documents.build_payment(Random(1), (1,)).rstrip()
    behind = parse_prolog(text, PAYMENTS).content_offset
    for end in range(behind, len(text), 7):
        found = read_by_scanner(text[:end])
        assert (found.fault, found.offset) == (XmlFault.TRUNCATED, end)


def test_words_are_read_and_written_where_they_stand() -> None:
    data = np.arange(20, dtype=np.uint8)
    assert int(load_word(data, 3)) == int.from_bytes(bytes(range(3, 11)), "little")
    store_word(data, 5, np.uint64(2**64 - 1))
    assert data.tolist() == [*range(5), *[255] * 8, *range(13, 20)]
    assert [int(find_lowest_bit(np.uint64(1 << bit))) for bit in range(64)] == list(range(64))
    assert int(find_lowest_bit(np.uint64(2**64 - 2**40))) == 40


def test_each_byte_is_told_for_what_it_is() -> None:
    """Every byte alone in a text: plain ASCII goes through, others as XML has them."""
    text = documents.build_payment(Random(2), (1,), documents.Style(indent=0))
    at = text.index(b"MSG-")
    for byte in range(256):
        found = read_by_scanner(text[:at] + bytes((byte,)) + text[at:])
        if (0x20 <= byte < 0x80 and byte not in b"&<") or byte in b"\t\n":
            assert found.rows["file"][0]["message"].startswith(chr(byte))
        elif byte == ord("\r"):
            assert found.fault is XmlFault.DECLINED
        elif byte < 0x20:
            assert (found.fault, found.offset) == (XmlFault.CHARACTER_FORBIDDEN, at)
        elif byte in b"&<":
            assert found.fault in (XmlFault.ENTITY_UNKNOWN, XmlFault.ELEMENT_UNKNOWN)
        else:
            assert (found.fault, found.offset) == (XmlFault.NOT_UTF8, at)


@pytest.mark.parametrize(
    "letter", ["\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\U00010000", "\U0010ffff"]
)
def test_the_edges_of_utf8_go_through(letter: str) -> None:
    text = documents.build_payment(Random(3), (1,)).replace(
        b"MSG-", letter.encode() + b"&#%d;MSG-" % ord(letter)
    )
    assert read_by_scanner(text).rows["file"][0]["message"].startswith(2 * letter)


def test_codes_of_the_scan_are_no_faults() -> None:
    assert {xml_text.CHUNK_END, 254}.isdisjoint(map(int, XmlFault))
