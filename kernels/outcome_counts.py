"""Decided lines grouped by outcome: the totals of each group, and its lines."""

from typing import NamedTuple

import numpy as np

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome
from core.tables.columns import Index, Money
from core.tables.journal import Acts, Decisions
from kernels.jit import as_position, borrow, fills_column, kernel, part, reads, reads_records

ACCEPTED, REGISTERED, DUPLICATE, HELD, REFUSED = range(5)
"""The groups.  Registered: accepted acts that give the identity or the bank details of a payee."""

GROUP_COUNT = 5
LINES, CENTS, AMOUNT, BYTES = range(4)
"""The totals of each group: lines, requested cents, decided cents, bytes of references."""

TOTAL_COUNT = 4
KIND_TOTALS_START = GROUP_COUNT * TOTAL_COUNT
"""Behind the totals of the groups: the decided cents of accepted lines, kind by kind."""

_REGISTRATION, _DETAILS = KIND_NUMBERS["third_party"], KIND_NUMBERS["bank_details"]


class LineAmounts(NamedTuple):
    """The amount and the reference of each line, as the sender gave them."""

    cents: Money
    start: Index
    """With ``end``: the span of the reference in the bytes."""
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
def group_outcomes(acts, decisions, lines, totals, order):
    """Add up the totals of each group of outcomes and the amounts of each kind, and list the lines group by group.

    Reads     acts, decisions, lines    n rows
    Fills     totals                    KIND_TOTALS_START zeros, and one for each kind: its decided cents of accepted lines
              order                     n rows: the lines of each group in their own order, one group after the other
    Order     row order
    Outcomes  none; never raises
    Overflow  none: n amounts below AMOUNT_MAX
    Cost      O(n), one pass over the records and one over a byte a row
    Oracle    tests.oracle.outcome_counts.group_outcomes
    """
    acts, decisions = borrow(acts), borrow(decisions)
    cents, start, end = borrow(lines.cents), borrow(lines.start), borrow(lines.end)
    groups = np.empty(acts.size, np.uint8)
    for row in range(acts.size):
        row = as_position(row)
        groups[row] = _find_group(acts[row].kind, decisions[row].outcome)
        first = as_position(groups[row]) * TOTAL_COUNT
        totals[first + LINES] += 1
        totals[first + CENTS] += cents[row]
        totals[first + AMOUNT] += acts[row].amount
        totals[first + BYTES] += np.int64(end[row]) - start[row]
        if groups[row] == ACCEPTED:
            totals[KIND_TOTALS_START + as_position(acts[row].kind)] += acts[row].amount
    next_place = np.zeros(GROUP_COUNT, np.int64)
    for group in range(1, GROUP_COUNT):
        next_place[group] = next_place[group - 1] + totals[(group - 1) * TOTAL_COUNT + LINES]
    for row in range(acts.size):
        row = as_position(row)
        group = as_position(groups[row])
        order[next_place[group]] = row
        next_place[group] += 1
