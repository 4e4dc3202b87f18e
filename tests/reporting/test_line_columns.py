"""Joins and sums of arrays equal those of plain loops."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reporting.line_columns import NONE, build_index, join, join_or_keep, look_up, sum_by_key, sum_groups

KEYS = st.lists(st.integers(0, 6), max_size=12).map(lambda keys: np.array(keys, np.int64))


@given(KEYS, KEYS)
def test_a_join_pairs_equal_keys(keys: np.ndarray, others: np.ndarray) -> None:
    expected = [(i, j) for i, key in enumerate(keys) for j, other in enumerate(others) if key == other]
    pairs = join(keys, others)
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == expected


@given(KEYS, KEYS)
def test_a_left_join_keeps_rows_without_a_match(keys: np.ndarray, others: np.ndarray) -> None:
    expected = [
        (i, j)
        for i, key in enumerate(keys)
        for j in [j for j, other in enumerate(others) if key == other] or [NONE]
    ]
    pairs = join_or_keep(keys, others)
    assert list(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True)) == expected


@given(st.sets(st.integers(1, 30)), st.lists(st.integers(0, 60)))
def test_an_index_finds_the_place_of_each_key(keys: set[int], numbers: list[int]) -> None:
    places = list(keys)
    index = build_index(np.array(places, np.int64))
    expected = [places.index(key) if key in keys else NONE for key in numbers]
    assert look_up(index, np.array(numbers, np.int64)).tolist() == expected


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(-9, 9))))
def test_sums_by_keys_are_those_of_a_loop(rows: list[tuple[int, int, int]]) -> None:
    first, second, cents = (
        np.array([row[place] for row in rows], np.int64).reshape(-1) for place in range(3)
    )
    sums: dict[tuple[int, int], int] = {}
    for key, second_key, amount in rows:
        sums[key, second_key] = sums.get((key, second_key), 0) + amount
    groups = list(sum_groups({"one": first, "two": second}, {"cents": cents}, {"cell": None}))
    assert groups == [{"cell": None, "one": k[0], "two": k[1], "cents": v} for k, v in sorted(sums.items())]
    keys, totals = sum_by_key(first, cents)
    assert dict(zip(keys.tolist(), totals.tolist(), strict=True)) == {
        key: sum(row[2] for row in rows if row[0] == key) for key in {row[0] for row in rows}
    }
