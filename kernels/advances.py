"""Advances: what is paid before any service, and is withheld later from debts of the same commitment (rule A36).

What is paid on a commitment, its advances included, is never above what is committed.  So what of its advances is not
recovered is at most what may still be withheld for them: what is not requested yet, and what is unpaid of the requests that
were made since the commitment has an advance.  A commitment counts both in one sum, and only from its first advance on.
"""

import numpy as np

from core.catalog import Family, Remainder, Role, Stage
from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from core.tables.expense_marks import IS_ADVANCE, SECURES
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

    Which account an advance on assets is paid from is not settled.  All advances of a commitment are bounded together.
    """
    if book.cells[as_position(book.items[item].cell)].operating == 0:
        return refused(Outcome.ADVANCE_ITEM.value, -1, 0)
    missing = acts[line].amount - min(book.items[item].open, _read_security(book.items, item))
    return refused(Outcome.COMMITMENT_EXCEEDED.value, -1, missing) if missing > 0 else accepted()


@part
def _read_security(items, commitment):
    """Return how many cents more of a commitment may be paid or withdrawn, so that all its advances can be recovered."""
    return items[commitment].open + items[commitment].unbilled - items[commitment].advanced


@part
def has_advances(items, commitment):
    """Return whether an advance was requested on a commitment."""
    return items[commitment].credit != 0


@part
def find_mark(book, link, kind):
    """Return what a new entry is for the advances of its commitment: an advance, a request that secures them, or neither."""
    effects = book.effects[kind]
    if effects.after == Stage.DUE.value or effects.after == Stage.COLLECTED.value:
        return np.int64(0)
    if effects.inherits:
        return book.items[link[0]].advanced
    if effects.debit == Role.ADVANCE.value:
        return np.int64(IS_ADVANCE)
    is_request = effects.reaches == Stage.PAYABLE.value and effects.follows == Family.COMMITMENT.value
    return np.int64(SECURES if is_request and has_advances(book.items, as_position(link[3])) else 0)


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
    is_of_person = payees.read_person_of_item(book, debt) == payees.read_person_of_item(book, paid)
    accountants = (
        book.cells[book.items[debt].cell].accountant,
        book.cells[book.items[transfer].cell].accountant,
    )
    is_paid_advance = is_advance(book, book.items[paid].kind) and accountants[0] == accountants[1]
    if is_paid_advance and is_of_commitment and is_of_person:
        return accepted()
    return refused(Outcome.ADVANCE_MISMATCH.value, -1, np.int64(0))


@rare_part
def _find_own_commitment(book, item):
    """Return the commitment of a debt, wherever it has gone since; 0 if its request follows none."""
    request = expenses.find_request(book, item)
    is_on_commitment = book.effects[book.items[request].kind].follows == Family.COMMITMENT.value
    return _find_commitment(book, request) if is_on_commitment else as_position(0)


@part
def lowers_security(book, link):
    """Return whether a line pays what secures an advance, or withdraws or penalises a part of a commitment that has one."""
    item, _, base, root, sign = link
    effects = book.effects[base]
    if effects.settles > 0:
        return effects.after == Stage.PAYABLE.value and book.items[item].advanced == SECURES
    if effects.reaches == Stage.WITHHELD.value and effects.follows == Family.COMMITMENT.value:
        return sign > 0 and has_advances(book.items, root)
    if effects.family != Family.COMMITMENT_CHANGE.value or root == 0:
        return False
    is_withdrawal = (effects.draws == Remainder.OPEN.value) == (sign > 0)
    return is_withdrawal and has_advances(book.items, root)


@rare_part
def check_security(book, link, amount):
    """Check that a payment, a withdrawal or a penalty leaves enough of the commitment to recover its advances."""
    is_payment = book.effects[link[2]].settles > 0
    commitment = _find_own_commitment(book, link[0]) if is_payment else link[3]
    missing = amount - _read_security(book.items, commitment)
    return refused(Outcome.ADVANCE_NOT_RECOVERED.value, -1, missing) if missing > 0 else accepted()


@rare_part
def _count_request(book, link, amount):
    """Count an advance, or a request that secures advances, on its commitment; or what of it is rejected."""
    item, _, base, root, sign = link
    items = book.items
    if book.effects[base].debit == Role.ADVANCE.value:
        items[root].advanced += sign * amount
        if sign > 0:
            items[root].credit += 1 if amount > 0 else -1
    elif sign > 0 or items[item].advanced == SECURES:
        items[root].advanced -= sign * amount


@rare_part
def _count_settlement(book, item, amount):
    """Count on its commitment what is paid of a request that secures advances, or withheld of another one."""
    commitment = _find_own_commitment(book, item)
    if commitment > 0 and has_advances(book.items, commitment):
        book.items[commitment].advanced += amount


@part
def count_line(book, link, amount):
    """Count what a line changes of the advances of a commitment, and of what secures them; a negative amount undoes it."""
    _, _, base, root, sign = link
    effects, items = book.effects[base], book.items
    if effects.follows == Family.COMMITMENT.value:
        is_request = effects.reaches == Stage.PAYABLE.value
        if is_request and (effects.debit == Role.ADVANCE.value or has_advances(items, root)):
            _count_request(book, link, amount)
    elif effects.after == Stage.PAYABLE.value and sign > 0:
        if effects.settles > 0:
            if items[root].advanced == SECURES:
                _count_settlement(book, root, amount)
        elif effects.pairs == Pairing.WITHHOLDING.value and items[root].advanced == 0:
            _count_settlement(book, root, -amount)


@rare_part
def carry_advances(items, commitment, later):
    """Let the advances of a carried commitment count on that of the next year."""
    items[later].advanced, items[later].credit = items[commitment].advanced, items[commitment].credit
    items[commitment].advanced, items[commitment].credit = 0, 0
