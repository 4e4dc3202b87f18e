"""Service dates: the certified service that made each request due, and the expense account that it charged.

It is the service with which the certified sum of the commitment reaches the sum requested so far: services are billed in the
order of their certification, over all years of the commitment.  A payment is measured by the journal as of its debit: services
and requests cancelled or rejected before do not count, and later cancellations and rejections change nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, Remainder
from core.tables.columns import Day, Small, allocate_zeros, select_rows
from core.tables.delays import ServiceEntries
from posting.delays.commitment_chains import COMMITMENT_CARRIES, SERVICE_CARRIES, merge_carries

_CERTIFIES = np.array([kind.feeds is Remainder.UNBILLED for kind in CATALOG])
"""By kind: whether it certifies service."""
_BILLS = np.array([kind.draws is Remainder.UNBILLED for kind in CATALOG])
"""By kind: whether it is a request that bills certified service."""
LINE_KINDS = tuple(np.flatnonzero(_CERTIFIES | _BILLS).tolist())
_LINE_FAMILIES = frozenset(CATALOG[kind].family for kind in LINE_KINDS)
_UNDOES = np.array([kind.mirrors and kind.follows in _LINE_FAMILIES for kind in CATALOG])
"""By kind: whether it cancels service or rejects a request."""
UNDOING_KINDS = tuple(np.flatnonzero(_UNDOES).tolist())
KINDS = (*LINE_KINDS, *UNDOING_KINDS, *COMMITMENT_CARRIES, *SERVICE_CARRIES)
"""The kinds of rows that ``build_billing`` needs."""

EntryColumn = NDArray[np.int64]


class BilledServices(NamedTuple):
    """The certified service with which each of some requests became due; 0 where there is none."""

    day: Day
    account: Small
    """The expense account that it charged."""


class Billing(NamedTuple):
    """Services and the requests that bill them, by commitment and entry, with the amounts that finally remain of them."""

    services: ServiceEntries
    requests: ServiceEntries
    undone: ServiceEntries
    """Cancellations and rejections, by commitment and entry; ``predecessor`` is the service or request."""
    commitment: EntryColumn
    """The commitment of each of ``undone``."""
    entry: EntryColumn
    """The requests, in ascending order."""
    row: EntryColumn
    """The position of each of ``entry`` among ``requests``."""
    billed: BilledServices
    """The service of each of ``requests``, by the amounts that finally remain."""

    def find_services(self, entries: EntryColumn, moments: EntryColumn) -> BilledServices:
        """Return the service of each of ``entries``, by the entries before ``moments``.

        Its values are 0 for an entry that is no request with a service.
        """
        at = np.searchsorted(self.entry, entries)
        billed = np.flatnonzero(np.append(self.entry, -1)[at] == entries)
        row, services = self.row[at[billed]], allocate_zeros(BilledServices, len(entries))
        _set_rows(services, billed, select_rows(self.billed, row))
        later = self._count_undone_later(self.requests.predecessor[row], moments[billed])
        for count in np.unique(later[later > 0]).tolist():
            positions = np.flatnonzero(later == count)
            _set_rows(services, billed[positions], self._find_earlier_services(row[positions], count))
        return services

    def _count_undone_later(self, commitments: EntryColumn, moments: EntryColumn) -> EntryColumn:
        """Count the cancellations and rejections of each of ``commitments`` at or after the entries ``moments``."""
        span = int(max(self.undone.entry_id.max(initial=0), moments.max(initial=0))) + 1
        commitment_numbers, at = np.unique(self.commitment, return_inverse=True)
        place = np.searchsorted(commitment_numbers, commitments)
        is_present = np.append(commitment_numbers, -1)[place] == commitments
        earlier = np.searchsorted(at * span + self.undone.entry_id, place * span + moments)
        return np.where(is_present, np.searchsorted(at, place, "right") - earlier, 0)

    def _find_earlier_services(self, rows: EntryColumn, count: int) -> BilledServices:
        """Return the services of some requests, without the last ``count`` undone entries of their commitments."""
        commitments = np.unique(self.requests.predecessor[rows])
        services, requests = (
            select_rows(lines, _find_rows(lines.predecessor, commitments))
            for lines in (self.services, self.requests)
        )
        undone = _find_rows(self.commitment, commitments)
        ends = np.searchsorted(self.commitment, self.commitment[undone], "right")
        undone_later = select_rows(self.undone, undone[undone >= ends - count])
        billed = _find_billed_services(
            _add_undone(services, undone_later), _add_undone(requests, undone_later)
        )
        at, _ = _locate(requests, self.requests.entry_id[rows])
        return select_rows(billed, at)


def build_billing(rows: ServiceEntries) -> Billing:
    """Build the billing from ``rows`` in any order; commitments and services are named by those that were carried first."""
    rows = merge_carries(rows)
    services, requests = _select_kinds(rows, _CERTIFIES), _select_kinds(rows, _BILLS)
    undone = select_rows(rows, np.flatnonzero(_UNDOES[rows.kind]))
    commitment = _find_commitments(services, undone.predecessor) + _find_commitments(
        requests, undone.predecessor
    )
    order = np.lexsort((undone.entry_id, commitment))
    order = order[commitment[order] > 0]  # a request of another flow has no service
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
        _find_billed_services(services, requests),
    )


def _set_rows(services: BilledServices, at: EntryColumn, values: BilledServices) -> None:
    services.day[at], services.account[at] = values


def _find_billed_services(services: ServiceEntries, requests: ServiceEntries) -> BilledServices:
    """Return, for each request, the service that its last cent bills."""
    certified, requested = np.cumsum(services.amount), np.cumsum(requests.amount)
    # the sums run over all commitments, so the sums of the earlier commitments are subtracted
    first = np.searchsorted(requests.predecessor, requests.predecessor)
    own = requested - (requested - requests.amount)[first]
    begins = np.searchsorted(services.predecessor, requests.predecessor)
    ends = np.searchsorted(services.predecessor, requests.predecessor, "right") - 1
    before = np.append(0, certified)[begins]
    at = np.minimum(np.searchsorted(certified, before + own), ends)
    has = ends >= begins
    at = np.where(has, at, -1)
    day, account = (np.append(column, column.dtype.type(0))[at] for column in (services.day, services.debit))
    return BilledServices(np.where(has, day, np.int32(0)), np.where(has, account, np.int16(0)))


def _select_kinds(rows: ServiceEntries, is_selected: NDArray[np.bool_]) -> ServiceEntries:
    """Select the rows of the kinds that ``is_selected`` marks, by commitment and entry."""
    kind_rows = select_rows(rows, np.flatnonzero(is_selected[rows.kind]))
    return select_rows(kind_rows, np.lexsort((kind_rows.entry_id, kind_rows.predecessor)))


def _find_rows(commitments: EntryColumn, selection: EntryColumn) -> EntryColumn:
    """Return the rows of the commitments in ``selection``; both are in ascending order."""
    first, end = (np.searchsorted(commitments, selection, side) for side in ("left", "right"))
    counts = end - first
    return np.repeat(first - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())


def _locate(rows: ServiceEntries, entries: EntryColumn) -> tuple[EntryColumn, NDArray[np.bool_]]:
    """Return the position of each of ``entries`` among rows in any order, and whether it is present."""
    order = np.argsort(rows.entry_id)
    at = np.searchsorted(rows.entry_id, entries, sorter=order)
    at = np.append(order, len(order))[at]
    return at, np.append(rows.entry_id, -1)[at] == entries


def _find_commitments(rows: ServiceEntries, entries: EntryColumn) -> EntryColumn:
    """Return the commitments of ``entries``; 0 for an entry that is not among ``rows``."""
    at, is_present = _locate(rows, entries)
    return np.where(is_present, np.append(rows.predecessor, 0)[at], 0)


def _subtract_undone(rows: ServiceEntries, undone: ServiceEntries) -> ServiceEntries:
    """Return ``rows`` less the amounts that were undone."""
    return _apply_undone(rows, undone, np.subtract)


def _add_undone(rows: ServiceEntries, undone: ServiceEntries) -> ServiceEntries:
    """Return ``rows`` with the amounts that were undone added back."""
    return _apply_undone(rows, undone, np.add)


def _apply_undone(rows: ServiceEntries, undone: ServiceEntries, how: np.ufunc) -> ServiceEntries:
    at, is_present = _locate(rows, undone.predecessor)
    amount = rows.amount.copy()
    how.at(amount, at[is_present], undone.amount[is_present])
    return rows._replace(amount=amount)
