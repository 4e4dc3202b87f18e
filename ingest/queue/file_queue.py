"""The queues: of files that wait for their turn, in the order in which they were admitted, and of forms."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from ingest.queue.form_batcher import Form, FormBatch
from ingest.spool.spooled_file import SpooledFile

OnReceived = Callable[[str, str, int], None]
"""Told of what is taken in: its sender, whether it is a ``file`` or a ``form``, and its lines."""

OnNumbered = Callable[[int, str], None]
"""Told of each file once it has its number, and whose it is."""

BATCH_FORMS_MAX = 1_000
BATCH_FORM_LINES_MAX = 10_000
"""A batch of forms has at most so many of them, and of their lines; one form it has in any case."""

FORMS_ENOUGH = 256
"""So many are not kept waiting for more."""

GATHER_SECONDS = (0.003, 0.06)
"""A form waits at least and at most so long for others: a commit takes longer, and serves them all."""

GATHER_SHARE = 2.0
"""Batches of forms follow each other after so many times what the last one took: fewer and larger, the more there is to do."""

FORM_BATCHES_MAX = 2
"""So many under way at once: one is decided while one commits, and the forms that come meanwhile share the next."""


class QueuedFile(NamedTuple):
    """A submission that waits for its turn."""

    number: int
    spooled: SpooledFile
    lines: int
    queued_at: float
    """When it came to wait, on the clock that only goes forward."""
    is_checked: bool = True
    """Whether its bytes are known to be those that came; else they are hashed when its turn has come."""

    @property
    def sender(self) -> str:
        """Who sent it."""
        return self.spooled.envelope.sender


class FileQueue:
    """Tickets in order, those of paused senders aside; whoever shares one among threads holds a lock."""

    def __init__(self) -> None:
        self._ready: dict[int, QueuedFile] = {}
        self._paused_files: dict[int, QueuedFile] = {}
        self._opening: QueuedFile | None = None
        """Its turn has come, and it waits for its file to be opened: until then it is nobody else's to count."""
        self._paused_senders: Container[str] = frozenset()

    def __len__(self) -> int:
        return sum(1 for _ in self._list_waiting())

    def __contains__(self, number: int) -> bool:
        return number in self._ready or number in self._paused_files

    @property
    def is_ready(self) -> bool:
        """Whether somebody's turn has come."""
        return bool(self._ready)

    @property
    def lines(self) -> int:
        """Lines of all that wait."""
        return sum(ticket.lines for ticket in self._list_waiting())

    @property
    def first_queued_at(self) -> list[float]:
        """When the one whose turn is next came to wait; nothing where there is none."""
        first = [self._opening] if self._opening else list(self._ready.values())
        return [ticket.queued_at for ticket in first[:1]]

    def _list_waiting(self) -> Iterator[QueuedFile]:
        for part in (self._ready, self._paused_files):
            yield from list(part.values())
        if self._opening:
            yield self._opening

    def count_paused(self, sender: str | None = None) -> int:
        """How many wait because their sender is paused, of all or of one."""
        return sum(sender in {None, ticket.sender} for ticket in list(self._paused_files.values()))

    def count(self, sender: str) -> int:
        """How many of one sender wait, paused or not."""
        return sum(ticket.sender == sender for ticket in self._list_waiting())

    def add(self, ticket: QueuedFile) -> None:
        """Let one wait at its place: the lower number came first."""
        part = self._paused_files if ticket.sender in self._paused_senders else self._ready
        is_last = not part or next(reversed(part)) < ticket.number
        part[ticket.number] = ticket
        if not is_last:
            self.pause(self._paused_senders)

    def take_next(self) -> QueuedFile | None:
        """Take the one whose turn it is; it waits until it is ``opened``."""
        self._opening = self._ready.pop(next(iter(self._ready))) if self._ready else None
        return self._opening

    def finish_opening(self, ticket: QueuedFile) -> None:
        """The file of the one whose turn it was is open, or lost: it waits no more."""
        if self._opening is ticket:
            self._opening = None

    def withdraw(self, number: int) -> QueuedFile | None:
        """Take one that waits, wherever it stands; None where it does not wait."""
        return self._ready.pop(number, None) or self._paused_files.pop(number, None)

    def pause(self, senders: Container[str]) -> None:
        """Pass over ``senders``, and let the others' have their turns; everybody keeps their place."""
        tickets = sorted({**self._ready, **self._paused_files}.items())
        self._paused_senders = senders
        self._ready = {number: each for number, each in tickets if each.sender not in senders}
        self._paused_files = {number: each for number, each in tickets if each.sender in senders}

    def clear(self) -> None:
        """Nobody waits any more."""
        self._ready, self._paused_files, self._opening = {}, {}, None


class FormQueue:
    """Forms that wait to be decided, and those decided that wait for their commit; guarded as ``Queue`` is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: deque[Form] = deque()
        self._waiting_by_sender: Counter[str] = Counter()
        """How many of each sender wait: every form asks."""
        self._under_way: deque[FormBatch] = deque()
        self._taken_at, self._last_batch_seconds = -math.inf, 0.0
        """When the last batch was taken, and the seconds that the last committed one took."""

    def __len__(self) -> int:
        return len(self._waiting)

    def count(self, sender: str) -> int:
        """How many of one sender wait."""
        return self._waiting_by_sender[sender]

    def add(self, form: Form) -> bool:
        """Let one wait behind the others; whether whoever waits for forms has to know."""
        self._waiting.append(form)
        self._waiting_by_sender[form.sender] += 1
        return len(self._waiting) in {1, FORMS_ENOUGH}

    @property
    def is_due(self) -> bool:
        """Whether some may be decided now."""
        return bool(self._waiting) and len(self._under_way) < FORM_BATCHES_MAX

    @property
    def has_enough(self) -> bool:
        """Whether it is no use to wait for more."""
        return len(self._waiting) >= FORMS_ENOUGH

    @property
    def gather_seconds(self) -> float:
        """How long to wait for more."""
        least, most = GATHER_SECONDS
        next_at = self._taken_at + self._last_batch_seconds * GATHER_SHARE
        return min(max(next_at - self._clock(), least), most)

    @property
    def first_received_at(self) -> float:
        """When the oldest of those that wait came; never where none does."""
        return self._waiting[0].received_at if self._waiting else math.inf

    @property
    def unanswered_since(self) -> list[float]:
        """When the oldest of those that wait came, and of those under way."""
        under_way = self._under_way[0].forms if self._under_way else ()
        return [each[0].received_at for each in (self._waiting, under_way) if each]

    def take_batch(self) -> FormBatch:
        """As many as a batch may have, to be decided together."""
        self._taken_at, some, lines = self._clock(), [self._waiting.popleft()], 0
        while self._waiting and len(some) < BATCH_FORMS_MAX:
            lines += len(some[-1].rows)
            if lines + len(self._waiting[0].rows) > BATCH_FORM_LINES_MAX:
                break
            some.append(self._waiting.popleft())
        self._waiting_by_sender -= Counter(form.sender for form in some)  # who has none left is forgotten
        self._under_way.append(FormBatch(some, self._taken_at))
        return self._under_way[-1]

    def finish_batch(self) -> FormBatch:
        """Those that were decided first, of those under way."""
        decided = self._under_way.popleft()
        self._last_batch_seconds = self._clock() - decided.taken_at
        return decided

    def reset(self) -> None:
        """What was not committed is decided again, before what came later."""
        for decided in reversed(self._under_way):
            self._waiting.extendleft(reversed(decided.forms))
            self._waiting_by_sender.update(form.sender for form in decided.forms)
        self._under_way.clear()
