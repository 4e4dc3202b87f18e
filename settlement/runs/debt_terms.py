"""What the term of each debt runs by: of a part that is owed to another, the request under it all (domain 4).

As ``posting.delays.measurement`` has it, which measures what was paid: a part falls due with the request that it is taken
from, and is suspended by itself or with that, the longest suspension counting.  Nothing of it is paid while any of
them goes on.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, KIND_NUMBER
from settlement.runs.open_payables import Owed, Stops
from settlement.text_spans import places

Followed = Callable[[Sequence[int]], Awaitable[Mapping[int, Mapping[str, Any]]]]
"""Entries by their numbers: predecessor, kind, and day counted from 1970."""

_PARTS = np.array([kind.inherits and kind.pays for kind in CATALOG])
_AT_ONCE = tuple(KIND_NUMBER[name] for name in ("return_identified", "late_interest"))
"""What is owed without a term of its own."""


class Beneath(NamedTuple):
    """One row for each of what is owed."""

    entry: NDArray[np.int64]
    """The request under it all; itself where it is no part of one."""
    day: NDArray[np.int32]
    kind: NDArray[np.int16]
    above: list[tuple[NDArray[np.int64], NDArray[np.int64]]]
    """Rows, and what each of them is taken from; then what that is taken from, and so on."""
    is_stopped: NDArray[np.bool_]
    """Whether something of it stands suspended."""

    @property
    def at_once(self) -> NDArray[np.bool_]:
        """Whether each is owed without a term."""
        return np.isin(self.kind, _AT_ONCE)


async def beneath(owed: Owed, followed: Followed) -> Beneath:
    """What each row of ``owed`` is taken from, back to the request."""
    rows, stops = owed.rows, owed.stops
    stopped = _goes_on(stops, rows.entry_id)
    found = Beneath(rows.entry_id.copy(), rows.day.copy(), rows.kind.copy(), [], stopped)
    at = np.flatnonzero(_PARTS[rows.kind])
    above = rows.predecessor[at]
    while len(at):
        known = await followed(np.unique(above).tolist())
        day, kind, next_ = (
            np.array([known[entry][name] for entry in above.tolist()])
            for name in ("day", "kind", "predecessor")
        )
        found.entry[at], found.day[at], found.kind[at] = above, day, kind
        found.is_stopped[at] |= _goes_on(stops, above)
        found.above.append((at, above))
        goes_on = _PARTS[kind]
        at, above = at[goes_on], next_[goes_on]
    return found


def _goes_on(stops: Stops, entries: NDArray[np.int64]) -> NDArray[np.bool_]:
    return places(stops.going_on, entries) < len(stops.going_on)
