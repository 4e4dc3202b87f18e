"""The accounts that a line is posted to: by role, of the item or the exercise, or those of the entry that it undoes."""

import numpy as np

from core.catalog import Family, Role
from core.kind_rules import LineNature
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR
from core.tables.book import CREDITOR_SETS, LEDGER_ACCOUNTS, ROLE_COUNT
from kernels import assets, inventory, restorations, retentions, suspense
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part
from kernels.links import find_folio

_LEDGER_MAX = 2**62


@part
def _is_after_request(effects):
    """Return whether an entry stands between a request and what follows: a part of its debt, or its repayment."""
    return effects.inherits or effects.family == Family.RECEIVABLE.value


@rare_part
def _find_charged_account(acts, book, line, item, cell):
    """Return the account charged by the original request of ``item``; if it bills a service, that of the assignment."""
    payable = as_position(book.items[item].parent)
    while _is_after_request(book.effects[book.items[payable].kind]):
        payable = as_position(book.items[payable].parent)
    if book.effects[book.items[payable].kind].debit != Role.ACCRUED.value:
        return as_position(book.items[payable].debit)
    return as_position(acts[line].account if acts[line].account != 0 else book.cells[cell].expense)


@rare_part
def _find_other_account(acts, book, posting_role):
    """Return the account of a product, or of a role that does not depend on the assignment."""
    line, item, cell, role = posting_role
    if role == Role.PRODUCT.value:
        return as_position(book.cells[cell].expense)
    if role == Role.REPAYMENT.value:
        return as_position(book.items[as_position(restorations.find_receivable(book, item))].credit)
    if role == Role.CLEARED.value:
        return as_position(book.items[item].debit)
    if role == Role.PREDECESSOR.value:
        return as_position(book.items[item].credit)
    if role == Role.BY_HAND.value:
        return as_position(acts[line].account)
    if role == Role.INVENTORY.value or role == Role.COUNTERPART.value:
        return inventory.find_account(acts, book, line, role)
    is_kept_back = role == Role.RETENTION.value or role == Role.PENALTY.value
    if is_kept_back and retentions.is_of_assets(book, cell):
        role += np.int64(1)  # core.account_roles.ASSET_ROLES
    if role == Role.CHARGE.value:
        return _find_charged_account(acts, book, line, item, cell)
    return as_position(book.roles[as_position(acts[line].period) * ROLE_COUNT + role])


@part
def _find_account(acts, book, posting_role):
    line, _, cell, role = posting_role
    if role == Role.EXPENSE.value:
        return as_position(acts[line].account if acts[line].account != 0 else book.cells[cell].expense)
    if role == Role.ACCRUED.value:
        return as_position(book.cells[cell].accrued)
    if role == Role.CREDITOR.value:
        return as_position(book.cells[cell].creditor)
    if role == Role.PAYROLL.value:
        return as_position(book.cells[cell].payroll)
    return np.int64(0) if role == Role.NONE.value else _find_other_account(acts, book, posting_role)


@part
def find_own_creditor(book, period, expense, role):
    """Return the creditor, by request or by payroll, that an expense account has of its own; 0 if it has none."""
    creditor_set = as_position(period) // PERIODS_PER_YEAR * CREDITOR_SETS + (role == Role.PAYROLL.value)
    return as_position(book.creditors[creditor_set * LEDGER_ACCOUNTS + expense])


@part
def _find_creditor(book, period, accounts, role):
    """Return the creditor of what is charged: that of the expense account if it has one of its own, else that of the item."""
    expense, of_item = accounts
    own = find_own_creditor(book, period, expense, role)
    return own if own != 0 else of_item


@rare_part
def _find_annulled_accounts(acts, book, line, item):
    """Return the accounts of a reduction or cancellation: in a later year it debits the annulment, not the product."""
    cell = book.items[item].cell
    is_of_year = as_position(acts[line].period) // PERIODS_PER_YEAR == as_position(book.cells[cell].year)
    debit = book.items[item].credit if is_of_year else book.cells[cell].accrued
    return as_position(debit), as_position(book.items[item].debit)


@part
def find_accounts(acts, book, line, link):
    """Return the (debit, credit) accounts: by role, or those of the entry to undo, exchanged: none where it posted nothing."""
    item, cell, base, _, sign = link
    if assets.is_of_asset(book, base):
        return assets.find_accounts(acts, book, line, link)
    if sign < 0:
        if book.effects[base].debit == Role.NONE.value:
            return np.int64(0), np.int64(0)
        if book.effects[base].debit == Role.RECEIVABLE.value:
            return _find_annulled_accounts(acts, book, line, item)
        return as_position(book.items[item].credit), as_position(book.items[item].debit)
    debit = _find_account(acts, book, (line, item, cell, book.effects[base].debit))
    credit = _find_account(acts, book, (line, item, cell, book.effects[base].credit))
    has_creditor = (
        book.effects[base].credit != Role.ACCRUED.value and book.effects[base].credit != Role.NONE.value
    )
    if book.effects[base].debit == Role.EXPENSE.value and has_creditor:
        credit = _find_creditor(book, acts[line].period, (debit, credit), book.effects[base].credit)
    return debit, credit


