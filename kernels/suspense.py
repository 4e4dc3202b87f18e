"""Suspense accounts: what was left there is cleared or justified by its own entry, or identified (rules A56, A70)."""

import numpy as np

from core.account_roles import Role
from core.debt_stages import Remainder, Stage
from core.kind_rules import LineNature, Pairing
from core.outcome_codes import Outcome
from core.tables.book import ROLE_COUNT
from kernels.findings import accepted, refused
from kernels.jit import as_position, rare_part

_RECEIPTS, _RETURNS = Role.SUSPENSE_RECEIPT.value, Role.SUSPENSE_RETURN.value
_DEBITS = Role.SUSPENSE_DEBIT.value


@rare_part
def _stands_as(book, period, item, role):
    """Return whether the entry left its amount on the account of a role: what the bank debited as a debit."""
    account = book.roles[as_position(period) * ROLE_COUNT + role]
    posted = book.items[item].debit if role == _DEBITS else book.items[item].credit
    return account != 0 and posted == account


@rare_part
def is_identified_by(book, place, item):
    """Return whether the kind of a line takes an amount off the account where the entry left it; ``place``: kind, period."""
    kind, period = place
    is_debit = book.effects[kind].credit == _DEBITS
    return _stands_as(book, period, item, _DEBITS if is_debit else book.effects[kind].debit)


@rare_part
def _stands_on(acts, book, line, item):
    """Return whether the entry posted on the account that the line states; what a line clears, on the other side of it.

    What is identified stands on an account of the bank's movements.
    An opening may stand on either side: it also takes back what the next year has cleared already.
    """
    account, effects = acts[line].account, book.effects[acts[line].kind]
    if effects.pairs == Pairing.SUSPENSE.value:
        period = acts[line].period
        is_credit = _stands_as(book, period, item, _RECEIPTS) or _stands_as(book, period, item, _RETURNS)
        return is_credit or _stands_as(book, period, item, _DEBITS)
    is_debit, is_credit = book.items[item].debit == account, book.items[item].credit == account
    if effects.draws == Remainder.NONE.value:
        return is_debit or is_credit
    return is_credit if effects.debit == Role.BY_HAND.value else is_debit


@rare_part
def check_item(acts, book, line, link):
    """Check that the entry stands on the account, and is open if justified.

    What clears it has its accountant and year; what opens it has its accountant, in the year after.
    """
    item, effects = as_position(link[0]), book.effects[acts[line].kind]
    if not _stands_on(acts, book, line, item):
        return refused(Outcome.NOT_ON_SUSPENSE.value, -1, 0)
    opens_item = effects.reaches == Stage.BY_HAND.value
    if effects.draws == Remainder.NONE.value and not opens_item:
        is_open = book.items[item].open > 0
        return accepted() if is_open else refused(Outcome.SUSPENSE_EXCEEDED.value, -1, 0)
    own, other = as_position(link[1]), as_position(book.items[item].cell)
    is_same_owner = book.cells[own].accountant == book.cells[other].accountant
    year = np.int64(book.cells[other].year) + np.int64(opens_item)
    if not is_same_owner or np.int64(book.cells[own].year) != year:
        return refused(Outcome.NOT_ON_SUSPENSE.value, -1, 0)
    return accepted()


@rare_part
def credits_product(acts, span):
    """Return whether the act in ``span`` debits a suspense account and credits a product: nobody would count the receipt.

    Money is a receipt of the budget when it collects a receivable (rule A70).
    """
    has_product, has_suspense = False, False
    for line in range(span[0], span[1]):
        line = as_position(line)
        has_product = has_product or acts[line].nature == LineNature.PRODUCT.value
        has_suspense = has_suspense or acts[line].nature == LineNature.SUSPENSE.value
    return has_product and has_suspense
