"""Requests that wait for the end of a submission; they are woken after the commit that ends it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from posting.batch import BatchResult


class SubmissionWaiters:
    """The events of waiting requests, by submission."""

    def __init__(self) -> None:
        self._events: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._is_closed = False

    @contextmanager
    def watch_end(self, submission: int) -> Iterator[asyncio.Event]:
        """Provide an event that is set when the submission ends, or when no request may wait any longer."""
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

    def notify_commit(self, result: BatchResult) -> None:
        """Wake the requests that wait for a submission which this batch ended."""
        for row in result.progress:
            if row.progress.is_done and row.submission in self._events:
                self.notify_end(row.submission)

    def notify_end(self, submission: int) -> None:
        """Wake the requests that wait for a submission which ended."""
        for event in self._events.get(submission, ()):
            event.set()

    def close(self) -> None:
        """Wake all requests: they answer with the state that their submission has reached."""
        self._is_closed = True
        for events in self._events.values():
            for event in events:
                event.set()
