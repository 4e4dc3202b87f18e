"""Numbers of texts: computed once for a dictionary and a mapping."""

import pyarrow as pa

from ingest.resolution.text_columns import TextColumn

_CODES = pa.array(["A", "B", "", "A"]).dictionary_encode()


def test_a_mapping_that_is_gone_leaves_no_numbers_to_the_next_one() -> None:
    """Two mappings of one length, one after the other, often have one address: each gives its own numbers."""
    column = TextColumn.from_arrow(_CODES)
    for number in range(1, 20):
        assert column.map_to_numbers({"A": number}, 99).tolist() == [number, 99, 0, number]


def test_the_number_of_other_texts_counts_too() -> None:
    column, numbers = TextColumn.from_arrow(_CODES), {"A": 7}
    assert column.map_to_numbers(numbers, 1).tolist() == [7, 1, 0, 7]
    assert column.map_to_numbers(numbers, 2).tolist() == [7, 2, 0, 7]


def test_a_mapping_that_has_grown_is_read_again() -> None:
    column, numbers = TextColumn.from_arrow(_CODES), {"A": 7}
    column.map_to_numbers(numbers, 1)
    numbers["B"] = 8
    assert column.map_to_numbers(numbers, 1).tolist() == [7, 8, 0, 7]
