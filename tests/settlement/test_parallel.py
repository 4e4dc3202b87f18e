"""Pieces worked on at once come back in their order, and what one of them raises is not lost."""

import threading

import pytest

from settlement.parallel import map_parallel


@pytest.mark.parametrize("count", [0, 1, 2, 50])
def test_what_is_made_of_pieces_comes_in_their_order(count: int) -> None:
    assert map_parallel(lambda number: number * number, range(count)) == [n * n for n in range(count)]


def test_two_are_worked_on_at_once() -> None:
    """Each waits for the other: one after the other, they would wait in vain."""
    both = threading.Barrier(2)
    assert sorted(map_parallel(lambda _: both.wait(60), range(2))) == [0, 1]


def test_what_the_first_raises_is_raised() -> None:
    def work(number: int) -> int:
        if number % 2:
            raise ValueError(f"piece {number}")
        return number

    with pytest.raises(ValueError, match="piece 1"):
        map_parallel(work, range(6))
