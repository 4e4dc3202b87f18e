"""Does a line hold?  The rules in order of precedence: itself, its payee, what it follows, the budget, the accounts.

finding = (outcome, node, cents missing)
posting = (payee, debit account, credit account)
"""

import numpy as np

from core.catalog import Budget, Change, Family, Remainder, Role, Stage
from core.outcome_codes import Outcome
from core.tables.book import LEDGER_ACCOUNTS, ROLES
from kernels import availability, budget, commitments, key_index, payees, spending
from kernels.findings import fine, found
from kernels.jit import aside, counted, part
from kernels.links import alone, demand_of, link_to, place_of, settled_by, target_of
from kernels.predecessors import judge_assignment, judge_order, predecessor
from kernels.prefetch import PAYEE, guess

_LEDGER_MAX = 2**62


@part
def _names_payee(acts, place):
    """Does an earlier line of the same act register the same payee?"""
    row, line = place
    for earlier in range(row, line):
        if (
            acts[earlier].payee_high == acts[line].payee_high
            and acts[earlier].payee_low == acts[line].payee_low
        ):
            return True
    return False


@part
def _judge_payee(acts, book, place):
    """Whether the payee may be registered or paid: (outcome, its number)."""
    row, line, seen = place
    kind = acts[line].kind
    registers = book.effects[kind].family == Family.THIRD_PARTY.value
    if not registers and not book.effects[kind].pays:
        return np.int64(Outcome.ACCEPTED.value), np.int64(0)
    high, low = acts[line].payee_high, acts[line].payee_low
    known = key_index.find_likely(book.payee_slots, book.payees, guess(seen, PAYEE, line), (high, low))
    if registers:
        if known >= 0 or _names_payee(acts, (row, line)):
            return np.int64(Outcome.PAYEE_ALREADY_REGISTERED.value), np.int64(0)
        return np.int64(Outcome.ACCEPTED.value), np.int64(book.counters[0].payees + 1 + line - row)
    if known < 0:
        return np.int64(Outcome.PAYEE_UNKNOWN.value), np.int64(0)
    payee = payees.number_of(book, counted(known))
    if book.effects[kind].change != Change.NONE.value:
        return payees.judge_change(book, kind, payee), payee
    if payees.differs(book, payee, acts[line].bank):
        return np.int64(Outcome.BANK_DETAILS_DIFFER.value), np.int64(0)
    return np.int64(Outcome.ACCEPTED.value), payee


@part
def _judge_remainders(book, link, kind, amount):
    item, _, base, root, sign = link
    effects, items = book.effects, book.items
    if sign < 0 and amount > items[item].open:
        return found(Outcome.REVERSAL_EXCEEDS_ORIGINAL.value, -1, amount - items[item].open)
    draws = effects[base].feeds if sign < 0 else effects[base].draws
    if Remainder.NONE.value < draws < Remainder.ONCE.value and root > 0:
        left = commitments.remainder(items, root, draws)
        if amount > left:
            return found(effects[kind].shortfall, -1, amount - left)
    return fine()


@part
def _judge_predecessor(acts, book, place):
    """Whether what the line follows is there and suffices: (finding, link)."""
    line = place[1]
    kind = acts[line].kind
    if book.effects[kind].follows == Family.NONE.value:
        return fine(), alone(kind, acts[line].cell)
    item = predecessor(acts, book, place)
    if item == 0:
        return found(Outcome.PREDECESSOR_MISSING.value, -1, 0), alone(kind, acts[line].cell)
    link = link_to(book, kind, counted(item))
    if book.effects[kind].after != Stage.NONE.value:
        finding = judge_order(acts, book, line, link[0])
    else:
        finding = judge_assignment(acts, book, line, link[0])
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link
    return _judge_remainders(book, link, kind, acts[line].amount), link


