"""Parsing of texts into numbers: valid texts, faults, and limits."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.outcome_codes import Outcome
from core.tables.columns import allocate_zeros
from core.tables.journal import Flags, ParsedNumbers, Spans
from kernels import parsing
from tests.kernels.execution_modes import draw_lists, run_examples, to_spans
from tests.oracle import amounts, days, hashing, whole_numbers

Texts = list[bytes]

_digits = st.text("0123456789", min_size=1, max_size=21)
_numbers = st.integers(-(2**64), 2**64).map(str) | _digits
_decimals = st.tuples(
    _numbers, st.sampled_from([".", ",", "", "..", ".,"]), st.text("0123456789", max_size=4)
)
_dates = st.dates().map(str) | st.tuples(
    st.integers(0, 10_001), st.integers(0, 13), st.integers(0, 32), st.sampled_from("-/ ")
).map(lambda parts: f"{parts[0]:04}{parts[3]}{parts[1]:02}{parts[3]}{parts[2]:02}")


@st.composite
def _spoil(draw: st.DrawFn, valid: st.SearchStrategy[str]) -> str:
    """Draw a valid text, or one with a character added, removed or of another alphabet."""
    text = draw(valid)
    at = draw(st.integers(0, len(text)))
    other = draw(st.sampled_from(["", "", "", " ", "+", "-", "#", "e", "\0", "\u0661", "0"]))
    return text[:at] + other + text[at + draw(st.integers(0, 1)) * (other == "") :]


def _draw_utf8(valid: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    return (valid | _spoil(valid) | st.text(max_size=12)).map(str.encode)


def _read_by_kernel(kernel: object, texts: Texts) -> list[tuple[int, int]]:
    parsed = allocate_zeros(ParsedNumbers, len(texts))
    kernel(*to_spans(texts), parsed)  # type: ignore[operator]
    return list(zip(parsed.value.tolist(), parsed.fault.tolist(), strict=True))


@run_examples(400)
@given(draw_lists(_draw_utf8(_decimals.map("".join))))
@example(
    [b"1000000000000.00", b"1000000000000.01", b"9223372036854775807", b"-9223372036854775808", b"-", b"."]
)
@example(
    [b"92233720368547758.07", b"92233720368547758.08", b"18446744073709551616", b"-0", b"-0.001", b"0.0"]
)
def test_amounts_are_parsed(texts: Texts) -> None:
    """An empty text has no fault; the amount of a refused text is returned where it can be read."""
    words = [text.decode() for text in texts]
    expected = [(amounts.read_any_amount(text), amounts.parse(text)[1] if text else 0) for text in words]
    assert _read_by_kernel(parsing.parse_amounts, texts) == expected


@run_examples(200)
@given(draw_lists(_draw_utf8(_numbers)))
@example([b"9999999999", b"10000000000", b"00000000000", b"0", b"9223372036854775808"])
def test_whole_numbers_are_parsed(texts: Texts) -> None:
    expected = [_replace_fault(whole_numbers.parse(text.decode()), -1) if text else (-1, 0) for text in texts]
    assert _read_by_kernel(parsing.parse_whole_numbers, texts) == expected


@run_examples(400)
@given(draw_lists(_draw_utf8(_dates)))
@example(
    [b"0000-01-01", b"0001-01-01", b"9999-12-31", b"1900-02-29", b"2000-02-29", b"2018-02-29", b"2018-04-31"]
)
def test_days_are_parsed(texts: Texts) -> None:
    expected = [_replace_fault(days.parse(text.decode()), 0) if text else (0, 0) for text in texts]
    assert _read_by_kernel(parsing.parse_days, texts) == expected


def _replace_fault(value: int | None, default: int) -> tuple[int, int]:
    return (default, Outcome.FIELD_INVALID) if value is None else (value, 0)


@run_examples(200)
@given(draw_lists(st.binary(max_size=40) | st.text(max_size=20).map(str.encode)), st.integers(0, 40))
@example([b"\x1f", b" ", b"~", b"\x7f", b"\x80"], 1)
def test_flawed_texts_are_flagged(texts: Texts, bytes_max: int) -> None:
    flags = allocate_zeros(Flags, len(texts))
    parsing.flag_flaws(*to_spans(texts), bytes_max, flags)
    assert flags.flag.tolist() == [hashing.is_flawed(text, bytes_max) for text in texts]


@run_examples(200)
@given(
    draw_lists(
        _draw_utf8(
            st.tuples(st.text("@EJ-1", max_size=5), _numbers).map("#".join) | _numbers.map("@{}".format)
        )
    )
)
@example([b"#1", b"#", b"R#", b"R#0", b"R#9999999999", b"R#10000000000", b"R##1", b"#R#1"])
@example(
    [b"@1", b"@", b"@0", b"@9999999999", b"@10000000000", b"@1x", b"@@1", b"R@1", b"@1#1", b"@#1", b"#@1"]
)
def test_predecessors_are_split(texts: Texts) -> None:
    spans, text = to_spans(texts)
    reference_spans, parsed = allocate_zeros(Spans, len(texts)), allocate_zeros(ParsedNumbers, len(texts))
    parsing.split_predecessors(spans, text, reference_spans, parsed)
    expected = [hashing.split_predecessor(pair.decode()) for pair in texts]
    assert parsed.fault.tolist() == [0 if pair else Outcome.FIELD_INVALID for pair in expected]
    assert parsed.value.tolist() == [pair[1] if pair else 0 for pair in expected]
    references = [
        text.data[start:end].tobytes()
        for start, end in zip(*map(np.ndarray.tolist, reference_spans), strict=True)
    ]
    assert [reference for reference, pair in zip(references, expected, strict=True) if pair] == [
        pair[0].encode() for pair in expected if pair
    ]
