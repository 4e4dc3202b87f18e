"""Files by sender and by what has become of them, as ministries ask for it: so many received, so many still in treatment.

Read from the database when a book is loaded, moved by what is handed in and by every batch after that.  A file counts
once, as received and in the state it is in; forms are no file and are not here, nor is what was cancelled while it waited.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NamedTuple

from posting.batch import Outcome, Tally


class State(StrEnum):
    """What has become of a file; received is all of them together."""

    IN_TREATMENT = "in_treatment"
    INTEGRATED = "integrated"
    """Every line is accepted, or was before."""
    PARTLY_INTEGRATED = "partly_integrated"
    REFUSED = "refused"
    """Every line is refused."""


class Ended(NamedTuple):
    """Files of one sender that ended alike."""

    sender: str
    state: State
    files: int


class Stock(NamedTuple):
    """All files of a database at one moment."""

    ended: Iterable[Ended]
    open: Iterable[tuple[int, str]]
    """Number and sender of each that is in treatment."""
    last: int
    """The highest number given."""


Shown = Callable[[str, State, int], None]
Label = Callable[[str], str]


class Flows:
    """The counts, by what ``label`` calls a sender; ``shown`` is told of each that moves."""

    def __init__(self, label: Label, shown: Shown) -> None:
        self._label, self._shown = label, shown
        self._open: dict[int, str] = {}
        self._files: Counter[tuple[str, State]] = Counter()

    def load(self, stock: Stock) -> None:
        """Begin with what the database holds, and what was received while it was read."""
        newer = {number: sender for number, sender in self._open.items() if number > stock.last}
        before, self._files, self._open = self._files, Counter(), {}
        for sender, state, files in stock.ended:
            self._files[self._label(sender), state] += files
        for number, sender in (*stock.open, *newer.items()):
            self._take(number, sender)
        for sender, state in before.keys() | self._files.keys():
            self._shown(sender, state, self._files[sender, state])

    def _take(self, number: int, sender: str) -> None:
        self._open[number] = self._label(sender)
        self._files[self._open[number], State.IN_TREATMENT] += 1

    def received(self, number: int, sender: str) -> None:
        """A file has been given its number; told twice, it counts once."""
        if number not in self._open:
            self._take(number, sender)
            self._tell(self._open[number], State.IN_TREATMENT)

    def withdrawn(self, number: int) -> None:
        """A file was cancelled: it counts as if it had never come."""
        if sender := self._open.pop(number, None):
            self._files[sender, State.IN_TREATMENT] -= 1
            self._tell(sender, State.IN_TREATMENT)

    def committed(self, outcome: Outcome) -> None:
        """Move the files that a committed batch ended."""
        for row in outcome.progress:
            if row.stage.done and row.submission in self._open:
                self._end(self._open.pop(row.submission), ended_as(row.tally))

    def _end(self, sender: str, state: State) -> None:
        self._files[sender, State.IN_TREATMENT] -= 1
        self._files[sender, state] += 1
        self._tell(sender, State.IN_TREATMENT)
        self._tell(sender, state)

    def _tell(self, sender: str, state: State) -> None:
        self._shown(sender, state, self._files[sender, state])


def ended_as(tally: Tally) -> State:
    """What a file with these lines, all of them decided, has come to."""
    if not tally.refused:
        return State.INTEGRATED
    return State.PARTLY_INTEGRATED if tally.accepted + tally.duplicate else State.REFUSED
