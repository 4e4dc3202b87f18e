"""The drain rate of the queue, with a clock that the test sets."""

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


def test_without_commits_the_rate_is_zero(clock: Clock) -> None:
    drain_rate = DrainRate(clock)
    assert drain_rate.compute_lines_a_second() == 0
    assert drain_rate.estimate_seconds_to_empty(0) == 0
    assert drain_rate.estimate_seconds_to_empty(1) == math.inf


def test_the_rate_counts_from_the_beginning_of_work(clock: Clock) -> None:
    """The idle half minute before does not count."""
    drain_rate = DrainRate(clock)
    drain_rate.record_commit(100, remaining=1)
    assert drain_rate.compute_lines_a_second() == 100, "a period below one second counts as one second"
    for _ in range(10):
        clock.now += 1
        drain_rate.record_commit(100, remaining=1)
    assert drain_rate.compute_lines_a_second() == pytest.approx(110)
    assert drain_rate.estimate_seconds_to_empty(1100) == pytest.approx(10)


def test_a_rest_between_two_files_does_not_count(clock: Clock) -> None:
    drain_rate = DrainRate(clock)
    drain_rate.record_commit(1000, remaining=0)
    clock.now += 20
    drain_rate.record_commit(300, remaining=500)
    assert drain_rate.compute_lines_a_second() == 300
    clock.now += 10
    drain_rate.record_commit(300, remaining=200)
    assert drain_rate.compute_lines_a_second() == 60, "but the pause of a file in progress is no rest"


def test_files_in_succession_are_one_period_of_work(clock: Clock) -> None:
    drain_rate = DrainRate(clock)
    for _ in range(10):
        drain_rate.record_commit(100, remaining=0)
        clock.now += 0.5
    assert drain_rate.compute_lines_a_second() == 200


def test_commits_before_the_window_do_not_count(clock: Clock) -> None:
    drain_rate = DrainRate(clock)
    for _ in range(120):
        drain_rate.record_commit(50, remaining=1)
        clock.now += 1
    assert drain_rate.compute_lines_a_second() == pytest.approx(50, rel=0.05)
    clock.now += WINDOW_SECONDS
    assert drain_rate.compute_lines_a_second() == 0
    assert drain_rate.estimate_seconds_to_empty(50) == math.inf
    drain_rate.record_commit(7, remaining=0)
    assert drain_rate.compute_lines_a_second() == 7
