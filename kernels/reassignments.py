"""Reassignments: one act takes a paid expense from its first imputation and brings it to the right ones (rule A05)."""

import numpy as np

from core.catalog import Family, Role
from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from kernels import expenses, set_offs
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part


@part
def _sum_targets(acts, book, line, cell):
    """Return the cents that the lines behind ``line`` bring to other imputations; -1 if one has another day or accountant.

    Where one of them is faulty it is refused itself, so that all is as it should be here.
    """
    total, after = np.int64(0), as_position(line + 1)
    while after < acts.size and acts[after].head == acts[line].head:
        if book.effects[acts[after].kind].pairs != Pairing.TARGET.value:
            return total
        if acts[after].fault != 0:
            return np.int64(acts[line].amount)
        own = as_position(max(acts[after].cell, 0))
        is_alike = acts[after].day == acts[line].day and acts[after].period == acts[line].period
        if not is_alike or book.cells[own].accountant != book.cells[cell].accountant:
            return np.int64(-1)
        total += acts[after].amount
        after = as_position(after + 1)
    return total


@rare_part
def _check_origin(acts, book, line, item):
    """Check that an expense is of no commitment and no interest, is not asked back, and goes to other imputations whole.

    The lines behind it bring it there: on its day, in the books of its accountant.
    """
    request = expenses.find_request(book, item)
    original = book.effects[book.items[request].kind]
    is_expense = original.follows == Family.NONE.value and original.debit == Role.EXPENSE.value
    if not is_expense or expenses.has_repayment(book, request):
        return refused(Outcome.REASSIGNMENT_FORBIDDEN.value, -1, 0)
    if _sum_targets(acts, book, line, as_position(book.items[item].cell)) != acts[line].amount:
        return refused(Outcome.REASSIGNMENT_UNPAIRED.value, -1, 0)
    return accepted()


@part
def check_lines_beside(acts, book, line, item):
    """Check the other lines of the act that a line goes with: of a reassignment, or of a set-off."""
    pairs = book.effects[acts[line].kind].pairs
    if pairs == Pairing.ORIGIN.value:
        return _check_origin(acts, book, line, item)
    if pairs == Pairing.TARGET.value:  # its origin, an earlier line of the act, found it
        return accepted()
    return set_offs.check_pair(acts, book, line, item)
