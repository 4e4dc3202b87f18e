"""Files by sender and state: loaded, received and ended, in every possible order."""

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
    """Create the counts, and a dictionary of the changes they report; the two must never differ."""
    reported: Counts = {}

    def on_change(sender: str, state: FileState, files: int) -> None:
        reported[sender, state] = files

    return FileStates(label, on_change), reported


def drop_zeros(reported: Counts) -> Counts:
    return {key: files for key, files in reported.items() if files}


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
def test_the_end_state_of_a_file_follows_from_its_lines(tally: dict[str, int], state: FileState) -> None:
    states, reported = create_states()
    states.add(1, "A")
    assert drop_zeros(reported) == {("A", FileState.IN_TREATMENT): 1}
    states.apply_commit(build_batch(build_row(1, done=False, accepted=1)))
    assert drop_zeros(reported) == {("A", FileState.IN_TREATMENT): 1}
    states.apply_commit(build_batch(ProgressRow(1, Progress(1, 0, True), Tally(**tally))))
    assert drop_zeros(reported) == {("A", state): 1}


def test_cancelled_files_do_not_count() -> None:
    states, reported = create_states()
    states.add(1, "A")
    states.add(2, "A")
    for _ in range(2):
        states.remove(1)
    assert drop_zeros(reported) == {("A", FileState.IN_TREATMENT): 1}


def test_a_file_reported_twice_counts_once() -> None:
    states, reported = create_states()
    for _ in range(2):
        states.add(1, "A")
    for _ in range(2):
        states.apply_commit(build_batch(build_row(1, accepted=1)))
    assert drop_zeros(reported) == {("A", FileState.INTEGRATED): 1}


def test_forms_do_not_count_as_files() -> None:
    states, reported = create_states()
    states.apply_commit(build_batch(build_row(7, accepted=1)))
    assert reported == {}


def test_loading_replaces_the_counts_by_those_of_the_database() -> None:
    states, reported = create_states()
    for number in (1, 2):
        states.add(number, "A")
    # the commit that ended 1 succeeded but its reply was lost; 3 was submitted while the database was read
    states.add(3, "B")
    states.load(StoredFiles([EndedFiles("A", FileState.INTEGRATED, 1)], [(2, "A")], 2))
    assert drop_zeros(reported) == {
        ("A", FileState.INTEGRATED): 1,
        ("A", FileState.IN_TREATMENT): 1,
        ("B", FileState.IN_TREATMENT): 1,
    }
    states.apply_commit(build_batch(build_row(2, refused=1), build_row(3, accepted=1)))
    assert drop_zeros(reported) == {
        ("A", FileState.INTEGRATED): 1,
        ("A", FileState.REFUSED): 1,
        ("B", FileState.INTEGRATED): 1,
    }


def test_a_count_that_falls_to_zero_is_reported() -> None:
    states, reported = create_states()
    states.load(StoredFiles([EndedFiles("A", FileState.REFUSED, 4)], [], 4))
    states.load(StoredFiles([], [], 0))
    assert reported == {("A", FileState.REFUSED): 0}


def test_senders_with_one_label_share_a_count() -> None:
    states, reported = create_states(lambda _: "others")
    states.load(
        StoredFiles(
            [EndedFiles("A", FileState.REFUSED, 1), EndedFiles("B", FileState.REFUSED, 2)], [(4, "C")], 4
        )
    )
    states.add(5, "D")
    assert drop_zeros(reported) == {("others", FileState.REFUSED): 3, ("others", FileState.IN_TREATMENT): 2}
