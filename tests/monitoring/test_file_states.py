"""Files by sender and state: loaded, received and ended in every order that can be."""

from collections.abc import Callable

import numpy as np
import pytest

from monitoring.file_states import EndedFiles, FileState, FileStates, StoredFiles
from posting.batch import BatchResult, Progress, ProgressRow, Tally

Counts = dict[tuple[str, FileState], int]


def build_batch(*rows: ProgressRow) -> BatchResult:
    return BatchResult(1, 1, {}, 0, bytes(32), {}, list(rows), [], np.zeros((1, 1), np.int64))


def build_row(submission: int, *, done: bool = True, **tally: int) -> ProgressRow:
    return ProgressRow(submission, Progress(1, 0, done), Tally(**tally))


def create_states(label: Callable[[str], str] = str) -> tuple[FileStates, Counts]:
    """The counts, and what was told of them: the two may never differ."""
    told: Counts = {}

    def shown(sender: str, state: FileState, files: int) -> None:
        told[sender, state] = files

    return FileStates(label, shown), told


def drop_zeros(told: Counts) -> Counts:
    return {place: files for place, files in told.items() if files}


@pytest.mark.parametrize(
    ("tally", "state"),
    [
        ({"accepted": 3}, FileState.INTEGRATED),
        ({"duplicate": 3}, FileState.INTEGRATED),
        ({"accepted": 2, "refused": 1}, FileState.PARTLY_INTEGRATED),
        ({"duplicate": 2, "refused": 1}, FileState.PARTLY_INTEGRATED),
        ({"refused": 3}, FileState.REFUSED),
        ({}, FileState.INTEGRATED),
    ],
)
def test_a_file_ends_as_its_lines_did(tally: dict[str, int], state: FileState) -> None:
    found, told = create_states()
    found.add(1, "A")
    assert drop_zeros(told) == {("A", FileState.IN_TREATMENT): 1}
    found.apply_commit(build_batch(build_row(1, done=False, accepted=1)))
    assert drop_zeros(told) == {("A", FileState.IN_TREATMENT): 1}
    found.apply_commit(build_batch(ProgressRow(1, Progress(1, 0, True), Tally(**tally))))
    assert drop_zeros(told) == {("A", state): 1}


def test_what_was_cancelled_never_came() -> None:
    found, told = create_states()
    found.add(1, "A")
    found.add(2, "A")
    for _ in range(2):
        found.remove(1)
    assert drop_zeros(told) == {("A", FileState.IN_TREATMENT): 1}


def test_what_is_told_twice_counts_once() -> None:
    found, told = create_states()
    for _ in range(2):
        found.add(1, "A")
    for _ in range(2):
        found.apply_commit(build_batch(build_row(1, accepted=1)))
    assert drop_zeros(told) == {("A", FileState.INTEGRATED): 1}


def test_forms_are_no_file() -> None:
    found, told = create_states()
    found.apply_commit(build_batch(build_row(7, accepted=1)))
    assert told == {}


def test_a_book_loaded_anew_brings_what_the_database_holds() -> None:
    found, told = create_states()
    for number in (1, 2):
        found.add(number, "A")
    # the commit that ended 1 succeeded, and its answer was lost; 3 was handed in while the database was read
    found.add(3, "B")
    found.load(StoredFiles([EndedFiles("A", FileState.INTEGRATED, 1)], [(2, "A")], 2))
    assert drop_zeros(told) == {
        ("A", FileState.INTEGRATED): 1,
        ("A", FileState.IN_TREATMENT): 1,
        ("B", FileState.IN_TREATMENT): 1,
    }
    found.apply_commit(build_batch(build_row(2, refused=1), build_row(3, accepted=1)))
    assert drop_zeros(told) == {
        ("A", FileState.INTEGRATED): 1,
        ("A", FileState.REFUSED): 1,
        ("B", FileState.INTEGRATED): 1,
    }


def test_a_count_that_fell_to_nothing_is_told() -> None:
    found, told = create_states()
    found.load(StoredFiles([EndedFiles("A", FileState.REFUSED, 4)], [], 4))
    found.load(StoredFiles([], [], 0))
    assert told == {("A", FileState.REFUSED): 0}


def test_senders_that_share_a_name_share_a_count() -> None:
    found, told = create_states(lambda _: "others")
    found.load(
        StoredFiles(
            [EndedFiles("A", FileState.REFUSED, 1), EndedFiles("B", FileState.REFUSED, 2)], [(4, "C")], 4
        )
    )
    found.add(5, "D")
    assert drop_zeros(told) == {("others", FileState.REFUSED): 3, ("others", FileState.IN_TREATMENT): 2}
