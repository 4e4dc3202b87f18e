"""Visas of the budget controller: what a commitment uses of one, and the threshold from which on it needs one (rule A44)."""

import numpy as np

from core.catalog import Family, Remainder
from core.outcome_codes import Outcome
from core.visa_thresholds import NO_THRESHOLD
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part


@part
def draws_on_plan(book, kind):
    """Return whether ``kind`` uses the amount of a planned commitment: a decision on it, or the commitment on its visa."""
    return book.effects[kind].draws == Remainder.VISA.value


@part
def check_remainder(book, kind, item, amount):
    """Check that the planned commitment or visa ``item`` has the amount left."""
    if book.effects[kind].whole and amount != book.items[item].open:
        return refused(Outcome.VISA_AMOUNT_DIFFERS.value, -1, 0)
    if amount > book.items[item].open:
        return refused(book.effects[kind].shortfall, -1, amount - book.items[item].open)
    return accepted()


@part
def commits_freely(book, kind):
    """Return whether ``kind`` takes AE for a commitment or an increase without following a visa."""
    effects = book.effects[kind]
    is_commitment = (
        effects.family == Family.COMMITMENT.value or effects.family == Family.COMMITMENT_CHANGE.value
    )
    return is_commitment and effects.ae_consumed > 0 and effects.draws == Remainder.NONE.value


@rare_part
def _reaches_threshold(acts, book, row, threshold):
    """Return whether what the act that begins at ``row`` commits reaches the threshold: it is one commitment.

    A line with a fault commits nothing, and has no amount.
    """
    total, line = np.int64(0), as_position(row)
    while line < acts.size and acts[line].head == acts[row].head and total < threshold:
        if acts[line].fault == 0 and book.effects[acts[line].kind].ae_consumed > 0:
            total += acts[line].amount
        line = as_position(line + 1)
    return total >= threshold


@part
def check_threshold(acts, book, place, cell):
    """Check that an act stays below the threshold of the ministry and title of a line."""
    threshold = book.cells[as_position(cell)].visa_threshold
    if threshold != NO_THRESHOLD and _reaches_threshold(acts, book, as_position(place[0]), threshold):
        return refused(Outcome.VISA_MISSING.value, -1, 0)
    return accepted()
