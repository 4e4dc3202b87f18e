"""Lines to acts: where an act starts, where it goes on, and where it is too long."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.act_fields import ACT_LINES_MAX
from core.outcome_codes import Outcome
from core.tables.columns import allocate_zeros, read_column_kinds, seal
from core.tables.journal import ActGrouping, LineKeys
from kernels import grouping as kernel
from tests.kernels.execution_modes import allow_wrapping, run_examples
from tests.oracle import grouping as oracle
from tests.oracle.grouping import GroupedLine, LineKey

_words = st.integers(0, 2**64 - 1)
_keys = st.tuples(st.sampled_from((0, 2**64 - 1)), st.sampled_from((0, 2**32 - 1)))
_numbers = st.sampled_from((0, 1, 1, 2, -1, 2**63 - 1, -(2**63)))


@st.composite
def _draw_lines(draw: st.DrawFn) -> list[LineKey]:
    """Lines that mostly count on from some number under one key, with a break here and there."""
    start, key, count = draw(_numbers), draw(_keys), draw(st.integers(1, 5))
    numbers = [min(start + place, 2**63 - 1) for place in range(count)]
    return [LineKey(number, *key, draw(_words)) for number in numbers]


@run_examples(400)
@given(st.lists(_draw_lines(), max_size=6).map(lambda runs: [line for run in runs for line in run]))
def test_lines_find_their_act(lines: list[LineKey]) -> None:
    assert _group_by_kernel(lines) == oracle.group_lines(lines)


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("count", [ACT_LINES_MAX, ACT_LINES_MAX + 1])
def test_an_act_may_have_a_thousand_lines_and_no_more(first: int, count: int) -> None:
    lines = [LineKey(number, 1, 2, number) for number in range(first, first + count)]
    found = _group_by_kernel([*lines, *lines[:2]])
    assert found == oracle.group_lines([*lines, *lines[:2]])
    assert {each.head for each in found} == {0, count}
    too_long = Outcome.ACT_TOO_LONG if count > ACT_LINES_MAX else Outcome.ACCEPTED
    assert found[0].fault == (too_long if first == 1 else Outcome.LINE_INVALID)


def test_what_an_act_says_depends_on_the_order_of_its_lines() -> None:
    there, back = (
        [LineKey(place, 1, 2, digest) for place, digest in enumerate(each, 1)] for each in ((5, 6), (6, 5))
    )
    assert _group_by_kernel(there)[0].content != _group_by_kernel(back)[0].content


def _group_by_kernel(lines: list[LineKey]) -> list[GroupedLine]:
    columns = [[line[place] for line in lines] for place in range(len(LineKey._fields))]
    typed = [
        np.array(column, kind.dtype)
        for column, kind in zip(columns, read_column_kinds(LineKeys).values(), strict=True)
    ]
    found = allocate_zeros(ActGrouping, len(lines))
    with allow_wrapping():
        kernel.group_lines(seal(LineKeys(*typed)), found)
    return [GroupedLine(*each) for each in zip(*(column.tolist() for column in found), strict=True)]
