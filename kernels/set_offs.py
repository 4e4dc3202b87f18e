"""Pairs: a line takes up a debt, and the next line of its act a receivable or an advance of the same person, by one amount.

A set-off takes up a receivable (rule A58), a withholding an advance that was paid (rule A36).  An identification takes up what
stands on suspense, and the next line the receivable or transfer that it is of, of the same accountant (rule A56).
"""

import numpy as np

from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from kernels import advances, collection_days, payees, suspense
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part


@part
def _are_beside(acts, book, line):
    """Return whether ``line`` takes up a debt and the next line of its act what falls with it, on one day by one amount."""
    after = as_position(line + 1)
    if after >= acts.size or acts[after].head != acts[line].head:
        return False
    pairs = book.effects[acts[line].kind].pairs, book.effects[acts[after].kind].pairs
    is_set_off = pairs[0] == Pairing.DEBT.value and pairs[1] == Pairing.RECEIVABLE.value
    is_recovery = pairs[0] == Pairing.WITHHOLDING.value and pairs[1] == Pairing.ADVANCE.value
    is_identification = pairs[0] == Pairing.SUSPENSE.value and pairs[1] == Pairing.IDENTIFICATION.value
    is_alike = acts[after].amount == acts[line].amount and acts[after].day == acts[line].day
    is_pair = is_set_off or is_recovery or is_identification
    return is_pair and is_alike and acts[after].period == acts[line].period


@rare_part
def _check_receivable(book, payable, item, day):
    """Check that a receivable is owed by the creditor of the debt, to its accountant, and due on ``day``."""
    is_of_person = payees.read_person_of_item(book, payable) == payees.read_person_of_item(book, item)
    accountants = (
        book.cells[book.items[payable].cell].accountant,
        book.cells[book.items[item].cell].accountant,
    )
    if not is_of_person or accountants[0] != accountants[1]:
        return refused(Outcome.SET_OFF_MISMATCH.value, -1, 0)
    is_due = collection_days.is_due(book, as_position(item), np.int64(day))
    return accepted() if is_due else refused(Outcome.RECEIVABLE_NOT_DUE.value, -1, 0)


@rare_part
def _check_identification(acts, book, line, suspense_item, item):
    """Check that a receivable or transfer is of the accountant in whose books the amount stands, and of that account.

    A receivable of a later year is not collected in the books of a year that is over.
    """
    place = acts[line].kind, acts[line].period
    first = book.cells[as_position(book.items[suspense_item].cell)]
    second = book.cells[as_position(book.items[item].cell)]
    collects = collection_days.collects_from_suspense(book, acts[line].kind)
    is_later = collects and second.year > first.year
    is_same_owner = first.accountant == second.accountant and not is_later
    if is_same_owner and suspense.is_identified_by(book, place, as_position(suspense_item)):
        return accepted()
    return refused(Outcome.IDENTIFICATION_MISMATCH.value, -1, 0)


@part
def _find_code(pairs):
    """Return the code of a line that stands beside no other of its pair."""
    if pairs == Pairing.DEBT.value:
        return np.int64(Outcome.RECEIVABLE_MISSING.value)
    if pairs == Pairing.WITHHOLDING.value:
        return np.int64(Outcome.ADVANCE_MISSING.value)
    if pairs == Pairing.SUSPENSE.value:
        return np.int64(Outcome.IDENTIFICATION_UNPAIRED.value)
    if pairs == Pairing.RECEIVABLE.value:
        return np.int64(Outcome.SET_OFF_MISMATCH.value)
    if pairs == Pairing.IDENTIFICATION.value:
        return np.int64(Outcome.IDENTIFICATION_MISMATCH.value)
    return np.int64(Outcome.ADVANCE_MISMATCH.value)


@rare_part
def check_pair(acts, book, line, item):
    """Check that a line stands beside the other of its pair, and that what falls with the debt is of the same person."""
    pairs = book.effects[acts[line].kind].pairs
    is_first = pairs == Pairing.DEBT.value or pairs == Pairing.WITHHOLDING.value
    if is_first or pairs == Pairing.SUSPENSE.value:
        return accepted() if _are_beside(acts, book, line) else refused(_find_code(pairs), -1, 0)
    place = np.int64(line) - np.int64(acts[line].head)
    if place == 0 or not _are_beside(acts, book, as_position(line - 1)):
        return refused(_find_code(pairs), -1, 0)
    first = as_position(np.int64(book.counters[0].entries) + place)
    other = as_position(book.items[first].parent)
    if pairs == Pairing.RECEIVABLE.value:
        return _check_receivable(book, other, item, acts[line].day)
    if pairs == Pairing.IDENTIFICATION.value:
        return _check_identification(acts, book, line, other, item)
    return advances.check_recovery(book, other, item)
