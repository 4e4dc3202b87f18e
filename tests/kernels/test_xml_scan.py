"""The scanner compared with its oracle: the same rows, the same fault at the same byte, for any size of chunks."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tables.xml import XmlFault
from kernels import xml_text
from kernels.instructions import find_lowest_bit, load_word, store_word
from markup.prolog import PROLOG_BYTES_MAX, parse_prolog
from markup.rows import DocumentFaulty
from markup.scanner import BufferSizes
from tests.kernels.execution_modes import run_examples
from tests.markup import documents
from tests.markup.comparison import PAYMENTS, Case, ReadResult, build_case, read_by_scanner
from tests.oracle import xml_scan as oracle

_LONGEST = 2**18
"""Size of chunks that cut no element of a case."""


def _read_by_oracle(case: Case) -> ReadResult | None:
    """Return the result of the oracle, or None if the scanner does not accept the prolog."""
    try:
        prolog = parse_prolog(case.text[:PROLOG_BYTES_MAX], case.messages)
    except DocumentFaulty:
        return None
    result = oracle.scan(prolog.message.root, case.text, prolog.content_offset)
    rows = {record: rows for record, rows in result.rows.items() if rows}
    return ReadResult(rows, result.fault, result.at if result.fault else 0)  # type: ignore[arg-type]


def _scan_chunks(case: Case, chunk: int) -> ReadResult:
    return read_by_scanner(case.text, BufferSizes(chunk, case.sizes.rows, 4 * _LONGEST), case.messages)


@run_examples(600)
@given(st.integers(0, 2**40))
def test_the_scanner_gives_the_result_of_the_oracle(seed: int) -> None:
    case = build_case(seed)
    expected = _read_by_oracle(case)
    if expected is None:
        return
    result = _scan_chunks(case, _LONGEST)
    assert (result.fault, result.offset) == (expected.fault, expected.offset)
    if expected.fault is XmlFault.NONE:
        assert result.rows == expected.rows


@run_examples(30)
@given(st.integers(0, 2**40), st.integers(600, 2000))
def test_the_size_of_chunks_changes_nothing(seed: int, chunk: int) -> None:
    """Only an element longer than a chunk is declined."""
    case = build_case(seed)
    whole, cut = _scan_chunks(case, _LONGEST), _scan_chunks(case, chunk)
    if cut.fault is not XmlFault.DECLINED:
        assert (cut.fault, cut.offset) == (whole.fault, whole.offset)
        assert whole.fault is not XmlFault.NONE or cut.rows == whole.rows


@pytest.mark.parametrize("size", [500, 1000])
def test_every_cut_gives_the_same_rows(size: int) -> None:
    """Chunks that grow byte by byte cut inside every tag, text and reference."""
    random = Random(size)
    text = documents.build_payment(random, (2,))
    whole = read_by_scanner(text)
    assert whole.fault is XmlFault.NONE
    for chunk in range(size, size + 60):
        assert read_by_scanner(text, BufferSizes(chunk, 2, 2**18), PAYMENTS) == whole


def test_a_truncated_document_is_refused_at_its_end() -> None:
    text = documents.build_payment(Random(1), (1,)).rstrip()
    content_start = parse_prolog(text, PAYMENTS).content_offset
    for end in range(content_start, len(text), 7):
        result = read_by_scanner(text[:end])
        assert (result.fault, result.offset) == (XmlFault.TRUNCATED, end)


def test_words_are_read_and_written_at_any_address() -> None:
    data = np.arange(20, dtype=np.uint8)
    assert int(load_word(data, 3)) == int.from_bytes(bytes(range(3, 11)), "little")
    store_word(data, 5, np.uint64(2**64 - 1))
    assert data.tolist() == [*range(5), *[255] * 8, *range(13, 20)]
    assert [int(find_lowest_bit(np.uint64(1 << bit))) for bit in range(64)] == list(range(64))
    assert int(find_lowest_bit(np.uint64(2**64 - 2**40))) == 40


def test_every_byte_in_a_text_is_accepted_or_refused() -> None:
    """Every single byte in a text: plain ASCII is accepted, other bytes as XML defines them."""
    text = documents.build_payment(Random(2), (1,), documents.Style(indent=0))
    at = text.index(b"MSG-")
    for byte in range(256):
        result = read_by_scanner(text[:at] + bytes((byte,)) + text[at:])
        if (0x20 <= byte < 0x80 and byte not in b"&<") or byte in b"\t\n":
            assert result.rows["file"][0]["message"].startswith(chr(byte))
        elif byte == ord("\r"):
            assert result.fault is XmlFault.DECLINED
        elif byte < 0x20:
            assert (result.fault, result.offset) == (XmlFault.CHARACTER_FORBIDDEN, at)
        elif byte in b"&<":
            assert result.fault in (XmlFault.ENTITY_UNKNOWN, XmlFault.ELEMENT_UNKNOWN)
        else:
            assert (result.fault, result.offset) == (XmlFault.NOT_UTF8, at)


@pytest.mark.parametrize(
    "letter", ["\x80", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\U00010000", "\U0010ffff"]
)
def test_the_edges_of_utf8_are_accepted(letter: str) -> None:
    text = documents.build_payment(Random(3), (1,)).replace(
        b"MSG-", letter.encode() + b"&#%d;MSG-" % ord(letter)
    )
    assert read_by_scanner(text).rows["file"][0]["message"].startswith(2 * letter)


def test_codes_of_the_scan_are_distinct_from_faults() -> None:
    assert {xml_text.CHUNK_END, 254}.isdisjoint(map(int, XmlFault))