@part
def _find_own_folio(acts, book, line):
    """Return the folio of a line that has an assignment of its own."""
    return find_folio(acts, book, line, as_position(max(acts[line].cell, 0)))


@part
def _is_of_earlier_folio(acts, book, head, line):
    """Return whether an earlier line of the act is posted in the same folio."""
    folio, earlier = _find_own_folio(acts, book, line), np.int64(line) - 1
    while earlier >= head and _find_own_folio(acts, book, as_position(earlier)) != folio:
        earlier -= 1
    return earlier >= head


@part
def _sum_folio(acts, book, span, folio):
    """Return what the lines of the act in ``span`` debit in the folio, less what they credit."""
    total = np.int64(0)
    for line in range(span[0], span[1]):
        line = as_position(line)
        if _find_own_folio(acts, book, line) == folio:
            is_debit = book.effects[acts[line].kind].debit != Role.NONE.value
            total += acts[line].amount if is_debit else -acts[line].amount
    return total


@part
def _is_balanced(acts, book, last):
    """Return whether the lines of a journal act, which ends with ``last``, are equal on both sides of every folio."""
    head, end = as_position(acts[last].head), as_position(last + 1)
    for line in range(head, end):
        line = as_position(line)
        if not _is_of_earlier_folio(acts, book, head, line):
            folio = _find_own_folio(acts, book, line)
            if _sum_folio(acts, book, (head, end), folio) != 0:
                return False
    return True


@part
def _is_settled_by_pair(acts, book, span, account):
    """Return whether the lines of the act in ``span`` leave an account between accountants at zero, for two of them."""
    total, giver, taker = np.int64(0), np.int64(-1), np.int64(-1)
    for line in range(span[0], span[1]):
        line = as_position(line)
        if acts[line].nature != LineNature.LISTED.value or acts[line].account != account:
            continue
        is_debit = book.effects[acts[line].kind].debit != Role.NONE.value
        total += acts[line].amount if is_debit else -acts[line].amount
        owner = np.int64(book.cells[as_position(max(acts[line].cell, 0))].accountant)
        if giver < 0 or giver == owner:
            giver = owner
        elif taker < 0 or taker == owner:
            taker = owner
        else:
            return False
    return total == 0 and taker >= 0


@part
def _is_paired(acts, book, last):
    """Return whether a journal act, which ends with ``last``, settles each account between accountants that it posts on."""
    head, end = as_position(acts[last].head), as_position(last + 1)
    for line in range(head, end):
        line = as_position(line)
        is_liaison = acts[line].nature == LineNature.LISTED.value
        if is_liaison and not _is_settled_by_pair(acts, book, (head, end), acts[line].account):
            return False
    return True


@rare_part
def _check_side(acts, book, line, cell, accounts):
    """Check a line that posts one account or none: the last one of a journal act finds whether the act is balanced.

    A reassignment, which follows an entry, finds that with its first line.
    """
    debit, credit = accounts
    if debit == credit:
        return accepted()
    is_by_hand = book.effects[acts[line].kind].family != Family.REASSIGNMENT.value
    is_last = is_by_hand and (line + 1 >= acts.size or acts[as_position(line + 1)].head != acts[line].head)
    if is_last and not _is_balanced(acts, book, line):
        return refused(Outcome.JOURNAL_UNBALANCED.value, -1, 0)
    if is_last and not _is_paired(acts, book, line):
        return refused(Outcome.TRANSFER_UNPAIRED.value, -1, 0)
    if is_last and suspense.credits_product(acts, (as_position(acts[line].head), as_position(line + 1))):
        return refused(Outcome.PRODUCT_FROM_SUSPENSE.value, -1, 0)
    at, sum_max = find_folio(acts, book, line, cell) * LEDGER_ACCOUNTS, _LEDGER_MAX - acts[line].amount
    so_far = book.ledger[at + debit].debit if debit != 0 else book.ledger[at + credit].credit
    return refused(Outcome.BALANCE_LIMIT.value, -1, 0) if so_far > sum_max else accepted()


@part
def check_accounts(acts, book, line, cell, accounts):
    """Check that the sums of both accounts stay within their limit, and that an entry by hand is balanced."""
    debit, credit = accounts
    if debit == 0 or credit == 0:
        return _check_side(acts, book, line, cell, accounts)
    at = find_folio(acts, book, line, cell) * LEDGER_ACCOUNTS
    sum_max = _LEDGER_MAX - acts[line].amount
    if book.ledger[at + debit].debit > sum_max or book.ledger[at + credit].credit > sum_max:
        return refused(Outcome.BALANCE_LIMIT.value, -1, 0)
    return accepted()
