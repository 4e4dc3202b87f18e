"""Whose turn it is, on a clock that is set by hand; and files shared out for it."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.act_fields import ACT_LINES_MAX
from ingest.queue.batch_cuts import WHOLE, shares
from ingest.queue.scheduling import (
    BEHIND_SECONDS,
    CALM_SECONDS,
    FILE_BATCHES_BESIDE,
    FILE_LINES_BESIDE,
    FILE_SECONDS_BESIDE,
    FILES_REST_SECONDS,
    Turns,
)

LEAST, MOST = FILE_LINES_BESIDE


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_files_have_the_engine_to_themselves_where_no_form_comes() -> None:
    turns = Turns(Clock())
    for _ in range(50):
        turns.give_file()
        assert turns.has_room()
        assert turns.lines_now == WHOLE


def test_beside_forms_few_and_small_batches_of_files_are_under_way() -> None:
    turns = Turns(Clock())
    turns.form_came()
    assert LEAST <= turns.lines_now <= MOST
    for _ in range(FILE_BATCHES_BESIDE):
        assert turns.has_room()
        turns.give_file()
    assert not turns.has_room()
    turns.file_committed()
    assert turns.has_room()


def test_when_no_form_has_come_for_a_while_files_go_on_whole() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.form_came()
    for _ in range(FILE_BATCHES_BESIDE):
        turns.give_file()
    clock.now += CALM_SECONDS
    assert turns.has_room()
    assert turns.lines_now == WHOLE


def test_nothing_is_under_way_on_a_book_loaded_anew() -> None:
    turns = Turns(Clock())
    turns.form_came()
    for _ in range(FILE_BATCHES_BESIDE):
        turns.give_file()
    turns.begin_again()
    assert turns.has_room()


def _after(took: float, batches: int) -> int:
    """Lines of the next batch of a file, after so many that took so long each."""
    clock = Clock()
    turns = Turns(clock)
    for _ in range(batches):
        turns.form_came()
        turns.give_file()
        clock.now += took
        turns.file_committed()
    return turns.lines_now


def test_the_longer_a_batch_of_files_takes_the_smaller_is_the_next() -> None:
    assert _after(2 * FILE_SECONDS_BESIDE, 1) < _after(FILE_SECONDS_BESIDE / 2, 1)
    assert _after(2 * FILE_SECONDS_BESIDE, 50) == LEAST
    assert _after(FILE_SECONDS_BESIDE / 2, 50) == MOST


def test_a_form_that_waits_too_long_goes_before_any_file() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.form_came()
    turns.give_file()
    turns.file_committed()
    came, clock.now = clock.now, clock.now + BEHIND_SECONDS / 2
    assert turns.has_room(came)
    clock.now = came + BEHIND_SECONDS * 1.1
    assert not turns.has_room(came)
    assert turns.has_room(clock.now)


def test_files_go_on_however_many_forms_come() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.form_came()
    turns.give_file()
    turns.file_committed()
    came, clock.now = clock.now, clock.now + FILES_REST_SECONDS
    turns.form_came()
    assert turns.has_room(came)


def _lines(numbers: list[int]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"line": numbers, "amount_cents": range(len(numbers))})


@given(st.lists(st.integers(1, 5), min_size=1, max_size=60), st.lists(st.integers(1, 20), min_size=1))
def test_shares_are_whole_acts_and_together_they_are_everything(sizes: list[int], asked: list[int]) -> None:
    raw = _lines([number + 1 for size in sizes for number in range(size)])
    turns = iter(asked * len(sizes) * 5)
    found = list(shares(raw, lambda: next(turns)))
    assert pa.Table.from_batches(found).equals(pa.Table.from_batches([raw]))
    assert all(share["line"][0].as_py() == 1 for share in found)
    assert all(share.num_rows < wanted + 5 for share, wanted in zip(found, asked * 300, strict=False))


@pytest.mark.parametrize("lines", [1, 100])
def test_between_two_marks_nothing_is_shared_out_unless_asked(lines: int) -> None:
    raw = _lines([1] * lines)
    assert list(shares(raw, lambda: WHOLE)) == [raw]


def test_an_act_over_long_is_cut_and_so_refused() -> None:
    raw = _lines([*range(1, 3 * ACT_LINES_MAX)])
    found = list(shares(raw, lambda: 10))
    assert sum(share.num_rows for share in found) == raw.num_rows
    assert found[0].num_rows > ACT_LINES_MAX
