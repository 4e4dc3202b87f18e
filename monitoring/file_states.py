"""The number of files by sender and state, as ministries ask for them: how many received, how many still in progress.

The counts are read from the database when a book is loaded; submissions and committed batches update them.  A file counts
once, in its present state.  Forms are not files and do not count, nor does a file that was cancelled while it waited.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from posting.batch import BatchResult, Tally


class FileState(StrEnum):
    """The state of a file; the files received are the sum over all states."""

    IN_TREATMENT = "in_treatment"
    INTEGRATED = "integrated"
    """Every line is accepted, or is a duplicate of an accepted one."""
    PARTLY_INTEGRATED = "partly_integrated"
    REFUSED = "refused"
    """Every line is refused."""


class EndedFiles(NamedTuple):
    """The number of files of one sender that ended in one state."""

    sender: str
    state: FileState
    files: int


class StoredFiles(NamedTuple):
    """All files of a database at one moment."""

    ended: Iterable[EndedFiles]
    open: Iterable[tuple[int, str]]
    """Number and sender of each file in progress."""
    last_number: int
    """The highest submission number assigned."""


CountListener = Callable[[str, FileState, int], None]
SenderLabel = Callable[[str], str]


class FileStates:
    """The counts of files by sender and state."""

    def __init__(self, label: SenderLabel, on_change: CountListener) -> None:
        """``label`` returns the name under which a sender is counted; ``on_change`` receives each count that changes."""
        self._label, self._on_change = label, on_change
        self._open: dict[int, str] = {}
        self._files: Counter[tuple[str, FileState]] = Counter()

    def load(self, stored: StoredFiles) -> None:
        """Replace the counts by those of the database, and add the files received while it was read."""
        newer = {number: sender for number, sender in self._open.items() if number > stored.last_number}
        before, self._files, self._open = self._files, Counter(), {}
        for sender, state, files in stored.ended:
            self._files[self._label(sender), state] += files
        for number, sender in (*stored.open, *newer.items()):
            self._add_open(number, sender)
        for sender, state in before.keys() | self._files.keys():
            self._on_change(sender, state, self._files[sender, state])

    def _add_open(self, number: int, sender: str) -> None:
        self._open[number] = self._label(sender)
        self._files[self._open[number], FileState.IN_TREATMENT] += 1

    def add(self, number: int, sender: str) -> None:
        """Count a file that has received its number; a file reported twice counts once."""
        if number not in self._open:
            self._add_open(number, sender)
            self._report_count(self._open[number], FileState.IN_TREATMENT)

    def remove(self, number: int) -> None:
        """Remove a cancelled file from the counts."""
        if sender := self._open.pop(number, None):
            self._files[sender, FileState.IN_TREATMENT] -= 1
            self._report_count(sender, FileState.IN_TREATMENT)

    def apply_commit(self, result: BatchResult) -> None:
        """Move the files that a committed batch ended to their end state."""
        for row in result.progress:
            if row.progress.is_done and row.submission in self._open:
                self._close_file(self._open.pop(row.submission), find_end_state(row.tally))

    def _close_file(self, sender: str, state: FileState) -> None:
        self._files[sender, FileState.IN_TREATMENT] -= 1
        self._files[sender, state] += 1
        self._report_count(sender, FileState.IN_TREATMENT)
        self._report_count(sender, state)

    def _report_count(self, sender: str, state: FileState) -> None:
        self._on_change(sender, state, self._files[sender, state])


def find_end_state(tally: Tally) -> FileState:
    """Return the state of a file whose lines are all decided."""
    if not tally.refused:
        return FileState.INTEGRATED
    return FileState.PARTLY_INTEGRATED if tally.accepted + tally.duplicate else FileState.REFUSED
