"""Results come in the order of the chunks, and exceptions are not lost."""

import threading

import pytest

from settlement.parallel import map_parallel


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_results_are_in_the_order_of_the_chunks(count: int) -> None:
    assert map_parallel(lambda number: number * number, range(count)) == [n * n for n in range(count)]


def test_two_chunks_are_processed_at_once() -> None:
    """Each call waits for the other: one after the other they would never end."""
    both = threading.Barrier(2)
    assert sorted(map_parallel(lambda _: both.wait(60), range(2))) == [0, 1]


def test_the_first_exception_is_raised() -> None:
    def work(number: int) -> int:
        if number % 2:
            raise ValueError(f"chunk {number}")
        return number

    with pytest.raises(ValueError, match="chunk 1"):
        map_parallel(work, range(6))