@part
def _judge_budget(acts, book, line, link):
    _, cell, base, _, _ = link
    action, tree = book.effects[base].budget, availability.Budget(book.nodes, book.figures)
    if action == Budget.SPEND.value:
        return spending.judge(tree, place_of(book, cell), demand_of(book, link, acts[line].amount))
    if action == Budget.NONE.value:
        return fine()
    if action == Budget.SETTLE.value:
        return spending.judge(tree, place_of(book, cell), settled_by(book, link, acts[line].amount))
    measure, target = target_of(book, acts[line].kind, cell)
    what = (np.int64(action), np.int64(measure), target, np.int64(acts[line].source))
    return budget.judge(tree, what, acts[line].amount)


@aside
def _charged(acts, book, line, item):
    """What the request under entry ``item`` was charged to; of one billed on a service, what its assignment charges."""
    payable = counted(book.items[item].parent)
    while book.effects[book.items[payable].kind].inherits:
        payable = counted(book.items[payable].parent)
    if book.effects[book.items[payable].kind].debit != Role.ACCRUED.value:
        return counted(book.items[payable].debit)
    cell = book.items[item].cell
    return counted(acts[line].account if acts[line].account != 0 else book.cells[cell].expense)


@aside
def _shared_account(acts, book, line, item, role):
    """The account of a role that no assignment decides."""
    if role == Role.PREDECESSOR.value:
        return counted(book.items[item].credit)
    if role == Role.ORIGIN.value:
        return counted(book.items[counted(book.items[item].parent)].credit)
    if role == Role.CHARGE.value:
        return _charged(acts, book, line, item)
    return counted(book.roles[counted(acts[line].period) * ROLES + role])


@part
def _account(acts, book, wanted):
    line, item, cell, role = wanted
    if role == Role.EXPENSE.value:
        return counted(acts[line].account if acts[line].account != 0 else book.cells[cell].expense)
    if role == Role.ACCRUED.value:
        return counted(book.cells[cell].accrued)
    if role == Role.CREDITOR.value:
        return counted(book.cells[cell].creditor)
    return np.int64(0) if role == Role.NONE.value else _shared_account(acts, book, line, item, role)


@part
def _accounts(acts, book, line, link):
    """(debit, credit) accounts: by role, or the mirrored ones of the entry that is undone."""
    item, cell, base, _, sign = link
    if sign < 0:
        return counted(book.items[item].credit), counted(book.items[item].debit)
    debit = _account(acts, book, (line, item, cell, book.effects[base].debit))
    return debit, _account(acts, book, (line, item, cell, book.effects[base].credit))


@part
def _judge_accounts(acts, book, line, accounts):
    debit, credit = accounts
    if debit == 0:
        return fine()
    at, room = counted(acts[line].period) * LEDGER_ACCOUNTS, _LEDGER_MAX - acts[line].amount
    if book.ledger[at + debit].debit > room or book.ledger[at + credit].credit > room:
        return found(Outcome.BALANCE_LIMIT.value, -1, 0)
    return fine()


@part
def _judge_itself(acts, book, line):
    if acts[line].fault != 0:
        return found(acts[line].fault, -1, 0)
    if not book.periods[counted(acts[line].period)]:
        return found(Outcome.PERIOD_CLOSED.value, -1, 0)
    return fine()


@part
def judge(acts, book, place):
    """(finding, link, posting) of one line; the latter two have no meaning for a line that breaks a rule.

    ``place`` = (row of its act, line, what looking ahead has seen)
    """
    line = place[1]
    link, nothing = alone(acts[line].kind, acts[line].cell), (np.int64(0), np.int64(0), np.int64(0))
    finding = _judge_itself(acts, book, line)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link, nothing
    outcome, payee = _judge_payee(acts, book, place)
    if outcome != Outcome.ACCEPTED.value:
        return found(outcome, -1, 0), link, nothing
    finding, link = _judge_predecessor(acts, book, place)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link, nothing
    effects = book.effects[acts[line].kind]
    if effects.inherits and not effects.pays:
        payee = payees.of_item(book, link[0])
    finding = _judge_budget(acts, book, line, link)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link, nothing
    debit, credit = _accounts(acts, book, line, link)
    return _judge_accounts(acts, book, line, (debit, credit)), link, (payee, debit, credit)
