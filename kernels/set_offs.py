"""Pairs: a line takes up a debt, and the next line of its act a receivable or an advance of the same person, by one amount.

A set-off takes up a receivable (rule A58), a withholding an advance that was paid (rule A36).
"""

import numpy as np

from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from kernels import advances, payees
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
    is_alike = acts[after].amount == acts[line].amount and acts[after].day == acts[line].day
    return (is_set_off or is_recovery) and is_alike and acts[after].period == acts[line].period


@rare_part
def _check_receivable(book, payable, item):
    """Check that a receivable is due from the creditor of the debt, to its accountant."""
    is_of_person = payees.read_payee_of_item(book, payable) == payees.read_payee_of_item(book, item)
    accountants = (
        book.cells[book.items[payable].cell].accountant,
        book.cells[book.items[item].cell].accountant,
    )
    if is_of_person and accountants[0] == accountants[1]:
        return accepted()
    return refused(Outcome.SET_OFF_MISMATCH.value, -1, 0)


@rare_part
def check_pair(acts, book, line, item):
    """Check that a line stands beside the other of its pair, and that what falls with the debt is of the same person."""
    pairs = book.effects[acts[line].kind].pairs
    if pairs == Pairing.DEBT.value or pairs == Pairing.WITHHOLDING.value:
        if _are_beside(acts, book, line):
            return accepted()
        is_set_off = pairs == Pairing.DEBT.value
        return refused(
            Outcome.RECEIVABLE_MISSING.value if is_set_off else Outcome.ADVANCE_MISSING.value, -1, 0
        )
    is_receivable = pairs == Pairing.RECEIVABLE.value
    place = np.int64(line) - np.int64(acts[line].head)
    if place == 0 or not _are_beside(acts, book, as_position(line - 1)):
        return refused(
            Outcome.SET_OFF_MISMATCH.value if is_receivable else Outcome.ADVANCE_MISMATCH.value, -1, 0
        )
    first = as_position(np.int64(book.counters[0].entries) + place)
    payable = as_position(book.items[first].parent)
    if is_receivable:
        return _check_receivable(book, payable, item)
    return advances.check_recovery(book, payable, item)
