"""How fast the queue drains, on a clock that the test turns."""

import math

import pytest

from monitoring.drain_rate import WINDOW_SECONDS, DrainRate


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_waits_and_nothing_moves(clock: Clock) -> None:
    pace = DrainRate(clock)
    assert pace.compute_lines_a_second() == 0
    assert pace.estimate_seconds_to_empty(0) == 0
    assert pace.estimate_seconds_to_empty(1) == math.inf


def test_the_pace_is_that_since_work_began(clock: Clock) -> None:
    """Not that of the half minute before, when there was nothing to do."""
    pace = DrainRate(clock)
    pace.record_commit(100, left=1)
    assert pace.compute_lines_a_second() == 100, "what takes less than a second counts as one"
    for _ in range(10):
        clock.now += 1
        pace.record_commit(100, left=1)
    assert pace.compute_lines_a_second() == pytest.approx(110)
    assert pace.estimate_seconds_to_empty(1100) == pytest.approx(10)


def test_a_rest_between_two_files_does_not_count(clock: Clock) -> None:
    pace = DrainRate(clock)
    pace.record_commit(1000, left=0)
    clock.now += 20
    pace.record_commit(300, left=500)
    assert pace.compute_lines_a_second() == 300
    clock.now += 10
    pace.record_commit(300, left=200)
    assert pace.compute_lines_a_second() == 60, "but a file under way that does not move is no rest"


def test_files_that_follow_each_other_are_one_stretch_of_work(clock: Clock) -> None:
    pace = DrainRate(clock)
    for _ in range(10):
        pace.record_commit(100, left=0)
        clock.now += 0.5
    assert pace.compute_lines_a_second() == 200


def test_what_lies_before_the_window_is_forgotten(clock: Clock) -> None:
    pace = DrainRate(clock)
    for _ in range(120):
        pace.record_commit(50, left=1)
        clock.now += 1
    assert pace.compute_lines_a_second() == pytest.approx(50, rel=0.05)
    clock.now += WINDOW_SECONDS
    assert pace.compute_lines_a_second() == 0
    assert pace.estimate_seconds_to_empty(50) == math.inf
    pace.record_commit(7, left=0)
    assert pace.compute_lines_a_second() == 7
