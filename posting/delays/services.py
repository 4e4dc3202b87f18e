"""By which service each request was due: the one that brought what is certified to what had been requested by then.

Services of a commitment are billed in the order in which they were certified; what was cancelled or rejected later counts for
nothing.
"""

import numpy as np
from numpy.typing import NDArray

from core.catalog import KIND_NUMBER
from core.columns import take
from core.delays import Certified

SERVICE, CANCELLATION = KIND_NUMBER["service"], KIND_NUMBER["service_cancellation"]
REQUEST, REJECTION = KIND_NUMBER["payment_request"], KIND_NUMBER["payment_request_rejection"]
KINDS = (SERVICE, CANCELLATION, REQUEST, REJECTION)
"""Kinds that ``days`` is told of."""


def days(rows: Certified) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Requests, ascending, and the day of the service by which each was due; ``rows`` in any order."""
    services, requests = _left(rows, SERVICE, CANCELLATION), _left(rows, REQUEST, REJECTION)
    certified, requested = np.cumsum(services.amount), np.cumsum(requests.amount)
    # sums go on over all commitments, so what those before had is taken away
    first = np.searchsorted(requests.predecessor, requests.predecessor)
    own = requested - (requested - requests.amount)[first]
    begins = np.searchsorted(services.predecessor, requests.predecessor)
    ends = np.searchsorted(services.predecessor, requests.predecessor, "right") - 1
    before = np.append(0, certified)[begins]
    at = np.minimum(np.searchsorted(certified, before + own), ends)
    has = ends >= begins
    found = np.where(has, np.append(services.day, 0)[np.where(has, at, -1)], 0).astype(np.int32)
    order = np.argsort(requests.entry_id)
    return requests.entry_id[order], found[order]


def _left(rows: Certified, kind: int, undoes: int) -> Certified:
    """Rows of one kind, by commitment and entry, less what was taken back of them."""
    own = take(rows, np.flatnonzero(rows.kind == kind))
    own = take(own, np.lexsort((own.entry_id, own.predecessor)))
    undone = take(rows, np.flatnonzero(rows.kind == undoes))
    place = {entry: row for row, entry in enumerate(own.entry_id.tolist())} if len(undone.kind) else {}
    left = own.amount.copy()
    for entry, amount in zip(undone.predecessor.tolist(), undone.amount.tolist(), strict=True):
        if entry in place:
            left[place[entry]] -= amount
    return own._replace(amount=left)
