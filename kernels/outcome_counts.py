"""Decided lines by what became of them: what each way of ending adds up to, and which lines ended so."""

from typing import NamedTuple

import numpy as np

from core.catalog import KIND_NUMBER
from core.outcome_codes import Outcome
from core.tables.columns import Index, Money
from core.tables.journal import Acts, Decisions
from kernels.jit import borrow, counted, fills_column, kernel, part, reads, reads_records

ACCEPTED, REGISTERED, DUPLICATE, HELD, REFUSED = range(5)
"""The ways of ending.  Registered: accepted, and the act says who a payee is and where it is paid."""

WAYS = 5
LINES, CENTS, AMOUNT, BYTES = range(4)
"""What is added up for each: lines, cents they asked for, cents they are worth, bytes of their references."""

TOTALS = 4
_REGISTRATION, _DETAILS = KIND_NUMBER["third_party"], KIND_NUMBER["bank_details"]


class Asked(NamedTuple):
    """What a line says beside its act."""

    cents: Money
    start: Index
    """Where its reference stands in the bytes."""
    end: Index


@part
def _way_of(kind, outcome):
    if outcome == Outcome.ACCEPTED.value:
        return REGISTERED if kind in (_REGISTRATION, _DETAILS) else ACCEPTED
    if outcome == Outcome.DUPLICATE.value:
        return DUPLICATE
    return HELD if outcome == Outcome.HELD.value else REFUSED


@kernel(reads_records(Acts), reads_records(Decisions), reads(Asked), fills_column(Money), fills_column(Index))
def sort(acts, decisions, asked, totals, order):
    """Add up the lines by the way they ended, and list them way by way.

    Reads     acts, decisions, asked    n rows
    Fills     totals                    WAYS * TOTALS zeros
              order                     n rows: the lines of each way in their own order, one way behind the other
    Order     row order
    Outcomes  none; never raises
    Overflow  none: n amounts below AMOUNT_MAX
    Cost      O(n), one pass over the records and one over a byte a row
    Oracle    tests.oracle.outcome_counts.sort
    """
    acts, decisions = borrow(acts), borrow(decisions)
    cents, start, end = borrow(asked.cents), borrow(asked.start), borrow(asked.end)
    ways = np.empty(acts.size, np.uint8)
    for row in range(acts.size):
        row = counted(row)
        ways[row] = _way_of(acts[row].kind, decisions[row].outcome)
        first = counted(ways[row]) * TOTALS
        totals[first + LINES] += 1
        totals[first + CENTS] += cents[row]
        totals[first + AMOUNT] += acts[row].amount
        totals[first + BYTES] += np.int64(end[row]) - start[row]
    ready = np.zeros(WAYS, np.int64)
    for way in range(1, WAYS):
        ready[way] = ready[way - 1] + totals[(way - 1) * TOTALS + LINES]
    for row in range(acts.size):
        row = counted(row)
        way = counted(ways[row])
        order[ready[way]] = row
        ready[way] += 1
