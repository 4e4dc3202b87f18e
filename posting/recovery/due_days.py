"""Days on which receivables are due of before the version that stores them with their entries: from their details."""

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, Stage
from posting.book.book_state import BookState
from posting.delays import detail_queries
from posting.store.journal_store import PostgresStore

_IS_RECEIVABLE = np.array([kind.reaches is Stage.DUE for kind in CATALOG])


async def load_due_days(store: PostgresStore, state: BookState) -> None:
    """Load the day on which each open receivable of before that version is due, by what it states and by today's rule."""
    (row,) = await store.fetch("last_entry_without_due_day")
    entries = _list_open_receivables(state, int(row["entry_id"]))
    if not len(entries):
        return
    async with store.borrow_connection() as connection:
        own_days = await detail_queries.load_due_days(connection, entries)
    items = state.book.items
    days = items["day"][entries]
    by_rule = days + state.registry.reference.interest.receivable_days.look_up(days)
    items["advanced"][entries] = np.where(own_days > 0, np.maximum(own_days, days), by_rule)


def _list_open_receivables(state: BookState, last: int) -> NDArray[np.int64]:
    items = state.book.items[: last + 1]
    return np.flatnonzero(_IS_RECEIVABLE[items["kind"]] & (items["open"] > 0)).astype(np.int64)
