"""What is open of a budget year: the commitments, services and requests that go on in the next, each with its amount."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from closing.journal import Journal
from closing.remainders import COMMITS, REQUESTS, SERVES, Remainders
from core.catalog import CATALOG, Stage

_UNDOES = np.array([kind.undoes for kind in CATALOG])
_ARE_PAYABLE = np.array([kind.reaches is Stage.PAYABLE for kind in CATALOG]) & REQUESTS


class OpenEntries(NamedTuple):
    """Entries of one family that are open, ascending, and the cents that are carried of each."""

    entry: NDArray[np.int64]
    amount: NDArray[np.int64]


class OpenYear(NamedTuple):
    """What is open of one budget year."""

    commitments: OpenEntries
    """All commitments that are neither carried nor reversed, of which nothing may be open: a line goes with its act."""
    unbilled: NDArray[np.int64]
    """Of each of these commitments: certified and not requested."""
    services: OpenEntries
    requests: OpenEntries


def find_open_year(journal: Journal, remainders: Remainders, is_of_year: NDArray[np.bool_]) -> OpenYear:
    """Find what is open of the year whose account assignments ``is_of_year`` flags, by cell."""
    of_year = is_of_year[journal.cell]
    may_go_on = of_year & (remainders.carried_by == 0)
    may_go_on[journal.predecessor[_UNDOES[journal.kind]]] = (
        False  # a reversed commitment is not carried, not even with 0
    )
    commitments = np.flatnonzero(COMMITS[journal.kind] & may_go_on)
    requests = np.flatnonzero(_ARE_PAYABLE[journal.kind] & of_year & (remainders.rest > 0))
    services = np.flatnonzero(SERVES[journal.kind] & of_year & (remainders.rest > 0))
    return OpenYear(
        OpenEntries(commitments, remainders.open[commitments]),
        remainders.unbilled[commitments],
        _allot_unbilled_cents(services, remainders),
        OpenEntries(requests, remainders.rest[requests]),
    )


def _allot_unbilled_cents(services: NDArray[np.int64], remainders: Remainders) -> OpenEntries:
    """Allot what is not requested of each commitment to its services, the latest first: requests use up the earliest."""
    root, rest = remainders.root[services].astype(np.int64), remainders.rest[services]
    order = np.lexsort((-services, root))
    roots, rests = root[order], rest[order]
    starts = np.flatnonzero(np.append(True, roots[1:] != roots[:-1])) if len(order) else order
    before = np.cumsum(rests) - rests
    before -= np.repeat(before[starts], np.diff(np.append(starts, len(order))))
    carried = np.zeros(len(services), np.int64)
    carried[order] = np.clip(remainders.unbilled[roots] - before, 0, rests)
    rows = np.flatnonzero(carried)
    return OpenEntries(services[rows], carried[rows])
