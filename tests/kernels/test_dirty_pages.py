"""The pages of followed entries."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.catalog import KIND_NUMBERS
from core.catalog_effects import Effects, build_effects
from core.tables.book import OpenItems
from core.tables.columns import seal_array, seal_records, to_record_dtype
from kernels import dirty_pages as kernel
from tests.kernels.execution_modes import run_examples
from tests.oracle import dirty_pages

_ENTRIES_MAX = 40
_EFFECTS = seal_records(Effects, build_effects())
_PLAIN, _PART = KIND_NUMBERS["commitment"], KIND_NUMBERS["attachment"]


@run_examples(200)
@given(
    st.lists(st.integers(0, _ENTRIES_MAX - 1), max_size=12),
    st.lists(st.integers(0, _ENTRIES_MAX - 1), min_size=_ENTRIES_MAX, max_size=_ENTRIES_MAX),
    st.integers(1, _ENTRIES_MAX),
    st.sets(st.integers(0, _ENTRIES_MAX - 1)),
    st.tuples(*[st.sets(st.integers(1, _ENTRIES_MAX - 1))] * 2),
)
def test_pages_of_followed_entries_are_marked(
    followed: list[int],
    parents: list[int],
    page_rows: int,
    before: set[int],
    leading: tuple[set[int], set[int]],
) -> None:
    """Pages that were marked before stay marked; a commitment is carried to a later entry, a part follows an earlier one."""
    carried, parts = leading[0], leading[1] - leading[0]
    for entry in carried:
        parents[entry] = max(parents[entry], entry + 1) % _ENTRIES_MAX
        parts.discard(parents[entry])
    for entry in parts:
        parents[entry] = min(parents[entry], entry - 1)
    items, marks = np.zeros(_ENTRIES_MAX, to_record_dtype(OpenItems)), np.zeros(_ENTRIES_MAX, np.uint8)
    items["parent"], items["kind"], marks[list(before)] = parents, _PLAIN, 1
    items["kind"][list(carried)], items["kind"][list(parts)] = 0, _PART
    kernel.mark_pages(seal_array(np.array(followed, np.int64)), seal_array(items), _EFFECTS, page_rows, marks)
    expected = dirty_pages.mark_pages(followed, dict(enumerate(parents)), page_rows, carried | parts)
    assert set(np.flatnonzero(marks).tolist()) == before | expected
    assert set(marks.tolist()) <= {0, 1}
