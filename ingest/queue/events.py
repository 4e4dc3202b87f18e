"""What an inbox reports to the service around it."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from posting.batch import Submission
from posting.recovery.book_loading import LoadedBook

OnTakenUp = Callable[[Submission], None]
"""Called for every submission whose processing begins."""


async def _ignore_book(_: LoadedBook) -> None:
    """Do nothing with the book."""


class InboxEvents(NamedTuple):
    """Callbacks of an inbox; by default nothing is reported."""

    on_opened: Callable[[LoadedBook], Awaitable[None]] = _ignore_book
    """Called for every book that was loaded, before anything is decided on it."""
    on_numbered: Callable[[int, str], None] = lambda _number, _sender: None
    """Called for each file that gets its number, with its sender."""
    on_received: Callable[[str, str, int], None] = lambda _sender, _kind, _lines: None
    """Called for everything handed in: its sender, ``file`` or ``form``, and its lines."""
    on_taken_up: OnTakenUp = lambda _: None
    on_withdrawn: Callable[[int], None] = lambda _: None
    """Called with the number of each submission that is cancelled."""
