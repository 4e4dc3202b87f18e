"""Items computed in another thread: the consumer never blocks, and gets every item."""

import threading
from collections.abc import Iterator

import pytest

from ingest.queue.decode_ahead import PENDING, DecodeAhead


class Bell:
    """Rung whenever an item is ready."""

    def __init__(self) -> None:
        self._rung = threading.Semaphore(0)

    def ring(self) -> None:
        self._rung.release()

    def wait(self) -> None:
        assert self._rung.acquire(timeout=60)


def test_items_come_in_order_and_are_computed_once() -> None:
    bell = Bell()
    computed = list[int]()

    def compute_items() -> Iterator[int]:
        for number in range(100):
            computed.append(number)
            yield number

    ahead, received = DecodeAhead(bell.ring), list[int]()
    for item in ahead.prefetch(compute_items()):
        if item is PENDING:
            bell.wait()
        else:
            received.append(item)
    assert received == computed == list(range(100))
    assert ahead.is_ready


def test_a_consumer_that_is_too_early_gets_pending() -> None:
    bell, may = Bell(), threading.Event()

    def compute_items() -> Iterator[str]:
        may.wait()
        yield "one"

    ahead = DecodeAhead(bell.ring)
    coming = ahead.prefetch(compute_items())
    assert [next(coming), next(coming)] == [PENDING, PENDING]
    assert not ahead.is_ready
    may.set()
    bell.wait()
    assert ahead.is_ready
    assert next(item for item in coming if item is not PENDING) == "one"


def test_the_next_item_is_computed_while_the_last_is_used() -> None:
    bell, second = Bell(), threading.Event()

    def compute_items() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    coming = DecodeAhead(bell.ring).prefetch(compute_items())
    assert next(item for item in coming if item is not PENDING) == 1
    assert second.wait(timeout=60)


def test_errors_are_raised_for_the_consumer() -> None:
    bell = Bell()

    def compute_items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    items = DecodeAhead(bell.ring).prefetch(compute_items())
    with pytest.raises(ValueError, match="broken"):
        for _ in items:
            pass


def test_a_single_item_is_computed_in_the_thread() -> None:
    bell, may = Bell(), threading.Event()

    def work() -> str:
        may.wait()
        return "opened"

    ahead = DecodeAhead(bell.ring)
    coming = ahead.compute(work)
    assert next(coming) is PENDING
    may.set()
    bell.wait()
    with pytest.raises(StopIteration) as stopped:
        next(coming)
    assert stopped.value.value == "opened"


def test_a_reset_stops_waiting() -> None:
    bell, may = Bell(), threading.Event()
    ahead = DecodeAhead(bell.ring)
    assert next(ahead.compute(may.wait)) is PENDING
    ahead.reset()
    assert ahead.is_ready
    may.set()
