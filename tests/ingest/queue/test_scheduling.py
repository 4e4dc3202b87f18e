"""Whose turn it is, on a clock that is set by hand; and files shared out for it."""

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
    FORM_WAIT_SECONDS,
    Scheduler,
)

LEAST, MOST = FILE_BATCH_LINES


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_files_have_the_engine_to_themselves_where_no_form_comes() -> None:
    turns = Scheduler(Clock())
    for _ in range(50):
        turns.start_file_batch()
        assert turns.may_start_file_batch()
        assert turns.lines_limit == UNLIMITED_LINES


def test_beside_forms_few_and_small_batches_of_files_are_under_way() -> None:
    turns = Scheduler(Clock())
    turns.note_form()
    assert LEAST <= turns.lines_limit <= MOST
    for _ in range(FILE_BATCHES_MAX):
        assert turns.may_start_file_batch()
        turns.start_file_batch()
    assert not turns.may_start_file_batch()
    turns.finish_file_batch()
    assert turns.may_start_file_batch()


def test_when_no_form_has_come_for_a_while_files_go_on_whole() -> None:
    clock = Clock()
    turns = Scheduler(clock)
    turns.note_form()
    for _ in range(FILE_BATCHES_MAX):
        turns.start_file_batch()
    clock.now += FORM_IDLE_SECONDS
    assert turns.may_start_file_batch()
    assert turns.lines_limit == UNLIMITED_LINES


def test_nothing_is_under_way_on_a_book_loaded_anew() -> None:
    turns = Scheduler(Clock())
    turns.note_form()
    for _ in range(FILE_BATCHES_MAX):
        turns.start_file_batch()
    turns.reset()
    assert turns.may_start_file_batch()


def _find_limit_after(took: float, batches: int) -> int:
    """Lines of the next batch of a file, after so many that took so long each."""
    clock = Clock()
    turns = Scheduler(clock)
    for _ in range(batches):
        turns.note_form()
        turns.start_file_batch()
        clock.now += took
        turns.finish_file_batch()
    return turns.lines_limit


def test_the_longer_a_batch_of_files_takes_the_smaller_is_the_next() -> None:
    assert _find_limit_after(2 * FILE_BATCH_SECONDS, 1) < _find_limit_after(FILE_BATCH_SECONDS / 2, 1)
    assert _find_limit_after(2 * FILE_BATCH_SECONDS, 50) == LEAST
    assert _find_limit_after(FILE_BATCH_SECONDS / 2, 50) == MOST


def test_a_form_that_waits_too_long_goes_before_any_file() -> None:
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


def test_files_go_on_however_many_forms_come() -> None:
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
def test_shares_are_whole_acts_and_together_they_are_everything(sizes: list[int], asked: list[int]) -> None:
    raw = _build_lines([number + 1 for size in sizes for number in range(size)])
    turns = iter(asked * len(sizes) * 5)
    found = list(cut_shares(raw, lambda: next(turns)))
    assert pa.Table.from_batches(found).equals(pa.Table.from_batches([raw]))
    assert all(share["line"][0].as_py() == 1 for share in found)
    assert all(share.num_rows < wanted + 5 for share, wanted in zip(found, asked * 300, strict=False))


@pytest.mark.parametrize("lines", [1, 100])
def test_between_two_marks_nothing_is_shared_out_unless_asked(lines: int) -> None:
    raw = _build_lines([1] * lines)
    assert list(cut_shares(raw, lambda: UNLIMITED_LINES)) == [raw]


def test_an_act_over_long_is_cut_and_so_refused() -> None:
    raw = _build_lines([*range(1, 3 * ACT_LINES_MAX)])
    found = list(cut_shares(raw, lambda: 10))
    assert sum(share.num_rows for share in found) == raw.num_rows
    assert found[0].num_rows > ACT_LINES_MAX
