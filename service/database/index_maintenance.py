"""When look-up indexes are brought up to date: while nothing is committed, and at the latest before look-ups get slow."""

import asyncio
import time
from dataclasses import dataclass
from typing import NoReturn

import structlog

from posting.batch import Outcome
from posting.store.lookup_indexes import Gone, Lookups, Sort, tended

LOG = structlog.get_logger()
IDLE_SECONDS = 3
OVERDUE_SECONDS = 60
TREES_OVERDUE_SECONDS = 600
"""Building a tree takes a core for seconds, and a filter does meanwhile: so it waits longer for a pause."""
_LOOK_SECONDS = 1
_AGAIN_SECONDS = 10


@dataclass(slots=True)
class Debt:
    """What was committed since the indexes were up to date."""

    entries: int = 0
    """Committed, all in all."""
    entries_then: int = 0
    """Committed when the indexes were up to date."""
    first: float | None = None
    """When the first of what they lack was committed; None when they lack nothing."""
    last: float = 0

    def grew(self, entries: int, now: float) -> None:
        """So many entries are committed now, all in all."""
        self.entries, self.last = entries, now
        self.first = now if self.first is None else self.first

    def is_due(self, now: float, entries_max: int) -> bool:
        """Whether to sum up: in a pause, or when look-ups would read too much, or too long has passed."""
        if self.first is None:
            return False
        is_large = self.entries - self.entries_then >= entries_max
        return self.is_idle(now) or is_large or now - self.first >= OVERDUE_SECONDS

    def is_idle(self, now: float) -> bool:
        """Whether nothing was committed for some seconds."""
        return now - self.last >= IDLE_SECONDS

    def paid(self, entries: int) -> None:
        """The indexes know of the first ``entries``; what was committed meanwhile is a debt again."""
        self.entries_then = entries
        self.first = self.last if self.entries > entries else None


class Upkeep:
    """Looks after the indexes beside the engine."""

    def __init__(self) -> None:
        self._debt = Debt()
        self._whole, self._lacking_since = 0, 0.0
        """Entries for which no index is missing; since when there are more."""

    def opened(self, entries: int) -> None:
        """The journal is open: whatever a run that was killed left behind is a debt."""
        self._debt.grew(entries, time.monotonic())

    def committed(self, outcome: Outcome) -> None:
        """A batch is committed."""
        self._debt.grew(outcome.first_entry + outcome.counts["entry"] - 1, time.monotonic())

    async def keep(self, dsn: str) -> NoReturn:
        """Keep the indexes up to date until cancelled; a failure is told, and tried again."""
        while True:
            try:
                async with tended(dsn) as lookups:
                    await self._tend(lookups)
            except Gone as error:
                LOG.warning("look-up indexes wait", cause=repr(error))
                await asyncio.sleep(_AGAIN_SECONDS)

    async def _tend(self, lookups: Lookups) -> NoReturn:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            if self._debt.is_due(time.monotonic(), lookups.partition_rows):
                await self._sum_up(lookups)
            if self._debt.entries > self._whole and self._may_build(time.monotonic()):
                await self._build(lookups)

    async def _sum_up(self, lookups: Lookups) -> None:
        """Sum up what came; while there is no pause to build trees in, full partitions get filters first."""
        entries = self._debt.entries
        if not self._debt.is_idle(time.monotonic()):
            for statement in await lookups.missing(entries, Sort.FILTER):
                await lookups.build(statement)
        await lookups.sum_up(entries)
        self._debt.paid(entries)

    def _may_build(self, now: float) -> bool:
        self._lacking_since = self._lacking_since or now
        return self._debt.is_idle(now) or now - self._lacking_since >= TREES_OVERDUE_SECONDS

    async def _build(self, lookups: Lookups) -> None:
        """Build one index that is missing: in a pause the filter of the partition that is written to, then trees."""
        entries, sorts = self._debt.entries, [Sort.TREE]
        if self._debt.is_idle(time.monotonic()):
            sorts.insert(0, Sort.TAIL)
        missing = [statement for sort in sorts for statement in await lookups.missing(entries, sort)]
        for statement in missing[:1]:
            began = time.monotonic()
            await lookups.build(statement)
            LOG.info("index built", statement=statement, seconds=round(time.monotonic() - began, 1))
        if len(missing) <= 1:
            self._whole, self._lacking_since = entries, 0.0
