"""The queues of files that wait to be processed, in the order of their admission, and of forms."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from ingest.queue.form_batcher import Form, FormBatch
from ingest.spool.spooled_file import SpooledFile

OnReceived = Callable[[str, str, int], None]
"""Called for everything admitted: its sender, ``file`` or ``form``, and its lines."""

OnNumbered = Callable[[int, str], None]
"""Called for each file that gets its number, with its sender."""

BATCH_FORMS_MAX = 1_000
BATCH_FORM_LINES_MAX = 10_000
"""A batch of forms has at most so many forms and so many lines, but at least one form."""

FORMS_ENOUGH = 256
"""So many forms do not wait for more."""

GATHER_SECONDS = (0.003, 0.06)
"""The least and the most time that a form waits for others: a commit takes longer, and serves them all."""

GATHER_SHARE = 2.0
"""Batches of forms follow each other after this multiple of the last one's time: under load they are fewer and larger."""

FORM_BATCHES_MAX = 2
"""Batches under way at once: one is decided while one commits, and forms that arrive meanwhile share the next."""


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
    def first_queued_at(self) -> list[float]:
        """When the next file was queued, in a list; empty if there is none."""
        first = [self._opening] if self._opening else list(self._ready.values())
        return [file.queued_at for file in first[:1]]

    def _list_waiting(self) -> Iterator[QueuedFile]:
        for files in (self._ready, self._paused_files):
            yield from list(files.values())
        if self._opening:
            yield self._opening

    def count_paused(self, sender: str | None = None) -> int:
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
        self._opening = self._ready.pop(next(iter(self._ready))) if self._ready else None
        return self._opening

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


class FormQueue:
    """Forms that wait to be decided, and batches of them that wait for their commit; guarded like ``FileQueue``."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: deque[Form] = deque()
        self._waiting_by_sender: Counter[str] = Counter()
        """How many forms of each sender wait: every form asks."""
        self._under_way: deque[FormBatch] = deque()
        self._taken_at, self._last_batch_seconds = -math.inf, 0.0
        """When the last batch was taken, and how long the last committed batch took."""

    def __len__(self) -> int:
        return len(self._waiting)

    def count(self, sender: str) -> int:
        """Return how many forms of one sender wait."""
        return self._waiting_by_sender[sender]

    def add(self, form: Form) -> bool:
        """Queue a form; return whether a thread that waits for forms must be notified."""
        self._waiting.append(form)
        self._waiting_by_sender[form.sender] += 1
        return len(self._waiting) in {1, FORMS_ENOUGH}

    @property
    def is_due(self) -> bool:
        """Whether forms may be decided now."""
        return bool(self._waiting) and len(self._under_way) < FORM_BATCHES_MAX

    @property
    def has_enough(self) -> bool:
        """Whether enough forms are queued not to wait for more."""
        return len(self._waiting) >= FORMS_ENOUGH

    @property
    def gather_seconds(self) -> float:
        """How long to wait for more forms."""
        seconds_min, seconds_max = GATHER_SECONDS
        next_at = self._taken_at + self._last_batch_seconds * GATHER_SHARE
        return min(max(next_at - self._clock(), seconds_min), seconds_max)

    @property
    def first_received_at(self) -> float:
        """When the oldest form in the queue arrived; infinity if there is none."""
        return self._waiting[0].received_at if self._waiting else math.inf

    @property
    def unanswered_since(self) -> list[float]:
        """When the oldest form in the queue and the oldest form under way arrived, as far as there are any."""
        under_way = self._under_way[0].forms if self._under_way else ()
        return [forms[0].received_at for forms in (self._waiting, under_way) if forms]

    def take_batch(self) -> FormBatch:
        """Take as many forms as a batch may have."""
        self._taken_at, forms, lines = self._clock(), [self._waiting.popleft()], 0
        while self._waiting and len(forms) < BATCH_FORMS_MAX:
            lines += len(forms[-1].rows)
            if lines + len(self._waiting[0].rows) > BATCH_FORM_LINES_MAX:
                break
            forms.append(self._waiting.popleft())
        self._waiting_by_sender -= Counter(form.sender for form in forms)  # senders without forms are dropped
        self._under_way.append(FormBatch(forms, self._taken_at))
        return self._under_way[-1]

    def finish_batch(self) -> FormBatch:
        """Return the oldest batch under way, which is now committed."""
        batch = self._under_way.popleft()
        self._last_batch_seconds = self._clock() - batch.taken_at
        return batch

    def reset(self) -> None:
        """Queue uncommitted forms again, before those that arrived later."""
        for batch in reversed(self._under_way):
            self._waiting.extendleft(reversed(batch.forms))
            self._waiting_by_sender.update(form.sender for form in batch.forms)
        self._under_way.clear()
