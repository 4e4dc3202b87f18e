"""The rules of a line in order of precedence: the line itself, its payee, its predecessor, the budget, the accounts.

finding = (outcome, node, cents missing)
posting = (payee, debit account, credit account)
"""

import numpy as np

from core.catalog import BudgetAction, Family, PayeeChange, Remainder, Role, Stage
from core.kind_rules import CreditCheck, Pairing
from core.outcome_codes import Outcome
from core.periods import PeriodState
from core.tables.book import LEDGER_ACCOUNTS
from kernels import (
    accounts,
    advances,
    assets,
    budget,
    carries,
    commitments,
    decrees,
    funds,
    inventory,
    invoices,
    key_index,
    mirrors,
    payees,
    reassignments,
    restorations,
    retentions,
    service_requests,
    signatures,
    special_accounts,
    spending,
    suspense,
    unused_credits,
    visas,
    withdrawals,
    years,
)
from kernels.findings import accepted, refused
from kernels.instructions import seldom
from kernels.jit import as_position, large_part, part
from kernels.links import (
    build_link,
    compute_demand,
    compute_settlement,
    find_cell,
    find_folio,
    find_nodes,
    find_target,
    no_link,
)
from kernels.predecessors import check_family, check_order, find_predecessor, is_settled_by_entry
from kernels.prefetch import PAYEE, read_guess
from kernels.prior_reservations import build_tree, build_tree_of_line


@part
def _is_payee_registered(acts, place):
    """Return whether an earlier line of the same act registers the same payee."""
    row, line = place
    for earlier in range(row, line):
        if (
            acts[earlier].payee_high == acts[line].payee_high
            and acts[earlier].payee_low == acts[line].payee_low
        ):
            return True
    return False


@part
def _check_payee(acts, book, place):
    """Check that the payee may be registered or paid; return (outcome, its number)."""
    row, line, guesses = place
    kind = acts[line].kind
    registers = book.effects[kind].family == Family.THIRD_PARTY.value
    if not registers and not book.effects[kind].pays:
        return np.int64(Outcome.ACCEPTED.value), np.int64(0)
    high, low = acts[line].payee_high, acts[line].payee_low
    key_row = key_index.find_guessed_key(
        book.payee_slots, book.payees, read_guess(guesses, PAYEE, line), (high, low)
    )
    if registers:
        if key_row >= 0 or _is_payee_registered(acts, (row, line)):
            return np.int64(Outcome.PAYEE_ALREADY_REGISTERED.value), np.int64(0)
        return np.int64(Outcome.ACCEPTED.value), np.int64(book.counters[0].payees + 1 + line - row)
    if key_row < 0:
        return np.int64(Outcome.PAYEE_UNKNOWN.value), np.int64(0)
    payee = np.int64(key_row) + 1
    if book.effects[kind].change != PayeeChange.NONE.value:
        return payees.check_change(book, kind, payee), payee
    if payees.has_other_bank(book, payee, acts[line].bank):
        return np.int64(Outcome.BANK_DETAILS_DIFFER.value), np.int64(0)
    return np.int64(Outcome.ACCEPTED.value), payee


@part
def _check_remainders(book, link, kind, amount):
    item, _, base, root, sign = link
    effects, items = book.effects, book.items
    if effects[kind].refusal != Outcome.ACCEPTED.value:
        return refused(effects[kind].refusal, -1, 0)
    if visas.draws_on_plan(book, kind):
        return visas.check_remainder(book, kind, item, amount)
    if effects[kind].whole and amount != items[item].open:
        is_carry = effects[kind].carries != 0
        return refused(
            Outcome.CARRY_AMOUNT_DIFFERS.value if is_carry else Outcome.TRANSFER_AMOUNT_DIFFERS.value, -1, 0
        )
    if sign < 0:
        finding = mirrors.check_mirror(book, kind, item, amount)
        if finding[0] != Outcome.ACCEPTED.value:
            return finding
    draws = effects[base].feeds if sign < 0 else effects[base].draws
    if draws == Remainder.IMPUTATION.value and amount > items[item].open:
        return refused(Outcome.REVERSAL_EXCEEDS_ORIGINAL.value, -1, amount - items[item].open)
    if Remainder.NONE.value < draws < Remainder.ONCE.value and root > 0:
        remainder = commitments.read_remainder(items, root, draws)
        if amount > remainder:
            return refused(effects[kind].shortfall, -1, amount - remainder)
    return advances.check_security(book, link, amount) if advances.lowers_security(book, link) else accepted()


