"""Maintenance of the look-up indexes: during pauses between commits, and in any case before look-ups become slow."""

import asyncio
import time
from dataclasses import dataclass
from typing import NoReturn

import structlog

from posting.batch import BatchResult
from posting.store.failures import RETRIED_ERRORS, raise_pending_cancellation
from posting.store.lookup_indexes import IndexType, LookupIndexes, open_indexes

LOG = structlog.get_logger()
IDLE_SECONDS = 3
OVERDUE_SECONDS = 60
TREES_OVERDUE_SECONDS = 600
"""Building a tree index takes a core for seconds, and a filter serves until then: so it waits longer for a pause."""
_CHECK_SECONDS = 1
_RETRY_SECONDS = 10


@dataclass(slots=True)
class IndexBacklog:
    """The entries that were committed since the indexes were last up to date."""

    entries: int = 0
    """Entries committed in total."""
    indexed_entries: int = 0
    """Entries that the indexes cover."""
    oldest: float | None = None
    """When the first entry that is not covered was committed; None if all are covered."""
    newest: float = 0
    """When the last entry was committed."""

    def grow(self, entries: int, now: float) -> None:
        """Record that ``entries`` are committed now in total."""
        self.entries, self.newest = entries, now
        self.oldest = now if self.oldest is None else self.oldest

    def is_due(self, now: float, entries_max: int) -> bool:
        """Return whether to update: in a pause, when look-ups would read too many rows, or after too long a time."""
        if self.oldest is None:
            return False
        is_large = self.entries - self.indexed_entries >= entries_max
        return self.is_idle(now) or is_large or now - self.oldest >= OVERDUE_SECONDS

    def is_idle(self, now: float) -> bool:
        """Return whether nothing was committed for some seconds."""
        return now - self.newest >= IDLE_SECONDS

    def mark_indexed_entries(self, entries: int) -> None:
        """Record that the indexes cover the first ``entries``; later entries stay in the backlog."""
        self.indexed_entries = entries
        self.oldest = self.newest if self.entries > entries else None


class IndexMaintenance:
    """Updates the indexes while the engine runs."""

    def __init__(self) -> None:
        self._backlog = IndexBacklog()
        self._complete_entries, self._incomplete_since = 0, 0.0
        """Entries for which no index is missing, and since when there are more entries than these."""

    def record_load(self, entries: int) -> None:
        """Record the entries of the journal at the start: an engine that was killed may have left them without index."""
        self._backlog.grow(entries, time.monotonic())

    def record_commit(self, outcome: BatchResult) -> None:
        """Record the entries of a committed batch."""
        self._backlog.grow(outcome.first_entry + outcome.counts["entry"] - 1, time.monotonic())

    async def run(self, dsn: str) -> NoReturn:
        """Keep the indexes up to date until cancelled; log a failure and try again."""
        while True:
            try:
                async with open_indexes(dsn) as lookups:
                    await self._maintain(lookups)
            except RETRIED_ERRORS as error:
                raise_pending_cancellation()
                LOG.warning("look-up indexes wait", cause=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)

    async def _maintain(self, lookups: LookupIndexes) -> NoReturn:
        while True:
            await asyncio.sleep(_CHECK_SECONDS)
            if self._backlog.is_due(time.monotonic(), lookups.partition_rows):
                await self._summarize(lookups)
            if self._backlog.entries > self._complete_entries and self._can_build(time.monotonic()):
                await self._build(lookups)

    async def _summarize(self, lookups: LookupIndexes) -> None:
        """Summarise the new rows. Without a pause, in which trees are built, full partitions first get filters."""
        entries = self._backlog.entries
        if not self._backlog.is_idle(time.monotonic()):
            for statement in await lookups.list_missing(entries, IndexType.FILTER):
                await lookups.build(statement)
        await lookups.summarize(entries)
        self._backlog.mark_indexed_entries(entries)

    def _can_build(self, now: float) -> bool:
        self._incomplete_since = self._incomplete_since or now
        return self._backlog.is_idle(now) or now - self._incomplete_since >= TREES_OVERDUE_SECONDS

    async def _build(self, lookups: LookupIndexes) -> None:
        """Build one missing index: in a pause the filter of the partition in use first, then trees."""
        entries, sorts = self._backlog.entries, [IndexType.TREE]
        if self._backlog.is_idle(time.monotonic()):
            sorts.insert(0, IndexType.TAIL)
        missing = [statement for sort in sorts for statement in await lookups.list_missing(entries, sort)]
        for statement in missing[:1]:
            start = time.monotonic()
            if not await lookups.build(statement):
                return  # somebody writes at this moment: the next pause is soon enough
            LOG.info("index built", statement=statement, seconds=round(time.monotonic() - start, 1))
        if len(missing) <= 1:
            self._complete_entries, self._incomplete_since = entries, 0.0
