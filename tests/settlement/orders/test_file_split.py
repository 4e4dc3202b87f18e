"""Transfers are split into files within the limits of the bank."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from settlement.orders.file_split import CONTROL_SUM_CENTS_MAX, FileLimits, split_rows
from settlement.orders.pain001_writer import OVERHEAD_BYTES_MAX


@given(
    st.lists(st.tuples(st.integers(300, 900), st.sampled_from((1, 10**14, 6 * 10**17))), max_size=30),
    st.integers(1, 12),
    st.integers(900, 9000),
)
def test_every_row_is_in_one_file_and_every_file_fits(
    rows: list[tuple[int, int]], transactions_max: int, room: int
) -> None:
    sizes, amounts = (np.array([row[at] for row in rows], np.int64) for at in (0, 1))
    files = list(split_rows(sizes, amounts, FileLimits(transactions_max, room + OVERHEAD_BYTES_MAX)))
    assert [row for part in files for row in range(part.start, part.stop)] == list(range(len(rows)))
    for part in files:
        assert 1 <= part.stop - part.start <= transactions_max
        assert sizes[part].sum() <= room or part.stop - part.start == 1
        assert sum(amounts[part].tolist()) <= CONTROL_SUM_CENTS_MAX


def test_there_are_as_few_files_as_possible() -> None:
    sizes, amounts = np.full(10, 500), np.full(10, 1)
    assert list(split_rows(sizes, amounts, FileLimits(4, 10**6))) == [slice(0, 4), slice(4, 8), slice(8, 10)]