@part
def _check_stated_account(acts, book, line, link):
    """Check that the item of the predecessor admits the account that a line charges in place of the item's own.

    No service is certified on an account whose debts an entry of the ledger settles, such as relief of taxes.
    """
    _, cell, base, _, sign = link
    account = as_position(acts[line].account)
    if account == 0 or sign < 0 or book.effects[base].debit != Role.EXPENSE.value:
        return accepted()
    if book.admitted[as_position(book.cells[cell].admits) * LEDGER_ACCOUNTS + account] == 0:
        return refused(Outcome.ACCOUNT_MISMATCH.value, -1, 0)
    creditor = accounts.find_own_creditor(book, acts[line].period, account, Role.CREDITOR.value)
    is_service = book.effects[base].credit == Role.ACCRUED.value
    if is_service and creditor != 0 and is_settled_by_entry(book, cell, creditor):
        return refused(Outcome.ACCOUNT_MISMATCH.value, -1, 0)
    return accepted()


@part
def _check_predecessor(acts, book, line, item):
    """Check that the predecessor ``item`` exists and suffices; return (finding, link)."""
    kind = acts[line].kind
    if book.effects[kind].follows == Family.NONE.value:
        return accepted(), no_link(kind, acts[line].cell)
    if item == 0:
        return refused(Outcome.PREDECESSOR_MISSING.value, -1, 0), no_link(kind, acts[line].cell)
    link = build_link(book, kind, as_position(item), acts[line].cell)
    finding = years.check_order_of_dates(acts, book, line, link[0])
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link
    if book.effects[kind].after != Stage.NONE.value:
        finding = check_order(acts, book, line, link[0])
    else:
        finding = check_family(acts, book, line, link[0])
    if finding[0] == Outcome.ACCEPTED.value:
        finding = _check_stated_account(acts, book, line, link)
    if finding[0] == Outcome.ACCEPTED.value:
        finding = service_requests.check_request(acts, book, line, link)
    if finding[0] == Outcome.ACCEPTED.value and advances.is_advance(book, kind):
        finding = advances.check_request(acts, book, line, link[0])
    if finding[0] == Outcome.ACCEPTED.value and retentions.retains(book, kind):
        finding = retentions.check_request(acts, book, line, link[0])
    if finding[0] == Outcome.ACCEPTED.value and retentions.penalises(book, kind):
        finding = retentions.check_penalty(book, link[0])
    if book.effects[kind].after == Stage.BY_HAND.value and finding[0] == Outcome.ACCEPTED.value:
        finding = suspense.check_item(acts, book, line, link)
    if book.effects[kind].pairs != Pairing.NONE.value and finding[0] == Outcome.ACCEPTED.value:
        finding = reassignments.check_lines_beside(acts, book, line, link[0])
    if finding[0] == Outcome.ACCEPTED.value and assets.is_of_asset(book, kind):
        finding = assets.check_item(acts, book, line, link[0])
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link
    return _check_remainders(book, link, kind, acts[line].amount), link


@part
def _check_spending(acts, book, line, link):
    """Check the credits that a line takes; not in advance, and of payroll only once the calendar says so (rule A28)."""
    tree, nodes = build_tree_of_line(acts, book, line, link[1]), find_nodes(book, link[1])
    demand = compute_demand(book, link, acts[line].amount)
    is_checked_at_year_end = book.effects[link[2]].check == CreditCheck.YEAR_END.value
    is_unchecked = is_checked_at_year_end and not years.checks_payroll(acts, book, line, link[1])
    if book.effects[link[2]].family == Family.RESTORATION.value:
        return restorations.check_limits(tree, nodes, acts[line].amount)
    if is_unchecked or years.spends_in_advance(acts, book, line, link[1]):
        return spending.check_limits(tree, nodes, demand)
    return spending.check_spending(tree, nodes, demand)


@part
def _check_settlement(acts, book, line, link):
    """Check what a settlement consumes; a payment of payroll from December on also that no credits are overdrawn."""
    nodes, demand = find_nodes(book, link[1]), compute_settlement(book, link, acts[line].amount)
    if book.effects[link[2]].budget == BudgetAction.REASSIGN.value:
        return spending.check_spending(build_tree_of_line(acts, book, line, link[1]), nodes, demand)
    if book.effects[link[2]].settles > 0 and years.needs_payroll_check(acts, book, line, link):
        finding = spending.check_overdraft(build_tree_of_line(acts, book, line, link[1]), nodes[0])
        if finding[0] != Outcome.ACCEPTED.value:
            return finding
    return spending.check_spending(build_tree(book), nodes, demand)  # its request has taken the credits


