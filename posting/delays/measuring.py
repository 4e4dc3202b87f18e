"""From what was debited to delays: the term of each, the days it took, and those it was late."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, KIND_NUMBER
from core.columns import take
from core.delays import Debited, Late
from core.terms import Terms, terms

_INTEREST = KIND_NUMBER["late_interest"]
_INHERITS = np.array([kind.inherits for kind in CATALOG])


class Days(NamedTuple):
    """A day for each of some entries, ascending."""

    entry: NDArray[np.int64]
    day: NDArray[np.int32]

    def of(self, entries: NDArray[np.int64]) -> NDArray[np.int32]:
        """The day of each of ``entries``; 0 for none."""
        at = np.searchsorted(self.entry, entries)
        is_there = np.append(self.entry, -1)[at] == entries
        return np.where(is_there, np.append(self.day, 0)[at], 0).astype(np.int32)


class Known(NamedTuple):
    """What is known of requests beside their entries."""

    received: Days
    certified: Days
    suspended: Days
    resumed: Days
    above: dict[int, tuple[int, int]]
    """Of each part that is owed to another: the request under it all, and the day of that."""
    term_days: int


class Measured(NamedTuple):
    """Payments of requests: interest that was paid is not among them."""

    rows: Debited
    terms: Terms

    @property
    def taken(self) -> NDArray[np.int32]:
        """The payment delay of each, in days."""
        return self.terms.taken(self.rows.day)

    @property
    def stopped(self) -> NDArray[np.int32]:
        """Days for which each was suspended."""
        return self.terms.stopped(self.rows.day)

    @property
    def late(self) -> NDArray[np.int32]:
        """Days behind the end of its term."""
        return self.terms.late(self.rows.day)


def measured(rows: Debited, known: Known) -> Measured:
    """The delays of ``rows``, in their order."""
    rows = take(rows, np.flatnonzero(rows.kind != _INTEREST))
    request, since = rows.payable.copy(), rows.since.copy()
    for row in np.flatnonzero(_INHERITS[rows.kind]).tolist():
        request[row], since[row] = known.above[int(rows.payable[row])]
    received = known.received.of(request)
    start = np.maximum(np.where(received > 0, received, since), known.certified.of(request))
    # a part that is owed to another is suspended by itself, or with the whole
    whole, own = known.suspended.of(request), known.suspended.of(rows.payable)
    by = np.where(own > 0, rows.payable, request)
    resumed = known.resumed.of(by)
    return Measured(rows, terms(start, np.where(own > 0, own, whole), resumed, known.term_days))


def late(found: Measured) -> Late:
    """Those that came behind the end of their terms."""
    at = np.flatnonzero(found.late > 0)
    rows = take(found.rows, at)
    return Late(
        debit=rows.entry_id,
        payable=rows.payable,
        amount=rows.amount,
        day=rows.day,
        late=found.late[at],
        since=(found.terms.end[at] + 1).astype(np.int32),
        cell=rows.cell,
        payee=rows.payee,
    )
