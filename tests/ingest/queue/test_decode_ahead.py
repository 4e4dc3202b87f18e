"""Things made in a thread beside: whoever uses them is never kept waiting, and misses none."""

import threading
from collections.abc import Iterator

import pytest

from ingest.queue.decode_ahead import PENDING, DecodeAhead


class Bell:
    """Rung whenever something is made."""

    def __init__(self) -> None:
        self._rung = threading.Semaphore(0)

    def ring(self) -> None:
        self._rung.release()

    def wait(self) -> None:
        assert self._rung.acquire(timeout=60)


def test_things_come_in_order_and_each_is_made_once() -> None:
    bell = Bell()
    made = list[int]()

    def things() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    ahead, found = DecodeAhead(bell.ring), list[int]()
    for each in ahead.prefetch(things()):
        if each is PENDING:
            bell.wait()
        else:
            found.append(each)
    assert found == made == list(range(100))
    assert ahead.is_ready


def test_whoever_asks_too_early_is_told_to_come_again() -> None:
    bell, may = Bell(), threading.Event()

    def things() -> Iterator[str]:
        may.wait()
        yield "one"

    ahead = DecodeAhead(bell.ring)
    coming = ahead.prefetch(things())
    assert [next(coming), next(coming)] == [PENDING, PENDING]
    assert not ahead.is_ready
    may.set()
    bell.wait()
    assert ahead.is_ready
    assert next(each for each in coming if each is not PENDING) == "one"


def test_the_next_one_is_made_while_the_one_before_is_used() -> None:
    bell, second = Bell(), threading.Event()

    def things() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    coming = DecodeAhead(bell.ring).prefetch(things())
    assert next(each for each in coming if each is not PENDING) == 1
    assert second.wait(timeout=60)


def test_what_goes_wrong_is_told_to_who_uses_it() -> None:
    bell = Bell()

    def things() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    found = DecodeAhead(bell.ring).prefetch(things())
    with pytest.raises(ValueError, match="broken"):
        for _ in found:
            pass


def test_a_single_thing_is_made_beside_too() -> None:
    bell, may = Bell(), threading.Event()

    def work() -> str:
        may.wait()
        return "opened"

    ahead = DecodeAhead(bell.ring)
    coming = ahead.compute(work)
    assert next(coming) is PENDING
    may.set()
    bell.wait()
    with pytest.raises(StopIteration) as found:
        next(coming)
    assert found.value.value == "opened"


def test_nobody_waits_for_what_an_earlier_course_asked_for() -> None:
    bell, may = Bell(), threading.Event()
    ahead = DecodeAhead(bell.ring)
    assert next(ahead.compute(may.wait)) is PENDING
    ahead.reset()
    assert ahead.is_ready
    may.set()
