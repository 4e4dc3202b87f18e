"""Room for what is held in memory while it waits: counted in bytes, from the first that comes to the answer."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.web.problems import busy


class Room:
    """So many bytes, and how many of them are taken."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self.taken = 0

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """A share that grows by what it takes, and is given back when the body ends."""
        share = Share(self)
        try:
            yield share
        finally:
            self.taken -= share.bytes

    def take(self, size: int) -> None:
        """Take ``size`` bytes more.

        Raises
        ------
        Problem
            There is no room for them.
        """
        if self.taken + size > self._bytes_max:
            raise busy("As many bytes of forms wait as can wait", 1)
        self.taken += size


class Share:
    """What one request holds of a room."""

    __slots__ = ("_room", "bytes")

    def __init__(self, room: Room) -> None:
        self._room, self.bytes = room, 0

    def take(self, size: int) -> None:
        """Take ``size`` bytes more.

        Raises
        ------
        Problem
            There is no room for them.
        """
        self._room.take(size)
        self.bytes += size
