"""Things made in a thread beside: whoever uses them is never kept waiting, and misses none."""

import threading
from collections.abc import Iterator

import pytest

from ingest.queue.decode_ahead import COMING, Ahead


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

    ahead, found = Ahead(bell.ring), list[int]()
    for each in ahead.each(things()):
        if each is COMING:
            bell.wait()
        else:
            found.append(each)
    assert found == made == list(range(100))
    assert ahead.is_at_hand


def test_whoever_asks_too_early_is_told_to_come_again() -> None:
    bell, may = Bell(), threading.Event()

    def things() -> Iterator[str]:
        may.wait()
        yield "one"

    ahead = Ahead(bell.ring)
    coming = ahead.each(things())
    assert [next(coming), next(coming)] == [COMING, COMING]
    assert not ahead.is_at_hand
    may.set()
    bell.wait()
    assert ahead.is_at_hand
    assert next(each for each in coming if each is not COMING) == "one"


def test_the_next_one_is_made_while_the_one_before_is_used() -> None:
    bell, second = Bell(), threading.Event()

    def things() -> Iterator[int]:
        yield 1
        second.set()
        yield 2

    coming = Ahead(bell.ring).each(things())
    assert next(each for each in coming if each is not COMING) == 1
    assert second.wait(timeout=60)


def test_what_goes_wrong_is_told_to_who_uses_it() -> None:
    bell = Bell()

    def things() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    found = Ahead(bell.ring).each(things())
    with pytest.raises(ValueError, match="broken"):
        for _ in found:
            pass


def test_a_single_thing_is_made_beside_too() -> None:
    bell, may = Bell(), threading.Event()

    def work() -> str:
        may.wait()
        return "opened"

    ahead = Ahead(bell.ring)
    coming = ahead.made(work)
    assert next(coming) is COMING
    may.set()
    bell.wait()
    with pytest.raises(StopIteration) as found:
        next(coming)
    assert found.value.value == "opened"


def test_nobody_waits_for_what_an_earlier_course_asked_for() -> None:
    bell, may = Bell(), threading.Event()
    ahead = Ahead(bell.ring)
    assert next(ahead.made(may.wait)) is COMING
    ahead.begin_again()
    assert ahead.is_at_hand
    may.set()
