"""What is open of every entry: computed from the whole journal in columns, as the kernels keep it line by line.

Each commitment has two remainders (open; certified and not requested).  Services and requests have one: what can still be
cancelled or carried, and what is still to be paid.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from closing.journal import Journal
from core.catalog import CATALOG, ActKind, Family, Remainder, Stage

Entries = NDArray[np.int64]


class Remainders(NamedTuple):
    """By entry, in cents; 0 where the entry has no such amount."""

    open: NDArray[np.int64]
    """Of a commitment: neither certified nor requested without service."""
    unbilled: NDArray[np.int64]
    """Of a commitment: certified and not requested."""
    rest: NDArray[np.int64]
    """Of a service: neither cancelled nor carried.  Of a request, or a part of one: neither rejected, paid, nor passed on.
    Of a guarantee or a penalty: neither released, confirmed, remitted, rejected nor carried."""
    root: NDArray[np.uint32]
    """The commitment that an entry acts on; of a commitment, itself; 0 if there is none."""
    carried_by: NDArray[np.uint32]
    """Of a commitment: the entry that carried it into the next year; 0 if none did."""
    has_returned: NDArray[np.bool_]
    """Of a request: whether it was carried, and the carry was rejected."""


def _flag(test: Callable[[ActKind], object]) -> NDArray[np.bool_]:
    return np.array([bool(test(kind)) for kind in CATALOG])


def _sign(remainder: Remainder) -> NDArray[np.int64]:
    return np.array([(kind.feeds is remainder) - (kind.draws is remainder) for kind in CATALOG], np.int64)


COMMITS = _flag(lambda kind: kind.family is Family.COMMITMENT)
SERVES = _flag(lambda kind: kind.family is Family.SERVICE)
REQUESTS = _flag(lambda kind: kind.family is Family.PAYMENT_REQUEST)
RETAINS = _flag(lambda kind: kind.reaches is Stage.RETAINED)
PENALISES = _flag(lambda kind: kind.reaches is Stage.WITHHELD)
KEEPS_BACK = RETAINS | PENALISES
_CARRIES_COMMITMENT = _flag(lambda kind: kind.carries and kind.family is Family.COMMITMENT)
_CARRIES_SERVICE = _flag(lambda kind: kind.carries and kind.family is Family.SERVICE)
_ACTS_ON_COMMITMENT = _flag(lambda kind: kind.follows is Family.COMMITMENT and not kind.carries)
_MIRRORS = _flag(lambda kind: kind.mirrors)
_CARRIES_REQUEST = _flag(lambda kind: kind.carries and kind.inherits)
_IS_INHERITED = (REQUESTS | KEEPS_BACK) & _flag(lambda kind: kind.inherits)
_TAKES_REST = _MIRRORS | _CARRIES_SERVICE | _flag(lambda kind: kind.inherits and kind.draws is Remainder.OPEN)
_SIGNS: Mapping[Remainder, NDArray[np.int64]] = {
    remainder: _sign(remainder) for remainder in (Remainder.OPEN, Remainder.UNBILLED)
}
_SERVICE = next(number for number, kind in enumerate(CATALOG) if kind.name == "service")


def compute_remainders(journal: Journal) -> Remainders:
    """Compute what is open of every entry; the entries are those of a whole journal, in order."""
    root, carried_by = _find_roots(journal)
    changes = _list_changes(journal, root)
    open_cents, unbilled = (_sum_remainder(changes, remainder, len(root)) for remainder in _SIGNS)
    _move_carries(journal, root, open_cents, unbilled=unbilled)
    rest, has_returned = _compute_rest(journal), _find_returned_requests(journal)
    return Remainders(open_cents, unbilled, rest, root, carried_by, has_returned)


def _find_roots(journal: Journal) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Return (the commitment that each entry acts on, the entry that carried each commitment)."""
    kind, predecessor = journal.kind, journal.predecessor
    root = np.zeros(len(kind), np.uint32)
    commitments = np.flatnonzero(COMMITS[kind])
    root[commitments] = commitments
    acting = np.flatnonzero(_ACTS_ON_COMMITMENT[kind])
    root[acting] = predecessor[acting]
    carried_by = np.zeros(len(kind), np.uint32)
    carries = np.flatnonzero(_CARRIES_COMMITMENT[kind])
    carried_by[predecessor[carries]] = carries
    _find_roots_of_services(journal, root, carried_by)
    mirrors = np.flatnonzero(_MIRRORS[kind])
    root[mirrors] = _follow_carries(root[predecessor[mirrors]], carried_by, mirrors)
    return root, carried_by


