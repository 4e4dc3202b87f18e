"""Commitments over the years: a commitment and its carries are one, and so are a service and its carries (rule A64).

So a service that was carried is billed as what it is: certified on its day, before the services of the next year.
"""

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG, Family, list_kinds
from core.tables.columns import select_rows
from core.tables.delays import ServiceEntries

COMMITMENT_CARRIES = list_kinds(lambda kind: kind.carries and kind.family is Family.COMMITMENT)
SERVICE_CARRIES = list_kinds(lambda kind: kind.carries and kind.family is Family.SERVICE)
_IS_CARRY = np.array([number in (*COMMITMENT_CARRIES, *SERVICE_CARRIES) for number in range(len(CATALOG))])

EntryColumn = NDArray[np.int64]


def merge_carries(rows: ServiceEntries) -> ServiceEntries:
    """Return ``rows`` without carries: what follows a carry follows what was carried, in the year of its origin."""
    is_carry = _IS_CARRY[rows.kind]
    carries = select_rows(rows, np.flatnonzero(is_carry))
    others = select_rows(rows, np.flatnonzero(~is_carry))
    order = np.argsort(carries.entry_id)
    entry, carried = np.append(carries.entry_id[order], -1), np.append(carries.predecessor[order], 0)
    origin = others.predecessor.copy()
    while True:
        at = np.searchsorted(entry[:-1], origin)
        rows_of_carries = np.flatnonzero(entry[at] == origin)
        if not rows_of_carries.size:
            return others._replace(predecessor=origin)
        origin[rows_of_carries] = carried[at[rows_of_carries]]


def follow_carries(commitments: EntryColumn, carries: ServiceEntries) -> EntryColumn:
    """Return ``commitments``, those of ``carries`` that carry them, and those that they carry: ascending."""
    count = -1
    while count != len(commitments):
        count = len(commitments)
        earlier = carries.predecessor[np.isin(carries.entry_id, commitments)]
        later = carries.entry_id[np.isin(carries.predecessor, commitments)]
        commitments = np.unique(np.concatenate([commitments, earlier, later]))
    return commitments
