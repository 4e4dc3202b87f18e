"""Grouping of lines into acts: where an act starts, where it continues, and when it is too long."""

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
    """Draw lines numbered consecutively under one key."""
    start, key, count = draw(_numbers), draw(_keys), draw(st.integers(1, 5))
    numbers = [min(start + place, 2**63 - 1) for place in range(count)]
    return [LineKey(number, *key, draw(_words)) for number in numbers]


@run_examples(400)
@given(st.lists(_draw_lines(), max_size=6).map(lambda runs: [line for run in runs for line in run]))
def test_lines_are_grouped_into_acts(lines: list[LineKey]) -> None:
    assert _group_by_kernel(lines) == oracle.group_lines(lines)


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("count", [ACT_LINES_MAX, ACT_LINES_MAX + 1])
def test_an_act_may_have_a_thousand_lines_but_no_more(first: int, count: int) -> None:
    lines = [LineKey(number, 1, 2, number) for number in range(first, first + count)]
    grouped = _group_by_kernel([*lines, *lines[:2]])
    assert grouped == oracle.group_lines([*lines, *lines[:2]])
    assert {line.head for line in grouped} == {0, count}
    too_long = Outcome.ACT_TOO_LONG if count > ACT_LINES_MAX else Outcome.ACCEPTED
    assert grouped[0].fault == (too_long if first == 1 else Outcome.LINE_INVALID)


def test_the_digest_of_an_act_depends_on_the_order_of_its_lines() -> None:
    forward, backward = (
        [LineKey(place, 1, 2, digest) for place, digest in enumerate(digests, 1)]
        for digests in ((5, 6), (6, 5))
    )
    assert _group_by_kernel(forward)[0].content != _group_by_kernel(backward)[0].content


def _group_by_kernel(lines: list[LineKey]) -> list[GroupedLine]:
    columns = [[line[place] for line in lines] for place in range(len(LineKey._fields))]
    typed = [
        np.array(column, kind.dtype)
        for column, kind in zip(columns, read_column_kinds(LineKeys).values(), strict=True)
    ]
    grouping = allocate_zeros(ActGrouping, len(lines))
    with allow_wrapping():
        kernel.group_lines(seal(LineKeys(*typed)), grouping)
    return [GroupedLine(*row) for row in zip(*(column.tolist() for column in grouping), strict=True)]
