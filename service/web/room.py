"""Room for what is held in memory while it waits: counted in bytes, from the first that comes to the answer."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from service.web.problems import busy

OWN_PARTS = 2
"""Of so many equal parts, one sender takes one at most: nobody alone keeps the others out."""


class Room:
    """So many bytes, and how many of them each sender has taken."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max, self._own_max = bytes_max, bytes_max // OWN_PARTS
        self._own: Counter[str] = Counter()
        self.taken = 0

    @contextmanager
    def share(self, sender: str) -> Iterator["Share"]:
        """A share that grows by what it takes, and is given back when the body ends."""
        share = Share(self, sender)
        try:
            yield share
        finally:
            self._give_back(sender, share.bytes)

    def take(self, sender: str, size: int) -> None:
        """Take ``size`` bytes more.

        Raises
        ------
        Problem
            There is no room for them.
        """
        if self.taken + size > self._bytes_max:
            raise busy("As many bytes of forms wait as can wait", 1)
        if self._own[sender] + size > self._own_max:
            raise busy("As many bytes of your forms wait as can wait", 1)
        self.taken += size
        self._own[sender] += size

    def _give_back(self, sender: str, size: int) -> None:
        self.taken -= size
        self._own[sender] -= size
        if not self._own[sender]:
            del self._own[sender]


class Share:
    """What one request holds of a room."""

    __slots__ = ("_room", "_sender", "bytes")

    def __init__(self, room: Room, sender: str) -> None:
        self._room, self._sender, self.bytes = room, sender, 0

    def take(self, size: int) -> None:
        """Take ``size`` bytes more.

        Raises
        ------
        Problem
            There is no room for them.
        """
        self._room.take(self._sender, size)
        self.bytes += size