@part
def _check_budget(acts, book, line, link):
    _, cell, base, _, _ = link
    action = book.effects[base].budget
    if action == BudgetAction.SPEND.value:
        return _check_spending(acts, book, line, link)
    if action == BudgetAction.NONE.value:
        return accepted()
    if action == BudgetAction.SETTLE.value or action == BudgetAction.REASSIGN.value:
        return _check_settlement(acts, book, line, link)
    if action == BudgetAction.WITHDRAW.value:
        return withdrawals.check_withdrawal(acts, book, line, link)
    if action == BudgetAction.CARRY.value:
        return carries.check_reservation(book, link, acts[line].amount)
    if action == BudgetAction.OPEN_FUND.value:
        return funds.check_figures(acts, book, line, cell)
    if action >= BudgetAction.CARRY_OUT.value:
        return unused_credits.check_line(acts, book, line, cell)
    measure, target = find_target(book, acts[line].kind, cell)
    budget_line = (np.int64(action), np.int64(measure), target, np.int64(acts[line].source))
    tree = build_tree_of_line(acts, book, line, cell)
    finding = budget.check_budget_line(tree, budget_line, acts[line].amount)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    if action == BudgetAction.CANCEL.value:
        return years.check_cancelled_title(acts, book, line, cell, target)
    place = (np.int64(book.cells[cell].year), np.int64(measure), np.int64(target))
    return decrees.check_decree(acts, book, line, place, action)


@part
def _find_predecessor_item(acts, book, place):
    """Return the entry that the line follows; 0 if its kind follows none, or if that entry is missing."""
    if book.effects[acts[place[1]].kind].follows == Family.NONE.value:
        return np.int64(0)
    return np.int64(find_predecessor(acts, book, place))


@part
def _check_period(acts, book, line, item):
    """Check that the month is open for the accountant; a missing predecessor may have any accountant."""
    if item == 0 and book.effects[acts[line].kind].follows != Family.NONE.value:
        return accepted()
    cell = find_cell(book, acts[line].kind, as_position(item), acts[line].cell)
    state = book.periods[find_folio(acts, book, line, cell)]
    if state == PeriodState.OPEN.value:
        return accepted()
    is_locked = state == PeriodState.LOCKED.value
    return refused(Outcome.PERIOD_LOCKED.value if is_locked else Outcome.PERIOD_CLOSED.value, -1, 0)


@large_part
def check_line(acts, book, place):
    """Return (finding, link, posting) of one line; the latter two have no meaning for a line that breaks a rule.

    ``place`` = (first row of its act, line, guesses of the prefetch)
    """
    line = place[1]
    link, no_posting = no_link(acts[line].kind, acts[line].cell), (np.int64(0), np.int64(0), np.int64(0))
    if acts[line].fault != 0:
        return refused(acts[line].fault, -1, 0), link, no_posting
    item = _find_predecessor_item(acts, book, place)
    finding = _check_period(acts, book, line, item)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link, no_posting
    outcome, payee = _check_payee(acts, book, place)
    if outcome != Outcome.ACCEPTED.value:
        return refused(outcome, -1, 0), link, no_posting
    if invoices.find_claim(acts, book, line) > 0:
        return refused(Outcome.INVOICE_ALREADY_REQUESTED.value, -1, 0), link, no_posting
    finding, link = _check_predecessor(acts, book, line, item)
    if finding[0] == Outcome.ACCEPTED.value and seldom(inventory.is_inventory(book, acts[line].kind)):
        finding = inventory.check_line(acts, book, line, link)
    if finding[0] == Outcome.ACCEPTED.value and visas.commits_freely(book, acts[line].kind):
        finding = visas.check_threshold(acts, book, place, link[1])
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link, no_posting
    if seldom(acts[line].signature != 0):  # few files name persons on every line, and it takes long
        finding = signatures.check_signature(acts, book, place, link[1])
        if finding[0] != Outcome.ACCEPTED.value:
            return finding, link, no_posting
    effects = book.effects[acts[line].kind]
    if effects.inherits and not effects.pays:
        payee = payees.read_payee_of_item(book, link[0])
    finding = years.check_budget_year(acts, book, line, link)
    if finding[0] == Outcome.ACCEPTED.value:
        finding = _check_budget(acts, book, line, link)
    if finding[0] == Outcome.ACCEPTED.value and seldom(book.cells[link[1]].special != 0):
        finding = special_accounts.check_line(acts, book, line, link)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link, no_posting
    debit, credit = accounts.find_accounts(acts, book, line, link)
    return accounts.check_accounts(acts, book, line, link[1], (debit, credit)), link, (payee, debit, credit)
