"""Forms that wait: how long they gather, how many share a batch, and their order; on a clock that is set by hand."""

import asyncio
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.queue.form_queue import (
    BATCH_FORM_LINES_MAX,
    BATCH_FORMS_MAX,
    FORM_BATCHES_MAX,
    FORMS_ENOUGH,
    GATHER_SECONDS,
    GATHER_SHARE,
    FormQueue,
)
from ingest.queue.form_batcher import Form

LEAST, MOST = GATHER_SECONDS


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def build_form(loop: asyncio.AbstractEventLoop, lines: int = 1, at: float = 0.0) -> Form:
    return Form("MIN-01", [{}] * lines, b"", loop.create_future(), received_at=at)


def test_a_lone_form_waits_a_moment_for_others(loop: asyncio.AbstractEventLoop) -> None:
    queue = FormQueue(Clock())
    queue.add(build_form(loop))
    assert queue.gather_seconds == LEAST


@pytest.mark.parametrize(
    ("took", "since", "gathered"),
    [
        (0.02, 0.0, 0.02 * GATHER_SHARE),
        (0.02, 0.01, 0.02 * GATHER_SHARE - 0.01),
        (0.02, 1.0, LEAST),
        (5.0, 0.0, MOST),
    ],
)
def test_the_longer_a_batch_took_the_longer_the_next_gathers(
    loop: asyncio.AbstractEventLoop, took: float, since: float, gathered: float
) -> None:
    clock = Clock()
    queue = FormQueue(clock)
    queue.add(build_form(loop))
    queue.take_batch()
    clock.now += took
    queue.finish_batch()
    queue.add(build_form(loop))
    queue.take_batch()
    clock.now += since
    assert queue.gather_seconds == pytest.approx(gathered)


def test_enough_forms_are_kept_waiting_for_no_more(loop: asyncio.AbstractEventLoop) -> None:
    queue = FormQueue(Clock())
    told = [queue.add(build_form(loop)) for _ in range(FORMS_ENOUGH + 10)]
    assert queue.has_enough
    assert [at for at, tells in enumerate(told, 1) if tells] == [1, FORMS_ENOUGH]


def test_a_batch_has_so_many_forms_and_no_more_are_under_way_at_once(
    loop: asyncio.AbstractEventLoop,
) -> None:
    queue = FormQueue(Clock())
    for _ in range(5 * BATCH_FORMS_MAX):
        queue.add(build_form(loop))
    for _ in range(FORM_BATCHES_MAX):
        assert queue.is_due
        assert len(queue.take_batch().forms) == BATCH_FORMS_MAX
    assert not queue.is_due
    queue.finish_batch()
    assert queue.is_due


@given(st.lists(st.integers(1, BATCH_FORM_LINES_MAX + 1), min_size=1, max_size=40))
def test_a_batch_has_so_many_lines_or_a_single_form(sizes: list[int]) -> None:
    loop = asyncio.new_event_loop()
    queue, forms = FormQueue(Clock()), [build_form(loop, size) for size in sizes]
    for each in forms:
        queue.add(each)
    taken = list[Form]()
    while len(queue):
        some = queue.take_batch().forms
        lines = sum(len(each.rows) for each in some)
        assert len(some) == 1 or lines <= BATCH_FORM_LINES_MAX
        rest = forms[len(taken) + len(some) :]
        assert not rest or lines + len(rest[0].rows) > BATCH_FORM_LINES_MAX
        taken += some
        queue.finish_batch()
    assert taken == forms
    loop.close()


def test_who_waits_with_how_many_is_known_and_those_under_way_wait_no_more(
    loop: asyncio.AbstractEventLoop,
) -> None:
    queue = FormQueue(Clock())

    def told() -> tuple[int, ...]:
        found = *(queue.count(sender) for sender in ("MIN-01", "MIN-02", "MIN-03")), len(queue)
        assert sum(found[:3]) == found[3]
        return found

    for _ in range(BATCH_FORMS_MAX - 1):
        queue.add(build_form(loop))
    for sender in ("MIN-02", "MIN-02", "MIN-01"):
        queue.add(Form(sender, [{}], b"", loop.create_future()))
    assert told() == (BATCH_FORMS_MAX, 2, 0, BATCH_FORMS_MAX + 2)
    queue.take_batch()
    assert told() == (1, 1, 0, 2)
    queue.take_batch()
    assert told() == (0, 0, 0, 0)
    queue.finish_batch()
    queue.add(build_form(loop))
    queue.reset()
    assert told() == (2, 1, 0, 3), "what was committed does not come back"


def test_the_oldest_form_that_waits_is_known(loop: asyncio.AbstractEventLoop) -> None:
    queue = FormQueue(Clock())
    assert queue.first_received_at == math.inf
    queue.add(build_form(loop, at=7.0))
    queue.add(build_form(loop, at=8.0))
    assert queue.first_received_at == 7.0


def test_what_was_not_committed_is_decided_again_before_what_came_later(
    loop: asyncio.AbstractEventLoop,
) -> None:
    queue, forms = FormQueue(Clock()), [build_form(loop) for _ in range(BATCH_FORMS_MAX + 2)]
    for each in forms[:-1]:
        queue.add(each)
    queue.take_batch()
    queue.take_batch()
    queue.add(forms[-1])
    queue.reset()
    assert queue.take_batch().forms == forms[:BATCH_FORMS_MAX]
    assert queue.take_batch().forms == forms[BATCH_FORMS_MAX:]
