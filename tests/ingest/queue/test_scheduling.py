"""The scheduling of forms and files, on a clock set by hand, and the shares of a file."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.act_fields import ACT_LINES_MAX
from ingest.queue.batch_cuts import UNLIMITED_LINES, cut_shares
from ingest.queue.scheduling import (
    FILE_BATCH_LINES,
    FILE_BATCH_SECONDS,
    FILE_BATCHES_MAX,
    FILE_PAUSE_SECONDS,
    FORM_IDLE_SECONDS,
    FORM_SHARE,
    FORM_WAIT_SECONDS,
    Scheduler,
)

LEAST, MOST = FILE_BATCH_LINES


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_forms_files_are_not_limited() -> None:
    turns = Scheduler(Clock())
    for _ in range(50):
        turns.start_file_batch()
        assert turns.may_start_file_batch()
        assert turns.lines_limit == UNLIMITED_LINES


def test_while_forms_arrive_file_batches_are_few_and_small() -> None:
    turns = Scheduler(Clock())
    turns.note_form()
    assert LEAST <= turns.lines_limit <= MOST
    for _ in range(FILE_BATCHES_MAX):
        assert turns.may_start_file_batch()
        turns.start_file_batch()
    assert not turns.may_start_file_batch()
    turns.finish_file_batch()
    assert turns.may_start_file_batch()


def test_a_file_batch_is_followed_by_time_for_forms_alone() -> None:
    clock = Clock()
    turns = Scheduler(clock)
    turns.note_form()
    assert turns.pause_seconds is None
    turns.start_file_batch()
    clock.now += 0.1
    assert turns.pause_seconds is None
    turns.finish_file_batch()
    pause = FORM_SHARE * 0.1
    assert not turns.may_start_file_batch()
    assert turns.pause_seconds == pytest.approx(pause)
    clock.now += pause * 1.001
    turns.note_form()
    assert turns.may_start_file_batch()
    assert turns.pause_seconds is None


def test_without_forms_no_pause_follows_a_file_batch() -> None:
    clock = Clock()
    turns = Scheduler(clock)
    turns.start_file_batch()
    clock.now += 0.1
    turns.finish_file_batch()
    assert turns.may_start_file_batch()


def test_after_a_pause_of_forms_files_are_not_limited() -> None:
    clock = Clock()
    turns = Scheduler(clock)
    turns.note_form()
    for _ in range(FILE_BATCHES_MAX):
        turns.start_file_batch()
    clock.now += FORM_IDLE_SECONDS
    assert turns.may_start_file_batch()
    assert turns.lines_limit == UNLIMITED_LINES


def test_a_new_book_has_no_batch_under_way() -> None:
    turns = Scheduler(Clock())
    turns.note_form()
    for _ in range(FILE_BATCHES_MAX):
        turns.start_file_batch()
    turns.reset()
    assert turns.may_start_file_batch()


def _find_limit_after(took: float, batches: int) -> int:
    """Return the lines of the next batch of a file, after so many batches of that duration."""
    clock = Clock()
    turns = Scheduler(clock)
    for _ in range(batches):
        turns.note_form()
        turns.start_file_batch()
        clock.now += took
        turns.finish_file_batch()
    return turns.lines_limit


def test_slow_file_batches_become_smaller() -> None:
    assert _find_limit_after(2 * FILE_BATCH_SECONDS, 1) < _find_limit_after(FILE_BATCH_SECONDS / 2, 1)
    assert _find_limit_after(2 * FILE_BATCH_SECONDS, 50) == LEAST
    assert _find_limit_after(FILE_BATCH_SECONDS / 2, 50) == MOST


def test_a_form_that_waits_too_long_goes_before_files() -> None:
    clock = Clock()
    turns = Scheduler(clock)
    turns.note_form()
    turns.start_file_batch()
    turns.finish_file_batch()
    came, clock.now = clock.now, clock.now + FORM_WAIT_SECONDS / 2
    assert turns.may_start_file_batch(came)
    clock.now = came + FORM_WAIT_SECONDS * 1.1
    assert not turns.may_start_file_batch(came)
    assert turns.may_start_file_batch(clock.now)


def test_files_progress_under_any_load_of_forms() -> None:
    clock = Clock()
    turns = Scheduler(clock)
    turns.note_form()
    turns.start_file_batch()
    turns.finish_file_batch()
    came, clock.now = clock.now, clock.now + FILE_PAUSE_SECONDS
    turns.note_form()
    assert turns.may_start_file_batch(came)


def _build_lines(numbers: list[int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"line": numbers, "amount_cents": range(len(numbers))})


@given(st.lists(st.integers(1, 5), min_size=1, max_size=60), st.lists(st.integers(1, 20), min_size=1))
def test_shares_are_whole_acts_and_complete(sizes: list[int], limits: list[int]) -> None:
    raw = _build_lines([number + 1 for size in sizes for number in range(size)])
    next_limits = iter(limits * len(sizes) * 5)
    shares = list(cut_shares(raw, lambda: next(next_limits)))
    assert pa.Table.from_batches(shares).equals(pa.Table.from_batches([raw]))
    assert all(share["line"][0].as_py() == 1 for share in shares)
    assert all(share.num_rows < limit + 5 for share, limit in zip(shares, limits * 300, strict=False))


@pytest.mark.parametrize("lines", [1, 100])
def test_an_unlimited_segment_is_not_shared(lines: int) -> None:
    raw = _build_lines([1] * lines)
    assert list(cut_shares(raw, lambda: UNLIMITED_LINES)) == [raw]


def test_an_act_that_is_too_long_is_cut() -> None:
    raw = _build_lines([*range(1, 3 * ACT_LINES_MAX)])
    shares = list(cut_shares(raw, lambda: 10))
    assert sum(share.num_rows for share in shares) == raw.num_rows
    assert shares[0].num_rows > ACT_LINES_MAX