def _find_roots_of_services(
    journal: Journal, root: NDArray[np.uint32], carried_by: NDArray[np.uint32]
) -> None:
    """Give carried services the commitment of the next year; one that was carried twice needs the first carry's first."""
    pending = np.flatnonzero(_CARRIES_SERVICE[journal.kind])
    while len(pending):
        root_before = root[journal.predecessor[pending]]
        is_ready = root_before > 0
        root[pending[is_ready]] = carried_by[root_before[is_ready]]
        if not is_ready.any():
            return
        pending = pending[~is_ready]


def _follow_carries(
    roots: NDArray[np.uint32], carried_by: NDArray[np.uint32], entries: Entries
) -> NDArray[np.uint32]:
    """Return the commitment that stands for each of ``roots`` at the time of an entry: that of the last carry before it."""
    while True:
        carry = carried_by[roots]
        is_carried = (carry > 0) & (carry < entries)
        if not is_carried.any():
            return roots
        roots = np.where(is_carried, carry, roots)


class _Changes(NamedTuple):
    """Acts on commitments."""

    root: NDArray[np.uint32]
    """Their commitment."""
    kind: NDArray[np.uint8]
    """Of a mirror, that of the act which it undoes."""
    amount: NDArray[np.int64]
    """Cents; of a mirror negative."""


def _list_changes(journal: Journal, root: NDArray[np.uint32]) -> _Changes:
    """List what changes a commitment, but carries of services."""
    acts = np.flatnonzero(root)
    acts = acts[~_CARRIES_SERVICE[journal.kind[acts]]]
    kind, amount = journal.kind[acts], journal.amount[acts]
    mirrors = np.flatnonzero(_MIRRORS[kind])
    kind[mirrors] = journal.kind[journal.predecessor[acts[mirrors]]]
    amount[mirrors] *= -1
    kind[_CARRIES_SERVICE[kind]] = _SERVICE
    return _Changes(root[acts], kind, amount)


def _sum_remainder(changes: _Changes, remainder: Remainder, size: int) -> NDArray[np.int64]:
    """Return, by commitment, what its acts feed of a remainder, less what they draw; a mirror does the reverse."""
    cents, signs = np.zeros(size, np.int64), _SIGNS[remainder]
    if remainder is Remainder.OPEN:
        signs = np.where(_CARRIES_COMMITMENT, 1, signs)
    rows = np.flatnonzero(signs[changes.kind])
    np.add.at(cents, changes.root[rows], signs[changes.kind[rows]] * changes.amount[rows])
    return cents


def _move_carries(
    journal: Journal,
    root: NDArray[np.uint32],
    open_cents: NDArray[np.int64],
    *,
    unbilled: NDArray[np.int64],
) -> None:
    """Take from the commitment of the year before what was carried of it and of its services."""
    commitments = np.flatnonzero(_CARRIES_COMMITMENT[journal.kind])
    open_cents[journal.predecessor[commitments]] -= journal.amount[commitments]
    services = np.flatnonzero(_CARRIES_SERVICE[journal.kind])
    np.add.at(unbilled, root[services], journal.amount[services])
    np.subtract.at(unbilled, root[journal.predecessor[services]], journal.amount[services])


def _compute_rest(journal: Journal) -> NDArray[np.int64]:
    kind, predecessor, amount = journal.kind, journal.predecessor, journal.amount
    rest = np.where((SERVES | REQUESTS | KEEPS_BACK)[kind], amount, 0)
    taking = np.flatnonzero(_TAKES_REST[kind])
    np.subtract.at(rest, predecessor[taking], amount[taking])
    mirrors = np.flatnonzero(_MIRRORS[kind])
    # a rejected part or guarantee is owed to the first creditor again, and a rejected release is kept back again
    returned = mirrors[_IS_INHERITED[kind[predecessor[mirrors]]]]
    np.add.at(rest, predecessor[predecessor[returned]], amount[returned])
    return rest


def _find_returned_requests(journal: Journal) -> NDArray[np.bool_]:
    """Flag the requests whose carry was rejected, in whole or in part."""
    has_returned = np.zeros(len(journal.kind), np.bool_)
    carries = journal.predecessor[_MIRRORS[journal.kind]]
    carries = carries[_CARRIES_REQUEST[journal.kind[carries]]]
    has_returned[journal.predecessor[carries]] = True
    return has_returned
