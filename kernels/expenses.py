"""Expenses: a request says whether its expense was moved to another imputation or asked back (rules A05, A29).

One of the two forbids the other: what is restored would come back to the imputation that the expense has left.
"""

import numpy as np

from core.catalog import Family
from core.kind_rules import Pairing
from core.tables.expense_marks import MOVE_BIT, MOVE_MASK, REPAYMENT_BIT, REPAYMENT_MASK
from kernels import debts
from kernels.jit import as_position, part, rare_part

_MOVE, _REPAYMENT = np.int64(1 << MOVE_BIT), np.int64(1 << REPAYMENT_BIT)
_MOVES, _REPAYMENTS = np.int64(MOVE_MASK), np.int64(REPAYMENT_MASK)


@rare_part
def find_request(book, item):
    """Return the request by which the debt of ``item`` began: a part, a carry and a settlement lead back to it."""
    at = as_position(item)
    while book.effects[book.items[at].kind].inherits != 0:
        at = as_position(book.items[at].parent)
    return at


@rare_part
def _count(book, item, unit):
    book.items[find_request(book, item)].unbilled += unit


@part
def asks_back(book, kind):
    """Return whether acts of ``kind`` ask an expense back."""
    effects = book.effects[kind]
    return effects.family == Family.RECEIVABLE.value and effects.follows == Family.PAYMENT_REQUEST.value


@part
def count_change(book, kind, item, amount):
    """Count on the request of ``item`` that an act moves the expense or asks it back; a negative amount takes it back."""
    sign = np.int64(1 if amount > 0 else -1)
    if book.effects[kind].pairs == Pairing.ORIGIN.value:
        _count(book, item, sign * _MOVE)
    elif asks_back(book, kind):
        _count(book, item, sign * _REPAYMENT)
        debts.ask_back(book, item, amount)


@part
def has_reassignment(book, request):
    """Return whether the expense of ``request`` was moved to another imputation."""
    return (book.items[request].unbilled & _MOVES) != 0


@part
def has_repayment(book, request):
    """Return whether a receivable that was not cancelled asks the expense of ``request`` back."""
    return (book.items[request].unbilled & _REPAYMENTS) != 0


@rare_part
def is_asked_back(book, item):
    """Return whether a receivable asks back the request by which the debt of ``item`` began, also of a part or a carry."""
    return has_repayment(book, find_request(book, item))


@part
def admits_repayment(book, request):
    """Return whether one receivable more may ask the expense of ``request`` back: as many as are counted."""
    return not has_reassignment(book, request) and (book.items[request].unbilled & _REPAYMENTS) != _REPAYMENTS
