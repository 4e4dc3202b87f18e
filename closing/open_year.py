"""What is open of a budget year and goes on in the next, each with its amount.

Commitments, services and requests go on, and guarantees and penalties that are kept back.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from closing.journal import Journal
from closing.remainders import COMMITS, PENALISES, REQUESTS, RETAINS, SERVES, Remainders
from core.catalog import CATALOG, Stage

COMMITMENT_CARRY, SERVICE_CARRY, REQUEST_CARRY = "commitment_carry", "service_carry", "request_carry"
RETENTION_CARRY, PENALTY_CARRY = "retention_carry", "penalty_carry"
_UNSERVED = "certified, and its service is of an earlier year: cancel that service and certify it again"
_RETURNED = "its carry was rejected: reject the request too, by its entry"
_OLDER = "of a year before: what was not carried in the year after it is not carried any more"
_UNDOES = np.array([kind.undoes for kind in CATALOG])
_ARE_PAYABLE = np.array([kind.reaches is Stage.PAYABLE for kind in CATALOG]) & REQUESTS


class OpenEntries(NamedTuple):
    """Entries of one family that are open, ascending, and the cents that are carried of each."""

    entry: NDArray[np.int64]
    amount: NDArray[np.int64]


class Obstacle(NamedTuple):
    """Entries that are open, and that no step carries."""

    kind: str
    """The kind of act that would carry them."""
    reason: str
    entries: OpenEntries


class OpenYear(NamedTuple):
    """What is open of one budget year."""

    commitments: OpenEntries
    """All commitments that are neither carried nor reversed, of which nothing may be open: a line goes with its act."""
    unbilled: NDArray[np.int64]
    """Of each of these commitments: certified and not requested."""
    services: OpenEntries
    requests: OpenEntries
    retentions: OpenEntries
    """Guarantees that are retained, and not released yet, also those of older years, which reserve nothing there."""
    penalties: OpenEntries
    """Provisional penalties, neither confirmed nor remitted, also those of older years."""
    obstacles: tuple[Obstacle, ...]
    """What is open and cannot go on as it is; what has no account assignment in the next year is not among it."""


def find_open_year(
    journal: Journal,
    remainders: Remainders,
    is_of_year: NDArray[np.bool_],
    *,
    is_older: NDArray[np.bool_] | None = None,
) -> OpenYear:
    """Find what is open of the year whose account assignments ``is_of_year`` flags, by cell, and what older years left."""
    of_year = is_of_year[journal.cell]
    older = is_older if is_older is not None and is_older.any() else None
    until_year = of_year if older is None else (is_of_year | older)[journal.cell]
    may_go_on = of_year & (remainders.carried_by == 0)
    # a reversed commitment is not carried, not even with 0
    may_go_on[journal.predecessor[_UNDOES[journal.kind]]] = False
    commitments = np.flatnonzero(COMMITS[journal.kind] & may_go_on)
    services = _allot_unbilled_cents(
        np.flatnonzero(SERVES[journal.kind] & of_year & (remainders.rest > 0)), remainders
    )
    requests = np.flatnonzero(_ARE_PAYABLE[journal.kind] & of_year & (remainders.rest > 0))
    returned = remainders.has_returned[requests]
    without_service = _find_commitments_without_service(commitments, services, remainders)
    obstacles = [
        Obstacle(COMMITMENT_CARRY, _UNSERVED, without_service),
        Obstacle(REQUEST_CARRY, _RETURNED, _select(requests[returned], remainders.rest)),
        *(_list_older(journal, remainders, older) if older is not None else ()),
    ]
    is_served = ~np.isin(remainders.root[services.entry], without_service.entry)
    is_kept = until_year & (remainders.rest > 0)
    return OpenYear(
        _select(commitments, remainders.open),
        remainders.unbilled[commitments],
        OpenEntries(services.entry[is_served], services.amount[is_served]),
        _select(requests[~returned], remainders.rest),
        _select(np.flatnonzero(is_kept & RETAINS[journal.kind]), remainders.rest),
        _select(np.flatnonzero(is_kept & PENALISES[journal.kind]), remainders.rest),
        tuple(obstacle for obstacle in obstacles if len(obstacle.entries.entry)),
    )


def _select(entries: NDArray[np.int64], cents: NDArray[np.int64]) -> OpenEntries:
    return OpenEntries(entries, cents[entries])


def _find_commitments_without_service(
    commitments: NDArray[np.int64], services: OpenEntries, remainders: Remainders
) -> OpenEntries:
    """Return the commitments with more certified cents than their services of the year have left."""
    missing = remainders.unbilled.copy()
    np.subtract.at(missing, remainders.root[services.entry], services.amount)
    return _select(commitments[missing[commitments] > 0], missing)


def _list_older(journal: Journal, remainders: Remainders, is_older: NDArray[np.bool_]) -> list[Obstacle]:
    """Return what is open of the years before: a carry goes from a year into the next one only, but that of a guarantee."""
    is_older, has_rest = is_older[journal.cell], (SERVES | REQUESTS)[journal.kind]
    rest = np.where(has_rest, remainders.rest, remainders.open + remainders.unbilled)
    families = ((COMMITMENT_CARRY, COMMITS), (REQUEST_CARRY, _ARE_PAYABLE))
    return [
        Obstacle(kind, _OLDER, _select(np.flatnonzero(family[journal.kind] & is_older & (rest > 0)), rest))
        for kind, family in families
    ]


def _allot_unbilled_cents(services: NDArray[np.int64], remainders: Remainders) -> OpenEntries:
    """Allot what is not requested of each commitment to its services, the latest first: requests use up the earliest."""
    root, rest = remainders.root[services].astype(np.int64), remainders.rest[services]
    # services ascend, so that a stable sort of the reverse has the latest of each commitment first
    order = len(root) - 1 - np.argsort(root[::-1], kind="stable")
    roots, rests = root[order], rest[order]
    starts = np.flatnonzero(np.append(True, roots[1:] != roots[:-1])) if len(order) else order
    before = np.cumsum(rests) - rests
    before -= np.repeat(before[starts], np.diff(np.append(starts, len(order))))
    carried = np.zeros(len(services), np.int64)
    carried[order] = np.clip(remainders.unbilled[roots] - before, 0, rests)
    rows = np.flatnonzero(carried)
    return OpenEntries(services[rows], carried[rows])
