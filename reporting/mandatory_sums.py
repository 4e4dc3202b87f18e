"""What was certified and is not paid, of each commitment by exercise of the service, from the lines of the journal.

Requests name a commitment and no service: of the services of a commitment the earliest is requested first, and of a request
the earliest part is paid first.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import Family, Pairing, Remainder, list_kinds
from core.tables.columns import Index, Money, Position, Small, select_rows
from reporting.line_columns import NONE, Integers, build_index, join, look_up, mark_kinds, sum_by_key

_DEBT_FAMILIES = frozenset({Family.PAYMENT_REQUEST, Family.RETENTION})
COMMITTING = list_kinds(lambda kind: kind.family is Family.COMMITMENT)
_CARRYING_COMMITMENT = list_kinds(lambda kind: kind.family is Family.COMMITMENT and kind.carries)
_CERTIFYING = list_kinds(lambda kind: kind.family is Family.SERVICE and not kind.carries)
_CARRYING_SERVICE = list_kinds(lambda kind: kind.family is Family.SERVICE and kind.carries)
_MIRRORING = list_kinds(lambda kind: kind.mirrors)
_REQUESTING = list_kinds(lambda kind: kind.draws is Remainder.UNBILLED)
"""Requests of certified service, and penalties on it."""
_PASSING = list_kinds(lambda kind: kind.family in _DEBT_FAMILIES and kind.inherits)
"""The kinds that pass such a debt on before it is paid."""
_CARRYING_DEBT = list_kinds(lambda kind: kind.family is Family.PAYMENT_REQUEST and kind.carries)
_CLEARING = list_kinds(
    lambda kind: (
        kind.family is Family.SETTLEMENT
        and (kind.settles > 0 or kind.cp_consumed > 0 or kind.pairs is Pairing.WITHHOLDING)
    )
)
_FOLLOWED = frozenset({*_CARRYING_COMMITMENT, *_CARRYING_SERVICE, *_PASSING})
READ_KINDS: frozenset[int] = frozenset(
    {*COMMITTING, *_CERTIFYING, *_MIRRORING, *_REQUESTING, *_CLEARING, *_FOLLOWED}
)


class ServiceLines(NamedTuple):
    """Lines of the journal that certify, request or pay service, or that lead to one.  A COPY row."""

    entry_id: Position
    predecessor: Position
    amount: Money
    kind: Small
    exercise: Small
    cell: Index


class OpenServices(NamedTuple):
    """What is certified and not paid, a row for each commitment and exercise of its service, in cents."""

    commitment: Integers
    cell: Integers
    exercise: Integers
    accrued: NDArray[np.int64]
    """Certified, and not requested."""
    owed: NDArray[np.int64]
    """Requested, and not paid."""


class _Requests(NamedTuple):
    """Requests by commitment, and of one commitment in order."""

    root: Integers
    cents: NDArray[np.int64]
    paid: NDArray[np.int64]
    upto: NDArray[np.int64]
    """The cents of this request and of those of its commitment before it."""


class _Services(NamedTuple):
    """Certified service by commitment and exercise, and of one commitment in order of the exercises."""

    root: Integers
    exercise: Integers
    cents: NDArray[np.int64]
    upto: NDArray[np.int64]
    """The cents of this exercise and of those of its commitment before it."""


class _Roots(NamedTuple):
    """Carries, and the entry that each leads to through others."""

    entry_id: Integers
    root: Integers
    is_whole: NDArray[np.bool_]
    """Whether what undoes the carry undoes the entry: it is one of a commitment or service, or only carries a debt."""


def add_up_services(lines: ServiceLines) -> OpenServices:
    """Return what is open; the lines need no order."""
    lines = select_rows(lines, np.argsort(lines.entry_id, kind="stable"))
    roots = _climb(lines)
    services = _sum_services(lines, roots)
    requests = _sum_requests(lines, roots)
    accrued, owed = _compute_accrued_cents(services, requests), _compute_owed_cents(services, requests)
    place = look_up(build_index(lines.entry_id), services.root)
    is_open = (accrued + owed != 0) & (place != NONE)
    is_open[is_open] = mark_kinds(COMMITTING)[lines.kind[place[is_open]]]
    rows = np.flatnonzero(is_open)
    return OpenServices(
        services.root[rows], lines.cell[place[rows]], services.exercise[rows], accrued[rows], owed[rows]
    )


def _select(lines: ServiceLines, kinds: "frozenset[int] | tuple[int, ...]") -> ServiceLines:
    return select_rows(lines, np.flatnonzero(mark_kinds(kinds)[lines.kind]))


def _climb(lines: ServiceLines) -> _Roots:
    """Follow each carry, or debt that was passed on, to what it began with."""
    passed = _select(lines, _FOLLOWED)
    index, carries = build_index(passed.entry_id), mark_kinds(_CARRYING_DEBT)[passed.kind]
    at, is_carried = passed.predecessor.astype(np.int64), carries.copy()
    while True:
        place = look_up(index, at)
        rows = np.flatnonzero(place != NONE)
        if not len(rows):
            break
        is_carried[rows] &= carries[place[rows]]
        at[rows] = passed.predecessor[place[rows]]
    is_debt = mark_kinds(_PASSING)[passed.kind]
    return _Roots(passed.entry_id.astype(np.int64), at, is_carried | ~is_debt)


def _find_roots(entries: Integers, roots: _Roots) -> Integers:
    """Return what each entry leads to: itself if it is no carry."""
    place = look_up(build_index(roots.entry_id), entries)
    result = entries.astype(np.int64)
    result[place != NONE] = roots.root[place[place != NONE]]
    return result


def _sum_undone_amounts(lines: ServiceLines, roots: _Roots, entries: Integers) -> NDArray[np.int64]:
    """Return what was undone of each of ``entries``."""
    mirrors = _select(lines, _MIRRORING)
    place = look_up(build_index(roots.entry_id), mirrors.predecessor)
    is_whole = np.ones(len(place), bool)
    is_whole[place != NONE] = roots.is_whole[place[place != NONE]]
    mirrors = select_rows(mirrors, np.flatnonzero(is_whole))
    return _spread(_find_roots(mirrors.predecessor, roots), mirrors.amount, entries)


def _spread(keys: Integers, amounts: NDArray[np.int64], entries: Integers) -> NDArray[np.int64]:
    """Return the sum of the amounts of each of ``entries``, which differ; 0 where there are none."""
    place = look_up(build_index(entries), keys)
    sums = np.zeros(len(entries), np.int64)
    np.add.at(sums, place[place != NONE], amounts[place != NONE])
    return sums


def _sum_services(lines: ServiceLines, roots: _Roots) -> _Services:
    certified = _select(lines, _CERTIFYING)
    cents = certified.amount - _sum_undone_amounts(lines, roots, certified.entry_id)
    root = _find_roots(certified.predecessor, roots)
    keys, sums = sum_by_key(root << 16 | certified.exercise, cents)
    return _Services(keys >> 16, keys & 0xFFFF, sums, _add_upwards(keys >> 16, sums))


def _sum_requests(lines: ServiceLines, roots: _Roots) -> _Requests:
    requests, cleared = _select(lines, _REQUESTING), _select(lines, _CLEARING)
    cents = requests.amount - _sum_undone_amounts(lines, roots, requests.entry_id)
    paid = _spread(_find_roots(cleared.predecessor, roots), cleared.amount, requests.entry_id)
    root = _find_roots(requests.predecessor, roots)
    order = np.argsort(root, kind="stable")  # the lines are in order of their entries
    ordered = root[order], cents[order], paid[order]
    return _Requests(*ordered, _add_upwards(ordered[0], ordered[1]))


def _add_upwards(roots: Integers, cents: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the running sum within each of ``roots``, which are ascending."""
    if not len(roots):
        return np.zeros(0, np.int64)
    total = np.cumsum(cents)
    starts = np.flatnonzero(np.diff(roots, prepend=roots[0] - 1))
    before = total[starts] - cents[starts]
    return total - np.repeat(before, np.diff(starts, append=len(roots)))


