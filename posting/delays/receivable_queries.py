"""Queries for the days on which the receivables that set-offs took up are due (civil code art. 1347)."""

from datetime import date
from typing import NamedTuple

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.effective_dates import EffectiveDated
from posting.delays import detail_queries
from posting.delays.measurement import ReceivableDays

_EPOCH = date(1970, 1, 1)
_ENTRIES_PER_QUERY = 50_000

Connection = asyncpg.Connection


class _EntryLinks(NamedTuple):
    """The predecessors and days of some entries."""

    predecessor: NDArray[np.int64]
    day: NDArray[np.int32]


async def load_due_days(
    connection: Connection, set_offs: NDArray[np.int64], receivable_days: EffectiveDated
) -> ReceivableDays:
    """Load the day on which the receivable of each of ``set_offs``, which are in ascending order, is due.

    The next entry of the act takes the receivable up.  A receivable is due on the day that it states, or so many days after
    its own day, and never before that: until then no officer has stated its sum.
    """
    receipts = await _load_links(connection, set_offs + 1)
    receivables, positions = np.unique(receipts.predecessor, return_inverse=True)
    days = (await _load_links(connection, receivables)).day
    due_days = await detail_queries.load_due_days(connection, receivables)
    default_days = days + receivable_days.look_up(days)
    due = np.where(due_days > 0, np.maximum(due_days, days), default_days).astype(np.int32)
    return ReceivableDays(set_offs, due[positions])


async def _load_links(connection: Connection, entries: NDArray[np.int64]) -> _EntryLinks:
    """Load predecessor and day of each of ``entries``, which are in ascending order."""
    links = _EntryLinks(np.zeros(len(entries), np.int64), np.zeros(len(entries), np.int32))
    for first in range(0, len(entries), _ENTRIES_PER_QUERY):
        numbers = entries[first : first + _ENTRIES_PER_QUERY].tolist()
        for at, row in enumerate(await connection.fetch(detail_queries.SQL["entries"], numbers), first):
            links.predecessor[at], links.day[at] = row["predecessor"], (row["day"] - _EPOCH).days
    return links
