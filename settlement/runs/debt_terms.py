"""What the term of each debt runs by: of a part that is owed to another, the request under it all (domain 4).

As ``posting.delays.measurement`` has it, which measures what was paid: a part falls due with the request that it is taken
from, and is suspended by itself or with that, the longest suspension counting.  Nothing of it is paid while any of
them goes on.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, KIND_NUMBERS
from settlement.runs.open_payables import OpenPayables, TermSuspensions
from settlement.text_spans import find_positions

FetchEntries = Callable[[Sequence[int]], Awaitable[Mapping[int, Mapping[str, Any]]]]
"""Entries by their numbers: predecessor, kind, and day counted from 1970."""

_IS_PART = np.array([kind.inherits and kind.pays for kind in CATALOG])
_WITHOUT_TERM = tuple(KIND_NUMBERS[name] for name in ("return_identified", "late_interest"))
"""What is owed without a term of its own."""


class DebtTerms(NamedTuple):
    """One row for each of what is owed."""

    request: NDArray[np.int64]
    """The request under it all; itself where it is no part of one."""
    day: NDArray[np.int32]
    kind: NDArray[np.int16]
    levels: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
    """Rows, and what each of them is taken from; then what that is taken from, and so on."""
    is_suspended: NDArray[np.bool_]
    """Whether something of it stands suspended."""

    @property
    def is_due_at_once(self) -> NDArray[np.bool_]:
        """Whether each is owed without a term."""
        return np.isin(self.kind, _WITHOUT_TERM)


async def trace_debt_terms(payables: OpenPayables, fetch_entries: FetchEntries) -> DebtTerms:
    """What each row of ``owed`` is taken from, back to the request."""
    rows, stops = payables.rows, payables.suspensions
    stopped = _is_suspended(stops, rows.entry_id)
    found = DebtTerms(rows.entry_id.copy(), rows.day.copy(), rows.kind.copy(), [], stopped)
    at = np.flatnonzero(_IS_PART[rows.kind])
    above = rows.predecessor[at]
    while len(at):
        known = await fetch_entries(np.unique(above).tolist())
        day, kind, next_ = (
            np.array([known[entry][name] for entry in above.tolist()])
            for name in ("day", "kind", "predecessor")
        )
        found.request[at], found.day[at], found.kind[at] = above, day, kind
        found.is_suspended[at] |= _is_suspended(stops, above)
        found.levels.append((at, above))
        goes_on = _IS_PART[kind]
        at, above = at[goes_on], next_[goes_on]
    return found


def _is_suspended(stops: TermSuspensions, entries: NDArray[np.int64]) -> NDArray[np.bool_]:
    return find_positions(stops.open_entries, entries) < len(stops.open_entries)
