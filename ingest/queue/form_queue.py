"""The queue of forms that wait to be decided, and the batches of them that wait for their commit."""

import math
import time
from asyncio import Future
from collections import Counter, deque
from collections.abc import Callable

from ingest.queue.form_batcher import Form, FormBatch, FormResult

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


class FormQueue:
    """Forms that wait to be decided, and batches of them that wait for their commit; callers in several threads must lock."""

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

    def clear(self) -> "list[Future[FormResult]]":
        """Remove all forms, those under way too; return the futures of their results."""
        self.reset()
        results = [form.result for form in self._waiting]
        self._waiting.clear()
        self._waiting_by_sender.clear()
        return results

    def reset(self) -> None:
        """Queue uncommitted forms again, before those that arrived later."""
        for batch in reversed(self._under_way):
            self._waiting.extendleft(reversed(batch.forms))
            self._waiting_by_sender.update(form.sender for form in batch.forms)
        self._under_way.clear()
