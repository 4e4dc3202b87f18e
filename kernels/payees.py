"""Third parties in the book: the person, whether blocked, and bank details.

Payee n is in row n - 1, in the order of registration.  The person is the payee into which it was merged, or itself; what is
owed to a merged payee is paid only while both have the same bank details, and neither is blocked.
"""

import numpy as np

from core.catalog import PayeeChange
from core.outcome_codes import Outcome
from core.tables.book import PAYEE_BLOCKED_BIT
from kernels.jit import as_position, part, rare_part

_NUMBER = PAYEE_BLOCKED_BIT - 1


@part
def read_person(book, payee):
    """Return the payee into which ``payee`` was merged, or itself."""
    return np.int64(book.payees[as_position(payee - 1)].value) & _NUMBER


@part
def read_payee_of_item(book, item):
    """Return the payee of the entry of a debt, paid or not."""
    return as_position(book.items[item].unbilled & _NUMBER)


@part
def read_person_of_item(book, item):
    """Return the person of the entry of a debt, paid or not; 0 if it names none."""
    payee = np.int64(read_payee_of_item(book, item))
    return read_person(book, payee) if payee > 0 else np.int64(0)


@part
def is_blocked(book, payee):
    """Return whether ``payee`` is blocked: nothing may be paid to it."""
    return np.int64(book.payees[as_position(payee - 1)].value) > _NUMBER


@part
def has_other_bank(book, payee, bank):
    """Return whether ``bank`` is given and differs from the bank details of ``payee``."""
    return (bank != 0) & (bank != book.payees[as_position(payee - 1)].content)


@part
def check_transfer(book, payee):
    """Return the outcome of checking that a transfer may be sent to a registered payee."""
    person = read_person(book, payee)
    if is_blocked(book, payee) or is_blocked(book, person):
        return np.int64(Outcome.PAYEE_BLOCKED.value)
    if book.payees[as_position(payee - 1)].content != book.payees[as_position(person - 1)].content:
        return np.int64(Outcome.THIRD_PARTY_MERGED.value)
    return np.int64(Outcome.ACCEPTED.value)


@part
def check_change(book, kind, payee):
    """Return the outcome of checking a change of a registered payee."""
    change = book.effects[kind].change
    if change == PayeeChange.BLOCK.value and is_blocked(book, payee):
        return np.int64(Outcome.PAYEE_BLOCKED.value)
    if change == PayeeChange.RELEASE.value and not is_blocked(book, payee):
        return np.int64(Outcome.PAYEE_NOT_BLOCKED.value)
    return np.int64(Outcome.ACCEPTED.value)


@part
def set_block(book, payee, blocked):
    """Block or release ``payee``."""
    book.payees[as_position(payee - 1)].value = np.uint32(
        read_person(book, payee) + PAYEE_BLOCKED_BIT * blocked
    )


@rare_part
def apply_change(acts, book, line, entry, payee):
    """Apply the change of a registered payee; the entry keeps the digest of the replaced bank details."""
    kind_of_change, row = book.effects[acts[line].kind].change, as_position(payee - 1)
    if kind_of_change == PayeeChange.DETAILS.value:
        book.items[entry].open = np.int64(book.payees[row].content)
        book.payees[row].content = acts[line].bank
    else:
        set_block(book, payee, np.int64(kind_of_change == PayeeChange.BLOCK.value))
    book.counters[0].changes += 1


@rare_part
def undo_change(acts, book, line, entry, payee):
    """Undo the change of a registered payee."""
    kind_of_change, row = book.effects[acts[line].kind].change, as_position(payee - 1)
    if kind_of_change == PayeeChange.DETAILS.value:
        book.payees[row].content = np.uint64(book.items[entry].open)
    else:
        set_block(book, payee, np.int64(kind_of_change == PayeeChange.RELEASE.value))
    book.counters[0].changes -= 1
