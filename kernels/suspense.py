"""Suspense accounts: what was left there is cleared or justified by its own entry, or identified (rules A56, A70)."""

import numpy as np

from core.account_roles import Role
from core.debt_stages import Remainder, Stage
from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from core.tables.book import ROLE_COUNT
from kernels.findings import accepted, refused
from kernels.jit import as_position, rare_part

_RECEIPTS = Role.SUSPENSE_RECEIPT.value


@rare_part
def _stands_on(acts, book, line, item):
    """Return whether the entry posted on the account that the line states; what a line clears, on the other side of it.

    What is identified was credited on the account of the bank's credits.
    An opening may stand on either side: it also takes back what the next year has cleared already.
    """
    account, effects = acts[line].account, book.effects[acts[line].kind]
    if effects.pairs == Pairing.SUSPENSE.value:
        account = book.roles[as_position(acts[line].period) * ROLE_COUNT + _RECEIPTS]
        return account != 0 and book.items[item].credit == account
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
