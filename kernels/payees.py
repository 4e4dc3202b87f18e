"""Third parties in the book: by number, whether they are blocked, and where they are paid.

Payee n stands in row n - 1, in the order of registration.
"""

import numpy as np

from core.catalog import PayeeChange
from core.outcome_codes import Outcome
from core.tables.book import PAYEE_BLOCKED_BIT
from kernels.jit import as_position, part, rare_part

_NUMBER = PAYEE_BLOCKED_BIT - 1


@part
def read_number(book, row):
    """The number of the payee in ``row``, blocked or not."""
    return np.int64(book.payees[row].value) & _NUMBER


@part
def read_payee_of_item(book, item):
    """The payee of an entry that is or was owed."""
    return as_position(book.items[item].unbilled & _NUMBER)


@part
def is_blocked(book, payee):
    """Whether nothing may be paid to ``payee``."""
    return np.int64(book.payees[as_position(payee - 1)].value) > _NUMBER


@part
def has_other_bank(book, payee, bank):
    """Whether ``bank`` is given and not where ``payee`` is paid."""
    return (bank != 0) & (bank != book.payees[as_position(payee - 1)].content)


@part
def check_change(book, kind, payee):
    """Whether a registered payee may be changed so: an outcome."""
    change = book.effects[kind].change
    if change == PayeeChange.BLOCK.value and is_blocked(book, payee):
        return np.int64(Outcome.PAYEE_BLOCKED.value)
    if change == PayeeChange.RELEASE.value and not is_blocked(book, payee):
        return np.int64(Outcome.PAYEE_NOT_BLOCKED.value)
    return np.int64(Outcome.ACCEPTED.value)


@part
def set_blocked(book, payee, blocked):
    """Let ``payee`` be blocked, or be so no more."""
    book.payees[as_position(payee - 1)].value = np.uint32(payee + PAYEE_BLOCKED_BIT * blocked)


@rare_part
def apply_change(acts, book, line, entry, payee):
    """Change a registered payee as the line says; what it was paid to before is kept with the entry."""
    what, row = book.effects[acts[line].kind].change, as_position(payee - 1)
    if what == PayeeChange.DETAILS.value:
        book.items[entry].open = np.int64(book.payees[row].content)
        book.payees[row].content = acts[line].bank
    else:
        set_blocked(book, payee, np.int64(what == PayeeChange.BLOCK.value))
    book.counters[0].changes += 1


@rare_part
def undo_change(acts, book, line, entry, payee):
    """Take the change back."""
    what, row = book.effects[acts[line].kind].change, as_position(payee - 1)
    if what == PayeeChange.DETAILS.value:
        book.payees[row].content = np.uint64(book.items[entry].open)
    else:
        set_blocked(book, payee, np.int64(what == PayeeChange.RELEASE.value))
    book.counters[0].changes -= 1
