"""What lines say: gathered from texts, codes and numbers alike, and what is missed in which order."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from core.outcome_codes import Outcome
from core.tables.columns import blank, seal, sealed
from core.tables.journal import Flags, Numbers, Parsed
from core.tables.raw_lines import Marks, Needs, Said
from kernels import content_digest as kernel
from tests.kernels.execution_modes import examples, texts_of, wrapping
from tests.oracle import content_digest as oracle

_fields = st.integers(1, 63)
_words = st.integers(0, 2**64 - 1)
_sets = st.frozensets(_fields, max_size=5)
_said = st.builds(oracle.Said, _sets, _words, st.integers(0, 2) | _fields)
_texts = st.binary(max_size=20) | st.sampled_from(
    [b"", b"x" * 16, b"1234567\x7f", b"12345678\x1f", b"\x80" * 9]
)
_values = st.integers(-(2**63), 2**63 - 1) | st.sampled_from((-1, 0))
_faults = st.sampled_from((0, 0, Outcome.FIELD_INVALID, Outcome.AMOUNT_INVALID))


@examples(200)
@given(st.lists(st.tuples(_said, _texts), max_size=9), _fields, st.integers(0, 24))
@example([(oracle.Said(), b"x" * 9)], 3, 8)
def test_texts(lines: list[tuple[oracle.Said, bytes]], field: int, bytes_max: int) -> None:
    said, column = [one for one, _ in lines], [text for _, text in lines]
    found = _table(said)
    with wrapping():
        kernel.texts(*texts_of(column), field, bytes_max, found)
    assert _rows(found) == oracle.texts(said, column, field, bytes_max)


@examples(200)
@given(st.lists(st.tuples(_said, st.integers(-1, 3)), max_size=9), st.lists(_said, min_size=4, max_size=4))
def test_codes(lines: list[tuple[oracle.Said, int]], values: list[oracle.Said]) -> None:
    said, codes = [one for one, _ in lines], [code for _, code in lines]
    found = _table(said)
    with wrapping():
        kernel.coded(_numbers(codes), seal(_table(values)), found)
    assert _rows(found) == oracle.coded(said, codes, values)


@examples(200)
@given(
    st.lists(st.tuples(_said, st.tuples(_values, _faults, st.booleans())), max_size=9),
    _fields,
    _fields,
    st.booleans(),
)
def test_numbers(
    lines: list[tuple[oracle.Said, tuple[int, int, bool]]], field: int, salt: int, whole: bool
) -> None:
    """A column in which every line says a number may leave out to say so."""
    said = [one for one, _ in lines]
    column = [(value, fault, given or whole) for _, (value, fault, given) in lines]
    values = np.array([value for value, _, _ in column], np.int64)
    faults = np.array([fault for _, fault, _ in column], np.uint8)
    said_so = np.array([given for _, _, given in column if not whole], np.uint8)
    found = _table(said)
    with wrapping():
        kernel.numbers(seal(Parsed(values, faults)), Flags(sealed(said_so)), field, salt, found)
    assert _rows(found) == oracle.numbers(said, column, field, salt)


_small = st.frozensets(st.integers(1, 6), max_size=4)
_needs = st.lists(st.builds(oracle.Need, _small, _small, _small), min_size=3, max_size=3)
_lines = st.tuples(
    st.builds(oracle.Said, _small, st.just(0), st.sampled_from((0, 0, 5))),
    st.integers(0, 2),
    st.sampled_from(((0, 0), (0, 0), (Outcome.LINE_INVALID, 2))),
)


@examples(400)
@given(st.lists(_lines, max_size=9), _needs, st.permutations(range(1, 7)))
def test_what_is_left_out(
    lines: list[tuple[oracle.Said, int, tuple[int, int]]], needs: list[oracle.Need], order: list[int]
) -> None:
    said, kinds, marks = (
        [one for one, _, _ in lines],
        [kind for _, kind, _ in lines],
        [mark for _, _, mark in lines],
    )
    always, naming, of_cell = (
        np.array([_bits(need[place]) for need in needs], np.uint64) for place in range(3)
    )
    table = seal(Needs(always, naming, of_cell, np.array(order, np.uint8)))
    found, named = blank(Marks, len(lines)), blank(Flags, len(lines))
    found.fault[:], found.field[:] = [fault for fault, _ in marks], [field for _, field in marks]
    kernel.judge(seal(_table(said)), Flags(sealed(np.array(kinds, np.uint8))), table, found, named)
    told = list(zip(*(column.tolist() for column in (*found, named.flag)), strict=True))
    assert told == oracle.judge(said, kinds, (dict(enumerate(needs)), order), marks)


@examples(100)
@given(st.lists(st.integers(-1, 2), max_size=9), st.lists(st.integers(-1, 2**31 - 1), min_size=3, max_size=3))
def test_numbers_of_values(codes: list[int], of_value: list[int]) -> None:
    found = blank(Numbers, len(codes))
    kernel.spread(_numbers(codes), _numbers(of_value), found)
    assert found.number.tolist() == oracle.spread(codes, of_value)


def _numbers(numbers: list[int]) -> Numbers:
    return Numbers(sealed(np.array(numbers, np.int32)))


def _bits(fields: frozenset[int]) -> int:
    return sum(1 << field for field in fields)


def _table(said: list[oracle.Said]) -> Said:
    fields = np.array([_bits(one.fields) for one in said], np.uint64)
    content = np.array([one.content for one in said], np.uint64)
    return Said(fields, content, np.array([one.flawed for one in said], np.uint8))


def _rows(said: Said) -> list[oracle.Said]:
    return [
        oracle.Said(frozenset(bit for bit in range(64) if fields >> bit & 1), content, flawed)
        for fields, content, flawed in zip(*(column.tolist() for column in said), strict=True)
    ]
