"""What the term of each debt runs by: of a part that is owed to another, the request under it all (domain 4).

As ``posting.delays.measuring`` has it, which measures what was paid: a part falls due with the request that it is taken from,
and is suspended by itself or with that, the nearest suspension counting.  Nothing of it is paid while any of them goes on.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, KIND_NUMBER
from settlement.runs.owed import Owed, Stops
from settlement.texts import places

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
    stop: NDArray[np.int64]
    """The entry whose suspension counts; itself where there is none."""
    is_stopped: NDArray[np.bool_]
    """Whether something of it stands suspended."""

    @property
    def at_once(self) -> NDArray[np.bool_]:
        """Whether each is owed without a term."""
        return np.isin(self.kind, _AT_ONCE)


async def beneath(owed: Owed, followed: Followed) -> Beneath:
    """What each row of ``owed`` is taken from, back to the request."""
    rows, stops = owed.rows, owed.stops
    found = Beneath(
        rows.entry_id.copy(), rows.day.copy(), rows.kind.copy(), rows.entry_id.copy(), _goes_on(stops, rows.entry_id)
    )
    at = np.flatnonzero(_PARTS[rows.kind])
    above = rows.predecessor[at]
    while len(at):
        known = await followed(np.unique(above).tolist())
        for column, name in ((found.day, "day"), (found.kind, "kind")):
            column[at] = [known[entry][name] for entry in above.tolist()]
        found.entry[at] = above
        found.is_stopped[at] |= _goes_on(stops, above)
        unset = ~_has(stops, found.stop[at])
        found.stop[at[unset]] = above[unset]
        goes_on = _PARTS[found.kind[at]]
        above = np.array([known[entry]["predecessor"] for entry in above[goes_on].tolist()], np.int64)
        at = at[goes_on]
    return found


def _has(stops: Stops, entries: NDArray[np.int64]) -> NDArray[np.bool_]:
    return places(stops.entry, entries) < len(stops.entry)


def _goes_on(stops: Stops, entries: NDArray[np.int64]) -> NDArray[np.bool_]:
    return places(stops.going_on, entries) < len(stops.going_on)
