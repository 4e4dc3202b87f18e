"""The payment term of each debt: an attached or assigned part inherits that of its original request.

``posting.delays.measurement`` applies the same rule to what is paid: a part falls due with its original request.  While the
payment of a part, or of what it is taken from, is suspended, nothing of the part is paid.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, Stage, list_kinds
from posting.text_spans import find_positions
from settlement.runs.open_payables import OpenPayables

FetchEntries = Callable[[Sequence[int]], Awaitable[Mapping[int, Mapping[str, Any]]]]
"""Returns entries by number, with predecessor, kind, and day since 1970."""

_IS_PART = np.array([kind.is_part for kind in CATALOG])
"""By kind: whether the debt is a part of another one."""
_CARRIES = np.array([kind.carries for kind in CATALOG])
_WITHOUT_TERM = list_kinds(lambda kind: kind.reaches is Stage.REOPENED or kind.is_interest)
"""Kinds of debts that are due at once."""


class DebtTerms(NamedTuple):
    """The origin of the term of each open payable, one per row."""

    request: NDArray[np.int64]
    """The entry of the original request; of the debt itself if it is not a part."""
    day: NDArray[np.int32]
    """Of the original request."""
    kind: NDArray[np.int16]
    """Of the original request."""
    is_suspended: NDArray[np.bool_]
    """Whether the payment of the debt, or of a debt that it is a part of, is suspended."""
    stated_by: NDArray[np.int64]
    """The entry that states its payment texts: the one that was carried over the year, otherwise the debt itself."""

    @property
    def is_due_at_once(self) -> NDArray[np.bool_]:
        """Whether each debt is due without a term."""
        return np.isin(self.kind, _WITHOUT_TERM)


async def trace_debt_terms(payables: OpenPayables, fetch_entries: FetchEntries) -> DebtTerms:
    """Trace each open payable back to its original request, all chains by one step at a time."""
    request, day = payables.rows.entry_id.copy(), payables.rows.day.copy()
    stated_by = request.copy()
    kind, is_suspended = payables.rows.kind.copy(), _mark_suspensions(payables.suspensions, request)
    rows, predecessor = np.arange(len(kind)), payables.rows.predecessor
    while True:
        is_part = _IS_PART[kind[rows]]
        rows, entries = rows[is_part], predecessor[is_part]
        if not len(rows):
            return DebtTerms(request, day, kind, is_suspended, stated_by)
        carried = _CARRIES[kind[rows]] & (stated_by[rows] == request[rows])
        stated_by[rows[carried]] = entries[carried]
        fetched = await fetch_entries(np.unique(entries).tolist())
        step = [fetched[entry] for entry in entries.tolist()]
        request[rows] = entries
        day[rows] = [entry["day"] for entry in step]
        kind[rows] = [entry["kind"] for entry in step]
        predecessor = np.array([entry["predecessor"] for entry in step], np.int64)
        is_suspended[rows] |= _mark_suspensions(payables.suspensions, entries)


def _mark_suspensions(suspensions: NDArray[np.int64], entries: NDArray[np.int64]) -> NDArray[np.bool_]:
    return find_positions(suspensions, entries) < len(suspensions)
