"""The pages of what is followed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.tables.book import OpenItems
from core.tables.columns import seal_array, to_record_dtype
from kernels import dirty_pages as kernel
from tests.kernels.execution_modes import run_examples
from tests.oracle import dirty_pages

_ROOM = 40


@run_examples(200)
@given(
    st.lists(st.integers(0, _ROOM - 1), max_size=12),
    st.lists(st.integers(0, _ROOM - 1), min_size=_ROOM, max_size=_ROOM),
    st.integers(1, _ROOM),
    st.sets(st.integers(0, _ROOM - 1)),
)
def test_pages_of_what_is_followed_are_marked(
    followed: list[int], parents: list[int], rows_a_page: int, before: set[int]
) -> None:
    """Beside those that were marked already."""
    items, marks = np.zeros(_ROOM, to_record_dtype(OpenItems)), np.zeros(_ROOM, np.uint8)
    items["parent"], marks[list(before)] = parents, 1
    kernel.mark_pages(seal_array(np.array(followed, np.int64)), seal_array(items), rows_a_page, marks)
    expected = dirty_pages.mark_pages(followed, dict(enumerate(parents)), rows_a_page)
    assert set(np.flatnonzero(marks).tolist()) == before | expected
    assert set(marks.tolist()) <= {0, 1}
