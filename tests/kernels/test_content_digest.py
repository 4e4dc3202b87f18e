"""What lines say: gathered from texts, codes and numbers alike, and what is missed in which order."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.outcome_codes import Outcome
from core.tables.columns import allocate_zeros, seal, seal_array
from core.tables.journal import Flags, Numbers, ParsedNumbers
from core.tables.raw_lines import LineContent, LineFaults, RequiredFields
from kernels import content_digest as kernel
from tests.kernels.execution_modes import allow_wrapping, run_examples, to_spans
from tests.oracle import content_digest as oracle

_fields = st.integers(1, 63)
_words = st.integers(0, 2**64 - 1)
_sets = st.frozensets(_fields, max_size=5)
_contents = st.builds(oracle.LineContent, _sets, _words, st.integers(0, 2) | _fields)
_texts = st.binary(max_size=20) | st.sampled_from(
    [b"", b"x" * 16, b"1234567\x7f", b"12345678\x1f", b"\x80" * 9]
)
_values = st.integers(-(2**63), 2**63 - 1) | st.sampled_from((-1, 0))
_faults = st.sampled_from((0, 0, Outcome.FIELD_INVALID, Outcome.AMOUNT_INVALID))


@run_examples(200)
@given(st.lists(st.tuples(_contents, _texts), max_size=9), _fields, st.integers(0, 24))
@example([(oracle.LineContent(), b"x" * 9)], 3, 8)
def test_texts(lines: list[tuple[oracle.LineContent, bytes]], field: int, bytes_max: int) -> None:
    said, column = [one for one, _ in lines], [text for _, text in lines]
    found = _to_table(said)
    with allow_wrapping():
        kernel.add_texts(*to_spans(column), field, bytes_max, found)
    assert _to_rows(found) == oracle.add_texts(said, column, field, bytes_max)


@run_examples(200)
@given(
    st.lists(st.tuples(_contents, st.integers(-1, 3)), max_size=9),
    st.lists(_contents, min_size=4, max_size=4),
)
def test_codes(lines: list[tuple[oracle.LineContent, int]], values: list[oracle.LineContent]) -> None:
    said, codes = [one for one, _ in lines], [code for _, code in lines]
    found = _to_table(said)
    with allow_wrapping():
        kernel.add_codes(_to_numbers(codes), seal(_to_table(values)), found)
    assert _to_rows(found) == oracle.add_codes(said, codes, values)


@run_examples(200)
@given(
    st.lists(st.tuples(_contents, st.tuples(_values, _faults, st.booleans())), max_size=9),
    _fields,
    _fields,
    st.booleans(),
)
def test_numbers(
    lines: list[tuple[oracle.LineContent, tuple[int, int, bool]]], field: int, salt: int, whole: bool
) -> None:
    """A column in which every line says a number may leave out to say so."""
    said = [one for one, _ in lines]
    column = [(value, fault, given or whole) for _, (value, fault, given) in lines]
    values = np.array([value for value, _, _ in column], np.int64)
    faults = np.array([fault for _, fault, _ in column], np.uint8)
    said_so = np.array([given for _, _, given in column if not whole], np.uint8)
    found = _to_table(said)
    with allow_wrapping():
        kernel.add_numbers(
            seal(ParsedNumbers(values, faults)), Flags(seal_array(said_so)), field, salt, found
        )
    assert _to_rows(found) == oracle.add_numbers(said, column, field, salt)


_small = st.frozensets(st.integers(1, 6), max_size=4)
_needs = st.lists(st.builds(oracle.KindRequirement, _small, _small, _small), min_size=3, max_size=3)
_lines = st.tuples(
    st.builds(oracle.LineContent, _small, st.just(0), st.sampled_from((0, 0, 5))),
    st.integers(0, 2),
    st.sampled_from(((0, 0), (0, 0), (Outcome.LINE_INVALID, 2))),
)


@run_examples(400)
@given(st.lists(_lines, max_size=9), _needs, st.permutations(range(1, 7)))
def test_what_is_left_out(
    lines: list[tuple[oracle.LineContent, int, tuple[int, int]]],
    needs: list[oracle.KindRequirement],
    order: list[int],
) -> None:
    said, kinds, marks = (
        [one for one, _, _ in lines],
        [kind for _, kind, _ in lines],
        [mark for _, _, mark in lines],
    )
    always, naming, of_cell = (
        np.array([_to_bits(need[place]) for need in needs], np.uint64) for place in range(3)
    )
    table = seal(RequiredFields(always, naming, of_cell, np.array(order, np.uint8)))
    found, named = allocate_zeros(LineFaults, len(lines)), allocate_zeros(Flags, len(lines))
    found.fault[:], found.field[:] = [fault for fault, _ in marks], [field for _, field in marks]
    kernel.check_required_fields(
        seal(_to_table(said)), Flags(seal_array(np.array(kinds, np.uint8))), table, found, named
    )
    told = list(zip(*(column.tolist() for column in (*found, named.flag)), strict=True))
    assert told == oracle.check_required_fields(said, kinds, (dict(enumerate(needs)), order), marks)


@run_examples(100)
@given(st.lists(st.integers(-1, 2), max_size=9), st.lists(st.integers(-1, 2**31 - 1), min_size=3, max_size=3))
def test_numbers_of_values(codes: list[int], of_value: list[int]) -> None:
    found = allocate_zeros(Numbers, len(codes))
    kernel.spread_numbers(_to_numbers(codes), _to_numbers(of_value), found)
    assert found.number.tolist() == oracle.spread_numbers(codes, of_value)


def _to_numbers(numbers: list[int]) -> Numbers:
    return Numbers(seal_array(np.array(numbers, np.int32)))


def _to_bits(fields: frozenset[int]) -> int:
    return sum(1 << field for field in fields)


def _to_table(said: list[oracle.LineContent]) -> LineContent:
    fields = np.array([_to_bits(one.fields) for one in said], np.uint64)
    content = np.array([one.content for one in said], np.uint64)
    return LineContent(fields, content, np.array([one.flawed for one in said], np.uint8))


def _to_rows(said: LineContent) -> list[oracle.LineContent]:
    return [
        oracle.LineContent(frozenset(bit for bit in range(64) if fields >> bit & 1), content, flawed)
        for fields, content, flawed in zip(*(column.tolist() for column in said), strict=True)
    ]
