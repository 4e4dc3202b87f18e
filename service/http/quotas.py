"""Room for what is held while it lasts: bytes of forms, files that are taken at once, questions, who looks at the figures."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from service.http.problems import RETRY_SECONDS, busy

OWN_PARTS = 2
"""Of so many equal parts, one sender takes one at most: nobody alone keeps the others out."""


def own_part(most: int) -> int:
    """What one sender may have of it."""
    return max(most // OWN_PARTS, 1)


class Full(NamedTuple):
    """What is said when there is no room, or none left of the sender's own, and when to come again."""

    told: str
    own: str
    seconds: int


FORMS = Full("As many bytes of forms wait as can wait", "As many bytes of your forms wait as can wait", 1)
FILES = Full(
    "As many files as can be taken at once are on their way",
    "As many of your files as can be taken at once are on their way",
    RETRY_SECONDS,
)
QUESTIONS = Full("As many questions wait as can wait", "As many of your questions wait as can wait", 1)
REPORTS = Full(
    "As many reports as can be made at once are being made",
    "As many of your reports as can be made at once are being made",
    RETRY_SECONDS,
)
FILES_WAITING = Full("As many files wait as can wait", "As many of your files wait as can wait", 30)
FORMS_WAITING = Full("As many forms wait as can wait", "As many of your forms wait as can wait", 1)
REHEARSALS = Full("As many dry runs wait as can wait", "As many of your dry runs wait as can wait", 1)
LOOKS = Full("As many look as can look", "As many of you look as can look", RETRY_SECONDS)


class Queued(NamedTuple):
    """How many may wait that are counted where they wait, and what is said beyond."""

    most: int
    full: Full

    def check(self, waiting: int, own: int) -> None:
        """Whether one more may wait beside ``waiting``, of which ``own`` are its sender's.

        Raises
        ------
        Problem
            There is no room for it.
        """
        if waiting >= self.most:
            raise busy(self.full.told, self.full.seconds)
        if own >= own_part(self.most):
            raise busy(self.full.own, self.full.seconds)


class Room:
    """So much of something, bytes or files or seats, and how much of it each sender has taken."""

    def __init__(self, most: int, full: Full = FORMS) -> None:
        self._most, self._own_max, self._full = most, own_part(most), full
        self._own: Counter[str] = Counter()
        self.taken = 0

    @contextmanager
    def share(self, sender: str) -> Iterator["Share"]:
        """A share that grows by what it takes, and is given back when the body ends."""
        share = Share(self, sender)
        try:
            yield share
        finally:
            self._give_back(sender, share.size)

    def take(self, sender: str, size: int) -> None:
        """Take ``size`` more.

        Raises
        ------
        Problem
            There is no room for it.
        """
        self.check(sender, size)
        self.taken += size
        self._own[sender] += size

    def check(self, sender: str, size: int) -> None:
        """Whether ``size`` more can be taken.

        Raises
        ------
        Problem
            There is no room for it.
        """
        if self.taken + size > self._most:
            raise busy(self._full.told, self._full.seconds)
        if self._own[sender] + size > self._own_max:
            raise busy(self._full.own, self._full.seconds)

    @property
    def most_taken(self) -> int:
        """What the sender has taken that has most."""
        return max(self._own.values(), default=0)

    def _give_back(self, sender: str, size: int) -> None:
        self.taken -= size
        self._own[sender] -= size
        if not self._own[sender]:
            del self._own[sender]


class Share:
    """What one request holds of a room."""

    __slots__ = ("_room", "_sender", "size")

    def __init__(self, room: Room, sender: str) -> None:
        self._room, self._sender, self.size = room, sender, 0

    def take(self, size: int) -> None:
        """Take ``size`` more.

        Raises
        ------
        Problem
            There is no room for it.
        """
        self._room.take(self._sender, size)
        self.size += size
