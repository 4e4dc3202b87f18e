"""Callers who wait for the end of a submission, and are told after the commit that brought it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from posting.batch import Outcome


class Waiters:
    """Who waits for which submission."""

    def __init__(self) -> None:
        self._ends: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._is_over = False

    @contextmanager
    def end_of(self, submission: int) -> Iterator[asyncio.Event]:
        """An event that is set when the submission is decided, or when nobody may wait any longer."""
        event = asyncio.Event()
        if self._is_over:
            event.set()
        self._ends[submission].add(event)
        try:
            yield event
        finally:
            self._ends[submission].discard(event)
            if not self._ends[submission]:
                del self._ends[submission]

    def committed(self, outcome: Outcome) -> None:
        """Tell who waits for a submission that this batch ended."""
        for row in outcome.progress:
            if row.stage.done and row.submission in self._ends:
                self.end(row.submission)

    def end(self, submission: int) -> None:
        """Tell who waits for a submission that it has come to its end in another way."""
        for event in self._ends.get(submission, ()):
            event.set()

    def close(self) -> None:
        """Let everybody go: they are answered with how far it is."""
        self._is_over = True
        for events in self._ends.values():
            for event in events:
                event.set()
