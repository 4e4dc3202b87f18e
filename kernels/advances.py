"""Advances: what is paid before any service, and is withheld later from debts of the same commitment (rule A36)."""

import numpy as np

from core.catalog import Role
from core.outcome_codes import Outcome
from kernels import expenses, payees
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part


@part
def is_advance(book, kind):
    """Return whether ``kind`` asks for an advance."""
    return book.effects[kind].debit == Role.ADVANCE.value


@rare_part
def check_request(acts, book, line, item):
    """Check that an advance is for a purchase, and not above what of the commitment is neither certified nor requested.

    Which account an advance on assets is paid from is not settled.
    """
    if book.cells[as_position(book.items[item].cell)].operating == 0:
        return refused(Outcome.ADVANCE_ITEM.value, -1, 0)
    missing = acts[line].amount - book.items[item].open
    return refused(Outcome.COMMITMENT_EXCEEDED.value, -1, missing) if missing > 0 else accepted()


@rare_part
def _find_commitment(book, request):
    """Return the commitment of a request, where it was carried to; 0 if it has none."""
    at = as_position(book.items[request].parent)
    while at > 0 and book.items[at].kind == 0:
        at = as_position(book.items[at].parent)
    return at


@rare_part
def check_recovery(book, debt, transfer):
    """Check that ``transfer`` paid an advance to the creditor of ``debt``, on its commitment, by its accountant."""
    request, paid = expenses.find_request(book, debt), expenses.find_request(book, transfer)
    commitment = _find_commitment(book, paid)
    is_of_commitment = commitment > 0 and commitment == _find_commitment(book, request)
    is_of_person = payees.read_payee_of_item(book, debt) == payees.read_payee_of_item(book, paid)
    accountants = (
        book.cells[book.items[debt].cell].accountant,
        book.cells[book.items[transfer].cell].accountant,
    )
    is_paid_advance = is_advance(book, book.items[paid].kind) and accountants[0] == accountants[1]
    if is_paid_advance and is_of_commitment and is_of_person:
        return accepted()
    return refused(Outcome.ADVANCE_MISMATCH.value, -1, np.int64(0))
