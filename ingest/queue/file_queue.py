"""The queues: of files that wait for their turn, in the order in which they were admitted, and of forms."""

import math
import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterator
from typing import NamedTuple

from ingest.queue.form_batcher import Decided, Form
from ingest.spool.spool import Spooled

Received = Callable[[str, str, int], None]
"""Told of what is taken in: its sender, whether it is a ``file`` or a ``form``, and its lines."""

Numbered = Callable[[int, str], None]
"""Told of each file once it has its number, and whose it is."""

FORMS_A_BATCH = 1_000
FORM_LINES_A_BATCH = 10_000
"""A batch of forms has at most so many of them, and of their lines; one form it has in any case."""

FORMS_ENOUGH = 256
"""So many are not kept waiting for more."""

GATHER_SECONDS = (0.003, 0.06)
"""A form waits at least and at most so long for others: a commit takes longer, and serves them all."""

GATHER_SHARE = 2.0
"""Batches of forms follow each other after so many times what the last one took: fewer and larger, the more there is to do."""

FORM_BATCHES_MAX = 2
"""So many under way at once: one is decided while one commits, and the forms that come meanwhile share the next."""


class Ticket(NamedTuple):
    """A submission that waits for its turn."""

    number: int
    spooled: Spooled
    lines: int
    at: float
    """When it came to wait, on the clock that only goes forward."""
    is_checked: bool = True
    """Whether its bytes are known to be those that came; else they are hashed when its turn has come."""

    @property
    def sender(self) -> str:
        """Who sent it."""
        return self.spooled.envelope.sender


class Queue:
    """Tickets in order, those of paused senders aside; whoever shares one among threads holds a lock."""

    def __init__(self) -> None:
        self._ready: dict[int, Ticket] = {}
        self._aside: dict[int, Ticket] = {}
        self._opening: Ticket | None = None
        """Its turn has come, and it waits for its file to be opened: until then it is nobody else's to count."""
        self._paused: Container[str] = frozenset()

    def __len__(self) -> int:
        return sum(1 for _ in self._waiting())

    def __contains__(self, number: int) -> bool:
        return number in self._ready or number in self._aside

    @property
    def is_ready(self) -> bool:
        """Whether somebody's turn has come."""
        return bool(self._ready)

    @property
    def lines(self) -> int:
        """Lines of all that wait."""
        return sum(ticket.lines for ticket in self._waiting())

    @property
    def since(self) -> list[float]:
        """When the one whose turn is next came to wait; nothing where there is none."""
        first = [self._opening] if self._opening else list(self._ready.values())
        return [ticket.at for ticket in first[:1]]

    def _waiting(self) -> Iterator[Ticket]:
        for part in (self._ready, self._aside):
            yield from list(part.values())
        if self._opening:
            yield self._opening

    def aside(self, sender: str | None = None) -> int:
        """How many wait because their sender is paused, of all or of one."""
        return sum(sender in {None, ticket.sender} for ticket in list(self._aside.values()))

    def of(self, sender: str) -> int:
        """How many of one sender wait, paused or not."""
        return sum(ticket.sender == sender for ticket in self._waiting())

    def add(self, ticket: Ticket) -> None:
        """Let one wait at its place: the lower number came first."""
        part = self._aside if ticket.sender in self._paused else self._ready
        is_last = not part or next(reversed(part)) < ticket.number
        part[ticket.number] = ticket
        if not is_last:
            self.pause(self._paused)

    def next(self) -> Ticket | None:
        """Take the one whose turn it is; it waits until it is ``opened``."""
        self._opening = self._ready.pop(next(iter(self._ready))) if self._ready else None
        return self._opening

    def opened(self, ticket: Ticket) -> None:
        """The file of the one whose turn it was is open, or lost: it waits no more."""
        if self._opening is ticket:
            self._opening = None

    def withdraw(self, number: int) -> Ticket | None:
        """Take one that waits, wherever it stands; None where it does not wait."""
        return self._ready.pop(number, None) or self._aside.pop(number, None)

    def pause(self, senders: Container[str]) -> None:
        """Pass over ``senders``, and let the others' have their turns; everybody keeps their place."""
        tickets = sorted({**self._ready, **self._aside}.items())
        self._paused = senders
        self._ready = {number: each for number, each in tickets if each.sender not in senders}
        self._aside = {number: each for number, each in tickets if each.sender in senders}

    def clear(self) -> None:
        """Nobody waits any more."""
        self._ready, self._aside, self._opening = {}, {}, None


class FormQueue:
    """Forms that wait to be decided, and those decided that wait for their commit; guarded as ``Queue`` is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: deque[Form] = deque()
        self._own: Counter[str] = Counter()
        """How many of each sender wait: every form asks."""
        self._under_way: deque[Decided] = deque()
        self._taken_at, self._took = -math.inf, 0.0
        """When the last batch was taken, and the seconds that the last committed one took."""

    def __len__(self) -> int:
        return len(self._waiting)

    def of(self, sender: str) -> int:
        """How many of one sender wait."""
        return self._own[sender]

    def add(self, form: Form) -> bool:
        """Let one wait behind the others; whether whoever waits for forms has to know."""
        self._waiting.append(form)
        self._own[form.sender] += 1
        return len(self._waiting) in {1, FORMS_ENOUGH}

    @property
    def is_due(self) -> bool:
        """Whether some may be decided now."""
        return bool(self._waiting) and len(self._under_way) < FORM_BATCHES_MAX

    @property
    def are_enough(self) -> bool:
        """Whether it is no use to wait for more."""
        return len(self._waiting) >= FORMS_ENOUGH

    @property
    def gather_seconds(self) -> float:
        """How long to wait for more."""
        least, most = GATHER_SECONDS
        next_at = self._taken_at + self._took * GATHER_SHARE
        return min(max(next_at - self._clock(), least), most)

    @property
    def first_at(self) -> float:
        """When the oldest of those that wait came; never where none does."""
        return self._waiting[0].at if self._waiting else math.inf

    @property
    def since(self) -> list[float]:
        """When the oldest of those that wait came, and of those under way."""
        under_way = self._under_way[0].forms if self._under_way else ()
        return [each[0].at for each in (self._waiting, under_way) if each]

    def take(self) -> Decided:
        """As many as a batch may have, to be decided together."""
        self._taken_at, some, lines = self._clock(), [self._waiting.popleft()], 0
        while self._waiting and len(some) < FORMS_A_BATCH:
            lines += len(some[-1].rows)
            if lines + len(self._waiting[0].rows) > FORM_LINES_A_BATCH:
                break
            some.append(self._waiting.popleft())
        self._own -= Counter(form.sender for form in some)  # who has none left is forgotten
        self._under_way.append(Decided(some, self._taken_at))
        return self._under_way[-1]

    def committed(self) -> Decided:
        """Those that were decided first, of those under way."""
        decided = self._under_way.popleft()
        self._took = self._clock() - decided.at
        return decided

    def begin_again(self) -> None:
        """What was not committed is decided again, before what came later."""
        for decided in reversed(self._under_way):
            self._waiting.extendleft(reversed(decided.forms))
            self._own.update(form.sender for form in decided.forms)
        self._under_way.clear()
