"""Files by sender and by what has become of them, as ministries ask for it: so many received, so many still in treatment.

Read from the database when a book is loaded, moved by what is handed in and by every batch after that.  A file counts
once, as received and in the state it is in; forms are no file and are not here, nor is what was cancelled while it waited.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from posting.batch import BatchResult, Tally


class FileState(StrEnum):
    """What has become of a file; received is all of them together."""

    IN_TREATMENT = "in_treatment"
    INTEGRATED = "integrated"
    """Every line is accepted, or was before."""
    PARTLY_INTEGRATED = "partly_integrated"
    REFUSED = "refused"
    """Every line is refused."""


class EndedFiles(NamedTuple):
    """Files of one sender that ended alike."""

    sender: str
    state: FileState
    files: int


class StoredFiles(NamedTuple):
    """All files of a database at one moment."""

    ended: Iterable[EndedFiles]
    open: Iterable[tuple[int, str]]
    """Number and sender of each that is in treatment."""
    last_number: int
    """The highest number given."""


CountListener = Callable[[str, FileState, int], None]
SenderLabel = Callable[[str], str]


class FileStates:
    """The counts, by what ``label`` calls a sender; ``shown`` is told of each that moves."""

    def __init__(self, label: SenderLabel, on_change: CountListener) -> None:
        self._label, self._on_change = label, on_change
        self._open: dict[int, str] = {}
        self._files: Counter[tuple[str, FileState]] = Counter()

    def load(self, stock: StoredFiles) -> None:
        """Begin with what the database holds, and what was received while it was read."""
        newer = {number: sender for number, sender in self._open.items() if number > stock.last_number}
        before, self._files, self._open = self._files, Counter(), {}
        for sender, state, files in stock.ended:
            self._files[self._label(sender), state] += files
        for number, sender in (*stock.open, *newer.items()):
            self._add_open(number, sender)
        for sender, state in before.keys() | self._files.keys():
            self._on_change(sender, state, self._files[sender, state])

    def _add_open(self, number: int, sender: str) -> None:
        self._open[number] = self._label(sender)
        self._files[self._open[number], FileState.IN_TREATMENT] += 1

    def add(self, number: int, sender: str) -> None:
        """A file has been given its number; told twice, it counts once."""
        if number not in self._open:
            self._add_open(number, sender)
            self._report_count(self._open[number], FileState.IN_TREATMENT)

    def remove(self, number: int) -> None:
        """A file was cancelled: it counts as if it had never come."""
        if sender := self._open.pop(number, None):
            self._files[sender, FileState.IN_TREATMENT] -= 1
            self._report_count(sender, FileState.IN_TREATMENT)

    def apply_commit(self, outcome: BatchResult) -> None:
        """Move the files that a committed batch ended."""
        for row in outcome.progress:
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
    """What a file with these lines, all of them decided, has come to."""
    if not tally.refused:
        return FileState.INTEGRATED
    return FileState.PARTLY_INTEGRATED if tally.accepted + tally.duplicate else FileState.REFUSED