def _compute_accrued_cents(services: _Services, requests: _Requests) -> NDArray[np.int64]:
    """Return what is not requested of each service: the sum of all requests takes the earliest first."""
    keys, sums = sum_by_key(requests.root, requests.cents)
    place = np.searchsorted(keys, services.root)
    requested = np.zeros(len(services.root), np.int64)
    has_requests = place < len(keys)
    has_requests[has_requests] = keys[place[has_requests]] == services.root[has_requests]
    requested[has_requests] = sums[place[has_requests]]
    used_cents = np.minimum(services.upto, requested) - (services.upto - services.cents)
    return services.cents - np.maximum(used_cents, 0)


def _compute_owed_cents(services: _Services, requests: _Requests) -> NDArray[np.int64]:
    """Return what is requested and not paid of each service: of a request the earliest part is paid first."""
    unpaid = select_rows(requests, np.flatnonzero(requests.paid < requests.cents))
    pairs = join(unpaid.root, services.root)
    of_service, of_request = select_rows(services, pairs.right), select_rows(unpaid, pairs.left)
    end = np.minimum(of_service.upto, of_request.upto)
    start = np.maximum(
        of_service.upto - of_service.cents, of_request.upto - of_request.cents + of_request.paid
    )
    owed = np.zeros(len(services.root), np.int64)
    np.add.at(owed, pairs.right, np.maximum(end - start, 0))
    return owed
