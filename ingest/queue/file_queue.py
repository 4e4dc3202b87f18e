"""The queue of files that wait to be processed: those of Crescendo's own acts first, each group in the order of admission."""

from collections.abc import Container, Iterator
from typing import NamedTuple

from core.senders import RESERVED_SENDERS
from ingest.spool.spooled_file import SpooledFile


class QueuedFile(NamedTuple):
    """A submission that waits to be processed."""

    number: int
    spooled: SpooledFile
    lines: int
    queued_at: float
    """When it was queued, on the monotonic clock."""
    is_checked: bool = True
    """Whether its bytes are known to be unchanged; otherwise they are hashed when it is processed."""

    @property
    def sender(self) -> str:
        """The sender of the file."""
        return self.spooled.envelope.sender


class FileQueue:
    """Files in order, those of paused senders apart; callers in several threads must lock."""

    def __init__(self) -> None:
        self._ready: dict[int, QueuedFile] = {}
        self._paused_files: dict[int, QueuedFile] = {}
        self._opening: QueuedFile | None = None
        """The file taken last, until it is open: only then does the batch feed count it."""
        self._paused_senders: Container[str] = frozenset()

    def __len__(self) -> int:
        return sum(1 for _ in self._list_waiting())

    def __contains__(self, number: int) -> bool:
        return number in self._ready or number in self._paused_files

    @property
    def is_ready(self) -> bool:
        """Whether a file can be taken."""
        return bool(self._ready)

    @property
    def lines(self) -> int:
        """The lines of all files in the queue."""
        return sum(file.lines for file in self._list_waiting())

    @property
    def paused_lines(self) -> int:
        """The lines of the files that wait because their sender is paused."""
        return sum(file.lines for file in list(self._paused_files.values()))

    @property
    def first_queued_at(self) -> list[float]:
        """When the file that is being opened and the oldest that can be taken were queued, as far as there are any."""
        files = (self._opening, next(iter(self._ready.values()), None))
        return [file.queued_at for file in files if file]

    def _list_waiting(self) -> Iterator[QueuedFile]:
        for files in (self._ready, self._paused_files):
            yield from list(files.values())
        if self._opening:
            yield self._opening

    def count_paused_files(self, sender: str | None = None) -> int:
        """Return how many files wait because their sender is paused, of all senders or of one."""
        return sum(sender in {None, file.sender} for file in list(self._paused_files.values()))

    def count(self, sender: str) -> int:
        """Return how many files of one sender wait, paused or not."""
        return sum(file.sender == sender for file in self._list_waiting())

    def add(self, file: QueuedFile) -> None:
        """Queue a file at its place: lower numbers come first."""
        files = self._paused_files if file.sender in self._paused_senders else self._ready
        is_last = not files or next(reversed(files)) < file.number
        files[file.number] = file
        if not is_last:
            self.pause(self._paused_senders)

    def take_next(self) -> QueuedFile | None:
        """Take the next file; it counts as waiting until ``finish_opening``."""
        self._opening = self._choose_next()
        if self._opening:
            del self._ready[self._opening.number]
        return self._opening

    def _choose_next(self) -> QueuedFile | None:
        """Return the first file of Crescendo's own acts, which a cut-off may wait for, or else the first of all."""
        files = list(self._ready.values())
        own_files = (file for file in files if file.sender in RESERVED_SENDERS)
        return next(own_files, files[0] if files else None)

    def finish_opening(self, file: QueuedFile) -> None:
        """Note that the file taken last is open, or missing."""
        if self._opening is file:
            self._opening = None

    def withdraw(self, number: int) -> QueuedFile | None:
        """Remove a file from the queue; None if it is not there."""
        return self._ready.pop(number, None) or self._paused_files.pop(number, None)

    def pause(self, senders: Container[str]) -> None:
        """Skip the files of ``senders``, and only theirs; all files keep their places."""
        files = sorted({**self._ready, **self._paused_files}.items())
        self._paused_senders = senders
        self._ready = {number: file for number, file in files if file.sender not in senders}
        self._paused_files = {number: file for number, file in files if file.sender in senders}

    def clear(self) -> None:
        """Remove all files."""
        self._ready, self._paused_files, self._opening = {}, {}, None
