"""Decided lines by what became of them: what each way of ending adds up to, and which lines ended so."""

from typing import NamedTuple

import numpy as np

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from core.tables.columns import Index, Money
from core.tables.journal import Acts, Decisions
from kernels.jit import as_position, borrow, fills_column, kernel, part, reads, reads_records

ACCEPTED, REGISTERED, DUPLICATE, HELD, REFUSED = range(5)
"""The ways of ending.  Registered: accepted, and the act says who a payee is and where it is paid."""

GROUP_COUNT = 5
LINES, CENTS, AMOUNT, BYTES = range(4)
"""What is added up for each: lines, cents they asked for, cents they are worth, bytes of their references."""

TOTAL_COUNT = 4
_REGISTRATION, _DETAILS = KIND_NUMBERS["third_party"], KIND_NUMBERS["bank_details"]


class LineAmounts(NamedTuple):
    """What a line says beside its act."""

    cents: Money
    start: Index
    """Where its reference stands in the bytes."""
    end: Index


@part
def _find_group(kind, outcome):
    if outcome == Outcome.ACCEPTED.value:
        return REGISTERED if kind in (_REGISTRATION, _DETAILS) else ACCEPTED
    if outcome == Outcome.DUPLICATE.value:
        return DUPLICATE
    return HELD if outcome == Outcome.HELD.value else REFUSED


@kernel(
    reads_records(Acts),
    reads_records(Decisions),
    reads(LineAmounts),
    fills_column(Money),
    fills_column(Index),
)
def group_outcomes(acts, decisions, asked, totals, order):
    """Add up the lines by the way they ended, and list them way by way.

    Reads     acts, decisions, asked    n rows
    Fills     totals                    WAYS * TOTALS zeros
              order                     n rows: the lines of each way in their own order, one way behind the other
    Order     row order
    Outcomes  none; never raises
    Overflow  none: n amounts below AMOUNT_MAX
    Cost      O(n), one pass over the records and one over a byte a row
    Oracle    tests.oracle.outcome_counts.group_outcomes
    """
    acts, decisions = borrow(acts), borrow(decisions)
    cents, start, end = borrow(asked.cents), borrow(asked.start), borrow(asked.end)
    ways = np.empty(acts.size, np.uint8)
    for row in range(acts.size):
        row = as_position(row)
        ways[row] = _find_group(acts[row].kind, decisions[row].outcome)
        first = as_position(ways[row]) * TOTAL_COUNT
        totals[first + LINES] += 1
        totals[first + CENTS] += cents[row]
        totals[first + AMOUNT] += acts[row].amount
        totals[first + BYTES] += np.int64(end[row]) - start[row]
    ready = np.zeros(GROUP_COUNT, np.int64)
    for way in range(1, GROUP_COUNT):
        ready[way] = ready[way - 1] + totals[(way - 1) * TOTAL_COUNT + LINES]
    for row in range(acts.size):
        row = as_position(row)
        way = as_position(ways[row])
        order[ready[way]] = row
        ready[way] += 1
