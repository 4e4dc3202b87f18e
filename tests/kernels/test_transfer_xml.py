"""Transfers as bytes: identifiers, transliterated texts, amounts, and the template around them."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.tables.columns import allocate_zeros, seal, seal_array
from core.tables.journal import Spans
from core.tables.transfers import (
    END_TO_END_BYTES,
    Transfers,
    TransferSizes,
    TransferTemplate,
    TransferTexts,
    Transliteration,
)
from kernels import end_to_end, transfer_xml, transliterate
from tests.kernels.execution_modes import run_examples, to_spans
from tests.oracle import end_to_end as identifier_oracle
from tests.oracle import transfer_xml as oracle
from tests.oracle import transliterate as spelling_oracle
from tests.oracle.transfer_xml import Transfer

_numbers = st.integers(1, 10**14 - 1)
_ours = _numbers.map(lambda number: identifier_oracle.write_identifiers([number])[0].encode())
_altered = st.tuples(_ours, st.integers(0, END_TO_END_BYTES - 1), st.binary(min_size=1, max_size=1)).map(
    lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] + 1 :]
)
_texts = st.binary(max_size=12)


@run_examples(200)
@given(st.lists(_numbers, max_size=9))
@example([1, 96, 97, 98, 2**32 - 2, 10**12 - 1, 10**12 + 1, 99 * 10**12 + 1, 10**14 - 1])
def test_identifiers_are_written(entries: list[int]) -> None:
    out = np.zeros(len(entries) * END_TO_END_BYTES, np.uint8)
    end_to_end.write_identifiers(seal_array(np.array(entries, np.int64)), out)
    assert out.tobytes().decode() == "".join(identifier_oracle.write_identifiers(entries))


@run_examples(300)
@given(st.lists(_ours | _altered | _texts, max_size=9))
@example([b"CRSC0000000000000098", b"CRSC0000000000000001", b"CRSC0000000000000195"])
def test_identifiers_are_parsed(texts: list[bytes]) -> None:
    """The first two are invalid: no transfer has the number 0, and check digits 01 are never written."""
    entries = np.zeros(len(texts), np.int64)
    end_to_end.parse_identifiers(*to_spans(texts), entries)
    assert entries.tolist() == identifier_oracle.parse_identifiers(texts)


_LETTERS = ["." if code in (0, 5) else chr(code) for code in range(128)] + [
    ("a", "", "oe", " ", " x ", "ABCD")[code % 6] for code in range(128, 3000)
]
_file_texts = st.text(max_size=12).map(str.encode) | st.text("  éa\u0301œ\U0001f600€&", max_size=12).map(
    str.encode
)


@run_examples(300)
@given(st.lists(_file_texts | st.binary(max_size=9), max_size=6), st.integers(0, 9))
@example([b"  a  ", b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98\x80", b"\xff", b"a\xc3\xa9", b"\x80"], 4)
def test_texts_are_transliterated(texts: list[bytes], capacity: int) -> None:
    start = np.cumsum([0, *map(len, _LETTERS)]).astype(np.int32)
    table = seal(Transliteration(start, np.frombuffer("".join(_LETTERS).encode(), np.uint8)))
    spans, out = allocate_zeros(Spans, len(texts)), np.zeros(len(texts) * capacity, np.uint8)
    transliterate.transliterate_texts(*to_spans(texts), table, spans, out)
    transliterations = [out[first:end].tobytes().decode() for first, end in zip(*spans, strict=True)]
    assert transliterations == spelling_oracle.transliterate_texts(texts, _LETTERS, capacity)


_cents = st.integers(1, 2**63 - 1) | st.sampled_from((1, 99, 100, 999, 1000, 99_999_999_999, 10**14))
_transfers = st.builds(
    Transfer, _numbers, _cents, _texts, _texts, _texts | st.just(b""), _texts | st.just(b"")
)
_pieces = st.lists(_texts, min_size=transfer_xml.TEMPLATE_PIECES, max_size=transfer_xml.TEMPLATE_PIECES)


@run_examples(300)
@given(st.lists(_transfers, max_size=5), _pieces)
@example([Transfer(1, 1, b"", b"", b"", b"")], [b""] * transfer_xml.TEMPLATE_PIECES)
def test_transfers_are_measured_and_written(rows: list[Transfer], pieces: list[bytes]) -> None:
    table, texts = _to_table(rows)
    template = seal(
        TransferTemplate(
            np.cumsum([0, *map(len, pieces)]).astype(np.int32), np.frombuffer(b"".join(pieces), np.uint8)
        )
    )
    sizes = allocate_zeros(TransferSizes, len(rows))
    transfer_xml.measure_transfers(table, template, sizes)
    assert sizes.bytes.tolist() == oracle.measure_transfers(rows, pieces)
    out = np.zeros(int(sizes.bytes.sum()), np.uint8)
    transfer_xml.write_transfers(table, texts, template, out)
    assert out.tobytes() == oracle.write_transfers(rows, pieces)


def _to_table(rows: list[Transfer]) -> tuple[Transfers, TransferTexts]:
    columns = [
        to_spans([getattr(row, name) for row in rows]) for name in ("name", "iban", "bic", "remittance")
    ]
    number, amount = (np.array([row[place] for row in rows], np.int64) for place in (0, 1))
    spans = [bound for text_spans, _ in columns for bound in _to_bounds(text_spans)]
    texts = TransferTexts(*(text.data for _, text in columns))
    return seal(Transfers(number, amount, *spans)), seal(texts)


def _to_bounds(spans: Spans) -> tuple[np.ndarray, np.ndarray]:
    return spans.start, spans.end
