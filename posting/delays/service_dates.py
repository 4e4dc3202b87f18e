"""By which service each request was due: the one that brought what is certified to what had been requested by then.

Services of a commitment are billed in the order in which they were certified.  A payment is judged by what stood in the
journal when it was debited: what had been cancelled or rejected by then counts for nothing, and what is so later changes
nothing of it.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import KIND_NUMBERS
from core.tables.columns import select_rows
from core.tables.delays import ServiceEntries

SERVICE, CANCELLATION = KIND_NUMBERS["service"], KIND_NUMBERS["service_cancellation"]
REQUEST, REJECTION = KIND_NUMBERS["payment_request"], KIND_NUMBERS["payment_request_rejection"]
KINDS = (SERVICE, CANCELLATION, REQUEST, REJECTION)
"""Kinds that ``billed`` is told of."""

EntryColumn = NDArray[np.int64]
DayColumn = NDArray[np.int32]


class Billing(NamedTuple):
    """Services and the requests they are billed by, each by commitment and entry, with what is left of them in the end."""

    services: ServiceEntries
    requests: ServiceEntries
    undone: ServiceEntries
    """Cancellations and rejections, by commitment and entry; ``predecessor`` is the service or request."""
    commitment: EntryColumn
    """That of each of ``undone``."""
    entry: EntryColumn
    """The requests, ascending."""
    row: EntryColumn
    """Where each of ``entry`` stands among ``requests``."""
    day: DayColumn
    """Of each of ``requests``, by what is left in the end."""

    def find_days(self, entries: EntryColumn, moments: EntryColumn) -> DayColumn:
        """The day of the service by which each of ``entries`` was due, by what stood before the entry ``moments``.

        0 for what is no request with a service.
        """
        at = np.searchsorted(self.entry, entries)
        billed = np.flatnonzero(np.append(self.entry, -1)[at] == entries)
        row, days = self.row[at[billed]], np.zeros(len(entries), np.int32)
        days[billed] = self.day[row]
        later = self._count_undone_later(self.requests.predecessor[row], moments[billed])
        for count in np.unique(later[later > 0]).tolist():
            chosen = np.flatnonzero(later == count)
            days[billed[chosen]] = self._find_earlier_days(row[chosen], count)
        return days

    def _count_undone_later(self, commitments: EntryColumn, moments: EntryColumn) -> EntryColumn:
        """How much of each of ``commitments`` is undone at ``moments`` or behind: a cancellation or rejection counts 1."""
        span = int(max(self.undone.entry_id.max(initial=0), moments.max(initial=0))) + 1
        commitment_numbers, at = np.unique(self.commitment, return_inverse=True)
        place = np.searchsorted(commitment_numbers, commitments)
        is_present = np.append(commitment_numbers, -1)[place] == commitments
        earlier = np.searchsorted(at * span + self.undone.entry_id, place * span + moments)
        return np.where(is_present, np.searchsorted(at, place, "right") - earlier, 0)

    def _find_earlier_days(self, rows: EntryColumn, count: int) -> DayColumn:
        """The days of some requests before the last ``count`` times that something of their commitments was undone."""
        commitments = np.unique(self.requests.predecessor[rows])
        services, requests = (
            select_rows(lines, _find_rows(lines.predecessor, commitments))
            for lines in (self.services, self.requests)
        )
        undone = _find_rows(self.commitment, commitments)
        ends = np.searchsorted(self.commitment, self.commitment[undone], "right")
        undone_later = select_rows(self.undone, undone[undone >= ends - count])
        days = _find_service_days(_add_undone(services, undone_later), _add_undone(requests, undone_later))
        at, _ = _locate(requests, self.requests.entry_id[rows])
        return days[at]


def build_billing(rows: ServiceEntries) -> Billing:
    """What ``rows``, in any order, say of services and their bills."""
    services, requests = _select_kind(rows, SERVICE), _select_kind(rows, REQUEST)
    undone = select_rows(rows, np.flatnonzero((rows.kind == CANCELLATION) | (rows.kind == REJECTION)))
    commitment = _find_commitments(services, undone.predecessor) + _find_commitments(
        requests, undone.predecessor
    )
    order = np.lexsort((undone.entry_id, commitment))
    order = order[commitment[order] > 0]  # a request of another flux has no service
    undone, commitment = select_rows(undone, order), commitment[order]
    services, requests = (_subtract_undone(lines, undone) for lines in (services, requests))
    row = np.argsort(requests.entry_id)
    return Billing(
        services,
        requests,
        undone,
        commitment,
        requests.entry_id[row],
        row,
        _find_service_days(services, requests),
    )


def _find_service_days(services: ServiceEntries, requests: ServiceEntries) -> DayColumn:
    """Of each request the day of the service that its last cent is billed by."""
    certified, requested = np.cumsum(services.amount), np.cumsum(requests.amount)
    # sums go on over all commitments, so what those before had is taken away
    first = np.searchsorted(requests.predecessor, requests.predecessor)
    own = requested - (requested - requests.amount)[first]
    begins = np.searchsorted(services.predecessor, requests.predecessor)
    ends = np.searchsorted(services.predecessor, requests.predecessor, "right") - 1
    before = np.append(0, certified)[begins]
    at = np.minimum(np.searchsorted(certified, before + own), ends)
    has = ends >= begins
    return np.where(has, np.append(services.day, 0)[np.where(has, at, -1)], 0).astype(np.int32)


def _select_kind(rows: ServiceEntries, kind: int) -> ServiceEntries:
    """Rows of one kind, by commitment and entry."""
    kind_rows = select_rows(rows, np.flatnonzero(rows.kind == kind))
    return select_rows(kind_rows, np.lexsort((kind_rows.entry_id, kind_rows.predecessor)))


def _find_rows(commitments: EntryColumn, wanted: EntryColumn) -> EntryColumn:
    """The rows of the ``wanted`` commitments, both ascending."""
    first, end = (np.searchsorted(commitments, wanted, side) for side in ("left", "right"))
    counts = end - first
    return np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())


def _locate(rows: ServiceEntries, entries: EntryColumn) -> tuple[EntryColumn, NDArray[np.bool_]]:
    """Where ``entries`` stand among rows in any order, and whether they do."""
    order = np.argsort(rows.entry_id)
    at = np.searchsorted(rows.entry_id, entries, sorter=order)
    at = np.append(order, len(order))[at]
    return at, np.append(rows.entry_id, -1)[at] == entries


def _find_commitments(rows: ServiceEntries, entries: EntryColumn) -> EntryColumn:
    """The commitments of ``entries``; 0 where they are not among ``rows``."""
    at, is_present = _locate(rows, entries)
    return np.where(is_present, np.append(rows.predecessor, 0)[at], 0)


def _subtract_undone(rows: ServiceEntries, undone: ServiceEntries) -> ServiceEntries:
    """``rows`` less what was undone of them."""
    return _apply_undone(rows, undone, np.subtract)


def _add_undone(rows: ServiceEntries, undone: ServiceEntries) -> ServiceEntries:
    """``rows`` with what was undone of them."""
    return _apply_undone(rows, undone, np.add)


def _apply_undone(rows: ServiceEntries, undone: ServiceEntries, how: np.ufunc) -> ServiceEntries:
    at, is_present = _locate(rows, undone.predecessor)
    amount = rows.amount.copy()
    how.at(amount, at[is_present], undone.amount[is_present])
    return rows._replace(amount=amount)
