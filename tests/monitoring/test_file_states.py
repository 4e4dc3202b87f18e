"""Files by sender and state: loaded, received and ended in every order that can be."""

from collections.abc import Callable

import numpy as np
import pytest

from monitoring.file_states import Ended, Flows, State, Stock
from posting.batch import Outcome, ProgressRow, Stage, Tally

Counts = dict[tuple[str, State], int]


def batch(*rows: ProgressRow) -> Outcome:
    return Outcome(1, 1, {}, 0, bytes(32), {}, list(rows), [], np.zeros((1, 1), np.int64))


def row(submission: int, *, done: bool = True, **tally: int) -> ProgressRow:
    return ProgressRow(submission, Stage(1, 0, done), Tally(**tally))


def flows(label: Callable[[str], str] = str) -> tuple[Flows, Counts]:
    """The counts, and what was told of them: the two may never differ."""
    told: Counts = {}

    def shown(sender: str, state: State, files: int) -> None:
        told[sender, state] = files

    return Flows(label, shown), told


def standing(told: Counts) -> Counts:
    return {place: files for place, files in told.items() if files}


@pytest.mark.parametrize(
    ("tally", "state"),
    [
        ({"accepted": 3}, State.INTEGRATED),
        ({"duplicate": 3}, State.INTEGRATED),
        ({"accepted": 2, "refused": 1}, State.PARTLY_INTEGRATED),
        ({"duplicate": 2, "refused": 1}, State.PARTLY_INTEGRATED),
        ({"refused": 3}, State.REFUSED),
        ({}, State.INTEGRATED),
    ],
)
def test_a_file_ends_as_its_lines_did(tally: dict[str, int], state: State) -> None:
    found, told = flows()
    found.received(1, "A")
    assert standing(told) == {("A", State.IN_TREATMENT): 1}
    found.committed(batch(row(1, done=False, accepted=1)))
    assert standing(told) == {("A", State.IN_TREATMENT): 1}
    found.committed(batch(ProgressRow(1, Stage(1, 0, True), Tally(**tally))))
    assert standing(told) == {("A", state): 1}


def test_what_was_cancelled_never_came() -> None:
    found, told = flows()
    found.received(1, "A")
    found.received(2, "A")
    for _ in range(2):
        found.withdrawn(1)
    assert standing(told) == {("A", State.IN_TREATMENT): 1}


def test_what_is_told_twice_counts_once() -> None:
    found, told = flows()
    for _ in range(2):
        found.received(1, "A")
    for _ in range(2):
        found.committed(batch(row(1, accepted=1)))
    assert standing(told) == {("A", State.INTEGRATED): 1}


def test_forms_are_no_file() -> None:
    found, told = flows()
    found.committed(batch(row(7, accepted=1)))
    assert told == {}


def test_a_book_loaded_anew_brings_what_the_database_holds() -> None:
    found, told = flows()
    for number in (1, 2):
        found.received(number, "A")
    # the commit that ended 1 succeeded, and its answer was lost; 3 was handed in while the database was read
    found.received(3, "B")
    found.load(Stock([Ended("A", State.INTEGRATED, 1)], [(2, "A")], 2))
    assert standing(told) == {
        ("A", State.INTEGRATED): 1,
        ("A", State.IN_TREATMENT): 1,
        ("B", State.IN_TREATMENT): 1,
    }
    found.committed(batch(row(2, refused=1), row(3, accepted=1)))
    assert standing(told) == {
        ("A", State.INTEGRATED): 1,
        ("A", State.REFUSED): 1,
        ("B", State.INTEGRATED): 1,
    }


def test_a_count_that_fell_to_nothing_is_told() -> None:
    found, told = flows()
    found.load(Stock([Ended("A", State.REFUSED, 4)], [], 4))
    found.load(Stock([], [], 0))
    assert told == {("A", State.REFUSED): 0}


def test_senders_that_share_a_name_share_a_count() -> None:
    found, told = flows(lambda _: "others")
    found.load(Stock([Ended("A", State.REFUSED, 1), Ended("B", State.REFUSED, 2)], [(4, "C")], 4))
    found.received(5, "D")
    assert standing(told) == {("others", State.REFUSED): 3, ("others", State.IN_TREATMENT): 2}
