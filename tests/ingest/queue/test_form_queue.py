"""Forms in the queue: how long they gather, how many share a batch, and their order; on a clock set by hand."""

import asyncio
import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.queue.form_batcher import Form
from ingest.queue.form_queue import (
    BATCH_FORM_LINES_MAX,
    BATCH_FORMS_MAX,
    FORM_BATCHES_MAX,
    FORMS_ENOUGH,
    GATHER_SECONDS,
    GATHER_SHARE,
    FormQueue,
)

LEAST, MOST = GATHER_SECONDS


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop_ = asyncio.new_event_loop()
    yield loop_
    loop_.close()


def build_form(loop: asyncio.AbstractEventLoop, lines: int = 1, at: float = 0.0) -> Form:
    return Form("MIN-01", [{}] * lines, b"", loop.create_future(), received_at=at)


def test_a_single_form_waits_briefly_for_others(loop: asyncio.AbstractEventLoop) -> None:
    queue = FormQueue(Clock())
    queue.add(build_form(loop))
    assert queue.gather_seconds == LEAST


@pytest.mark.parametrize(
    ("seconds", "since", "gather_seconds"),
    [
        (0.02, 0.0, 0.02 * GATHER_SHARE),
        (0.02, 0.01, 0.02 * GATHER_SHARE - 0.01),
        (0.02, 1.0, LEAST),
        (5.0, 0.0, MOST),
    ],
)
def test_the_time_to_gather_grows_with_the_time_of_a_batch(
    loop: asyncio.AbstractEventLoop, seconds: float, since: float, gather_seconds: float
) -> None:
    clock = Clock()
    queue = FormQueue(clock)
    queue.add(build_form(loop))
    queue.take_batch()
    clock.now += seconds
    queue.finish_batch()
    queue.add(build_form(loop))
    queue.take_batch()
    clock.now += since
    assert queue.gather_seconds == pytest.approx(gather_seconds)


def test_enough_forms_do_not_wait_for_more(loop: asyncio.AbstractEventLoop) -> None:
    queue = FormQueue(Clock())
    notifies = [queue.add(build_form(loop)) for _ in range(FORMS_ENOUGH + 10)]
    assert queue.has_enough
    assert [at for at, tells in enumerate(notifies, 1) if tells] == [1, FORMS_ENOUGH]


def test_batches_have_a_maximum_of_forms_and_of_batches_under_way(
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
def test_a_batch_has_a_maximum_of_lines_or_a_single_form(sizes: list[int]) -> None:
    loop = asyncio.new_event_loop()
    queue, forms = FormQueue(Clock()), [build_form(loop, size) for size in sizes]
    for form in forms:
        queue.add(form)
    forms_taken = list[Form]()
    while len(queue):
        batch = queue.take_batch().forms
        lines = sum(len(form.rows) for form in batch)
        assert len(batch) == 1 or lines <= BATCH_FORM_LINES_MAX
        rest = forms[len(forms_taken) + len(batch) :]
        assert not rest or lines + len(rest[0].rows) > BATCH_FORM_LINES_MAX
        forms_taken += batch
        queue.finish_batch()
    assert forms_taken == forms
    loop.close()


def test_forms_are_counted_by_sender_until_they_are_taken(
    loop: asyncio.AbstractEventLoop,
) -> None:
    queue = FormQueue(Clock())

    def count_forms() -> tuple[int, ...]:
        counts = *(queue.count(sender) for sender in ("MIN-01", "MIN-02", "MIN-03")), len(queue)
        assert sum(counts[:3]) == counts[3]
        return counts

    for _ in range(BATCH_FORMS_MAX - 1):
        queue.add(build_form(loop))
    for sender in ("MIN-02", "MIN-02", "MIN-01"):
        queue.add(Form(sender, [{}], b"", loop.create_future()))
    assert count_forms() == (BATCH_FORMS_MAX, 2, 0, BATCH_FORMS_MAX + 2)
    queue.take_batch()
    assert count_forms() == (1, 1, 0, 2)
    queue.take_batch()
    assert count_forms() == (0, 0, 0, 0)
    queue.finish_batch()
    queue.add(build_form(loop))
    queue.reset()
    assert count_forms() == (2, 1, 0, 3), "what was committed does not come back"


def test_the_age_of_the_oldest_form_is_known(loop: asyncio.AbstractEventLoop) -> None:
    queue = FormQueue(Clock())
    assert queue.first_received_at == math.inf
    queue.add(build_form(loop, at=7.0))
    queue.add(build_form(loop, at=8.0))
    assert queue.first_received_at == 7.0


def test_uncommitted_forms_are_decided_again_before_later_ones(
    loop: asyncio.AbstractEventLoop,
) -> None:
    queue, forms = FormQueue(Clock()), [build_form(loop) for _ in range(BATCH_FORMS_MAX + 2)]
    for form in forms[:-1]:
        queue.add(form)
    queue.take_batch()
    queue.take_batch()
    queue.add(forms[-1])
    queue.reset()
    assert queue.take_batch().forms == forms[:BATCH_FORMS_MAX]
    assert queue.take_batch().forms == forms[BATCH_FORMS_MAX:]
