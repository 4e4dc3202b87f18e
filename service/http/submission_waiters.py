"""Callers who wait for the end of a submission, and are told after the commit that brought it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from posting.batch import BatchResult


class SubmissionWaiters:
    """Who waits for which submission."""

    def __init__(self) -> None:
        self._events: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._is_closed = False

    @contextmanager
    def watch_end(self, submission: int) -> Iterator[asyncio.Event]:
        """An event that is set when the submission is decided, or when nobody may wait any longer."""
        event = asyncio.Event()
        if self._is_closed:
            event.set()
        self._events[submission].add(event)
        try:
            yield event
        finally:
            self._events[submission].discard(event)
            if not self._events[submission]:
                del self._events[submission]

    def notify_committed(self, outcome: BatchResult) -> None:
        """Tell who waits for a submission that this batch ended."""
        for row in outcome.progress:
            if row.progress.is_done and row.submission in self._events:
                self.notify_ended(row.submission)

    def notify_ended(self, submission: int) -> None:
        """Tell who waits for a submission that it has come to its end in another way."""
        for event in self._events.get(submission, ()):
            event.set()

    def close(self) -> None:
        """Let everybody go: they are answered with how far it is."""
        self._is_closed = True
        for events in self._events.values():
            for event in events:
                event.set()
