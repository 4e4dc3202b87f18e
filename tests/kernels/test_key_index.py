"""The index of keys: inserted once, and found by a search, however full the slots are."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.tables.book import Counters, KeyRows
from core.tables.columns import allocate_records, seal_array, to_record_dtype
from kernels import key_index as kernel
from tests.act_strategies import streams
from tests.book_strategies import StartingBook, books
from tests.kernels.decision_cases import to_records
from tests.kernels.execution_modes import run_examples
from tests.oracle import key_index as oracle
from tests.oracle import waiting_keys
from tests.oracle.decisions import join_acts as rows_of
from tests.oracle.lines import Line

Key = tuple[int, int]

_words = st.sampled_from((0, 1, 2, 16, 1 << 32, 2**63, 2**64 - 1, 2**64 - 2)) | st.integers(0, 2**64 - 1)
_tags = st.sampled_from((0, 1, 2**32 - 1)) | st.integers(0, 2**32 - 1)
_keys = st.lists(st.tuples(_words, _tags), unique=True, max_size=16)


@run_examples(400)
@given(_keys, _keys, st.data())
def test_inserted_keys_are_found(inserted: list[Key], others: list[Key], data: st.DataObject) -> None:
    """In two calls, as when a book grows; half of the slots may be in use."""
    table = np.array([(*key, row + 1, 0) for row, key in enumerate(inserted)], to_record_dtype(KeyRows))
    slots, rows_of_keys = np.zeros(32, np.uint64), {}
    cut = data.draw(st.integers(0, len(inserted)))
    for first, end in ((0, cut), (cut, len(inserted))):
        kernel.index_keys(slots, seal_array(table), first, end)
        oracle.index_keys(rows_of_keys, inserted, first, end)
        for key in (*inserted, *others):
            assert _find_by_kernel(slots, table, key) == oracle.find_key(rows_of_keys, *key)
    assert np.count_nonzero(slots) == len(inserted)


@st.composite
def _draw_acts(draw: st.DrawFn) -> tuple[StartingBook, list[Line]]:
    book = draw(books())
    return book, rows_of(draw(streams(book, 5)))


@run_examples(60)
@given(_draw_acts(), _draw_acts())
def test_keys_of_waiting_acts_are_inserted(
    first: tuple[StartingBook, list[Line]], second: tuple[StartingBook, list[Line]]
) -> None:
    """Keys of the first submission come before those of the next; of equal keys the first is found."""
    rows_max = len(first[1]) + len(second[1])
    slots, table = np.zeros(2 * rows_max + 1, np.uint64), allocate_records(KeyRows, rows_max)
    counters, waiting = allocate_records(Counters, 1), []
    for _, rows in (first, second):
        kernel.insert_waiting_keys(to_records(rows), slots, table, counters)
        waiting_keys.insert_waiting_keys(waiting, rows)
    count = int(counters["waiting"][0])
    keys = [(high, low) for high, low, _, _ in table[:count].tolist()]
    assert [
        (key, content) for key, content in zip(keys, table["content"][:count].tolist(), strict=True)
    ] == waiting
    assert [_find_by_kernel(slots, table, key) for key in keys] == [keys.index(key) for key in keys]
    assert counters[["entries", "keys", "payees"]].tolist() == [(0, 0, 0)]


def _find_by_kernel(slots: np.ndarray, table: np.ndarray, key: Sequence[int]) -> int:
    """Search by the layout of ``Slots``: from the slot in proportion to the low word on, tag and row + 1."""
    at = key[1] * len(slots) >> 32
    while word := int(slots[at]):
        row = word % 2**32 - 1
        if word >> 32 == key[1] and int(table["high"][row]) == key[0]:
            return row
        at = (at + 1) % len(slots)
    return -1
