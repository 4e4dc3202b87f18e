"""Mirrors: a reversal undoes a whole act that nothing follows, a rejection part of a request not asked back (A05, A29).

What takes back a receipt undoes at most what no restoration and no opening of a fund has used of it (A56).
"""

from core.catalog import BudgetAction, Family, Role
from core.outcome_codes import Outcome
from kernels import expenses
from kernels.findings import accepted, refused
from kernels.jit import as_position, rare_part


@rare_part
def _check_reversal(book, item, amount):
    """Check that a reversal undoes the whole of an act that nothing follows, no withdrawal of an earlier year and no carry."""
    original = book.effects[book.items[item].kind]
    if original.budget == BudgetAction.WITHDRAW.value or original.carries != 0:
        return refused(Outcome.REVERSAL_FORBIDDEN.value, -1, 0)
    parent = as_position(book.items[item].parent)
    if book.items[item].followers > 0 or (
        parent > 0 and book.items[parent].kind == 0
    ):  # a carried commitment
        return refused(Outcome.ORIGINAL_FOLLOWED.value, -1, 0)
    if amount != book.items[item].open:
        return refused(Outcome.REVERSAL_NOT_WHOLE.value, -1, 0)
    return accepted()


@rare_part
def _is_receipt_by_hand(book, item):
    """Return whether ``item`` is a ``receipt``: not a set-off, nor what was identified on suspense."""
    return book.effects[book.items[item].kind].debit == Role.TREASURY.value


@rare_part
def check_mirror(book, kind, item, amount):
    """Check that a line may undo ``amount`` of ``item``.

    Nothing is rejected of a request that a receivable asks back, nor of its parts and carries: its credits would come back
    twice.  Only a receipt by hand is taken back: a set-off and an identification moved no money (rule A56).
    """
    if book.effects[kind].undoes:
        return _check_reversal(book, item, amount)
    if book.effects[kind].family == Family.RECEIPT_CHANGE.value and not _is_receipt_by_hand(book, item):
        return refused(Outcome.REVERSAL_FORBIDDEN.value, -1, 0)
    if book.effects[kind].family == Family.REJECTION.value and expenses.is_asked_back(book, item):
        return refused(Outcome.ORIGINAL_FOLLOWED.value, -1, 0)
    if amount > book.items[item].open:
        return refused(Outcome.REVERSAL_EXCEEDS_ORIGINAL.value, -1, amount - book.items[item].open)
    return accepted()
