"""The content of lines, from texts, codes and numbers, and the order in which missing fields are reported."""

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
def test_texts_add_content(lines: list[tuple[oracle.LineContent, bytes]], field: int, bytes_max: int) -> None:
    contents, column = [content_of_line for content_of_line, _ in lines], [text for _, text in lines]
    table = _to_table(contents)
    with allow_wrapping():
        kernel.add_texts(*to_spans(column), field, bytes_max, table)
    assert _to_rows(table) == oracle.add_texts(contents, column, field, bytes_max)


@run_examples(200)
@given(
    st.lists(st.tuples(_contents, st.integers(-1, 3)), max_size=9),
    st.lists(_contents, min_size=4, max_size=4),
)
def test_codes_add_content(
    lines: list[tuple[oracle.LineContent, int]], values: list[oracle.LineContent]
) -> None:
    contents, codes = [content_of_line for content_of_line, _ in lines], [code for _, code in lines]
    table = _to_table(contents)
    with allow_wrapping():
        kernel.add_codes(_to_numbers(codes), seal(_to_table(values)), table)
    assert _to_rows(table) == oracle.add_codes(contents, codes, values)


@run_examples(200)
@given(
    st.lists(st.tuples(_contents, st.tuples(_values, _faults, st.booleans())), max_size=9),
    _fields,
    _fields,
    st.booleans(),
)
def test_numbers_add_content(
    lines: list[tuple[oracle.LineContent, tuple[int, int, bool]]], field: int, salt: int, is_complete: bool
) -> None:
    """A column with a number in every line may omit the flags."""
    contents = [content_of_line for content_of_line, _ in lines]
    column = [(value, fault, is_given or is_complete) for _, (value, fault, is_given) in lines]
    values = np.array([value for value, _, _ in column], np.int64)
    faults = np.array([fault for _, fault, _ in column], np.uint8)
    given_flags = np.array([is_given for _, _, is_given in column if not is_complete], np.uint8)
    table = _to_table(contents)
    with allow_wrapping():
        kernel.add_numbers(
            seal(ParsedNumbers(values, faults)), Flags(seal_array(given_flags)), field, salt, table
        )
    assert _to_rows(table) == oracle.add_numbers(contents, column, field, salt)


_small = st.frozensets(st.integers(1, 6), max_size=4)
_needs = st.lists(st.builds(oracle.KindRequirement, _small, _small, _small), min_size=3, max_size=3)
_lines = st.tuples(
    st.builds(oracle.LineContent, _small, st.just(0), st.sampled_from((0, 0, 5))),
    st.integers(0, 2),
    st.sampled_from(((0, 0), (0, 0), (Outcome.LINE_INVALID, 2))),
)


@run_examples(400)
@given(st.lists(_lines, max_size=9), _needs, st.permutations(range(1, 7)))
def test_missing_fields_are_reported(
    lines: list[tuple[oracle.LineContent, int, tuple[int, int]]],
    needs: list[oracle.KindRequirement],
    order: list[int],
) -> None:
    contents, kinds, expected_faults = (
        [content_of_line for content_of_line, _, _ in lines],
        [kind for _, kind, _ in lines],
        [fault for _, _, fault in lines],
    )
    always, naming, of_cell = (
        np.array([_to_bits(need[place]) for need in needs], np.uint64) for place in range(3)
    )
    table = seal(RequiredFields(always, naming, of_cell, np.array(order, np.uint8)))
    faults, named = allocate_zeros(LineFaults, len(lines)), allocate_zeros(Flags, len(lines))
    faults.fault[:], faults.field[:] = (
        [fault for fault, _ in expected_faults],
        [field for _, field in expected_faults],
    )
    kernel.check_required_fields(
        seal(_to_table(contents)), Flags(seal_array(np.array(kinds, np.uint8))), table, faults, named
    )
    rows = list(zip(*(column.tolist() for column in (*faults, named.flag)), strict=True))
    assert rows == oracle.check_required_fields(
        contents, kinds, (dict(enumerate(needs)), order), expected_faults
    )


@run_examples(100)
@given(st.lists(st.integers(-1, 2), max_size=9), st.lists(st.integers(-1, 2**31 - 1), min_size=3, max_size=3))
def test_lines_get_the_number_of_their_value(codes: list[int], of_value: list[int]) -> None:
    numbers = allocate_zeros(Numbers, len(codes))
    kernel.spread_numbers(_to_numbers(codes), _to_numbers(of_value), numbers)
    assert numbers.number.tolist() == oracle.spread_numbers(codes, of_value)


def _to_numbers(numbers: list[int]) -> Numbers:
    return Numbers(seal_array(np.array(numbers, np.int32)))


def _to_bits(fields: frozenset[int]) -> int:
    return sum(1 << field for field in fields)


def _to_table(contents: list[oracle.LineContent]) -> LineContent:
    fields = np.array([_to_bits(line.fields) for line in contents], np.uint64)
    content = np.array([line.content for line in contents], np.uint64)
    return LineContent(fields, content, np.array([line.flawed for line in contents], np.uint8))


def _to_rows(table: LineContent) -> list[oracle.LineContent]:
    return [
        oracle.LineContent(frozenset(bit for bit in range(64) if fields >> bit & 1), content, flawed)
        for fields, content, flawed in zip(*(column.tolist() for column in table), strict=True)
    ]
