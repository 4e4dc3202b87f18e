"""Does a line hold?  The rules in order of precedence: itself, its payee, what it follows, the budget, the accounts.

finding = (outcome, node, cents missing)
posting = (payee, debit account, credit account)
"""

import numpy as np

from core.book import LEDGER_ACCOUNTS
from core.catalog import Budget, Family, Remainder, Role
from core.codes import Outcome
from kernels import availability, budget, commitments, keys, spending
from kernels.findings import fine, found
from kernels.following import alone, demand_of, link_to, place_of, target_of
from kernels.lookahead import PAYEE, PREVIOUS, guess
from kernels.signature import counted, part

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
    known = keys.find_likely(book.payee_slots, book.payees, guess(seen, PAYEE, line), (high, low))
    if registers:
        if known >= 0 or _names_payee(acts, (row, line)):
            return np.int64(Outcome.PAYEE_ALREADY_REGISTERED.value), np.int64(0)
        return np.int64(Outcome.ACCEPTED.value), np.int64(book.counters[0].payees + 1 + line - row)
    if known < 0:
        return np.int64(Outcome.PAYEE_UNKNOWN.value), np.int64(0)
    if (acts[line].bank != 0) & (acts[line].bank != book.payees[counted(known)].content):
        return np.int64(Outcome.BANK_DETAILS_DIFFER.value), np.int64(0)
    return np.int64(Outcome.ACCEPTED.value), np.int64(book.payees[counted(known)].value)


@part
def _predecessor(acts, book, line, seen):
    """The entry a line follows; 0 if there is none."""
    key = (acts[line].previous_high, acts[line].previous_low)
    known = keys.find_likely(book.slots, book.keys, guess(seen, PREVIOUS, line), key)
    behind = np.int64(acts[line].previous_line) - 1
    if known < 0 or behind < 0:
        return np.int64(0)
    first = np.int64(book.keys[counted(known)].value)
    return first + behind if behind <= book.items[first].lines_after else np.int64(0)


@part
def _judge_remainders(book, link, kind, amount):
    item, _, base, root, sign = link
    effects, items = book.effects, book.items
    if sign < 0 and amount > items[item].open:
        return found(Outcome.REVERSAL_EXCEEDS_ORIGINAL.value, -1, amount - items[item].open)
    draws = effects[base].feeds if sign < 0 else effects[base].draws
    if draws != Remainder.NONE.value and root > 0:
        left = commitments.remainder(items, root, draws)
        if amount > left:
            return found(effects[kind].shortfall, -1, amount - left)
    return fine()


@part
def _judge_predecessor(acts, book, line, seen):
    """Whether what the line follows is there and suffices: (finding, link)."""
    kind = acts[line].kind
    if book.effects[kind].follows == Family.NONE.value:
        return fine(), alone(kind, acts[line].cell)
    item = _predecessor(acts, book, line, seen)
    if item == 0:
        return found(Outcome.PREDECESSOR_MISSING.value, -1, 0), alone(kind, acts[line].cell)
    link = link_to(book, kind, counted(item))
    if acts[line].cell >= 0 and acts[line].cell != link[1]:
        return found(Outcome.ASSIGNMENT_DIFFERS.value, -1, 0), link
    return _judge_remainders(book, link, kind, acts[line].amount), link


@part
def _judge_budget(acts, book, line, link):
    _, cell, base, _, _ = link
    action, tree = book.effects[base].budget, availability.Budget(book.nodes, book.figures)
    if action == Budget.SPEND.value:
        return spending.judge(tree, place_of(book, cell), demand_of(book, link, acts[line].amount))
    if action == Budget.NONE.value:
        return fine()
    measure, target = target_of(book, acts[line].kind, cell)
    what = (np.int64(action), np.int64(measure), target, np.int64(acts[line].source))
    return budget.judge(tree, what, acts[line].amount)


@part
def _account(acts, book, wanted):
    line, cell, role = wanted
    if role == Role.EXPENSE.value:
        return counted(acts[line].account if acts[line].account != 0 else book.cells[cell].expense)
    if role == Role.ACCRUED.value:
        return counted(book.cells[cell].accrued)
    if role == Role.CREDITOR.value:
        return counted(book.cells[cell].creditor)
    return np.int64(0)


@part
def _accounts(acts, book, line, link):
    """(debit, credit) accounts: by role, or the mirrored ones of the entry that is undone."""
    item, cell, base, _, sign = link
    if sign < 0:
        return counted(book.items[item].credit), counted(book.items[item].debit)
    debit = _account(acts, book, (line, cell, book.effects[base].debit))
    return debit, _account(acts, book, (line, cell, book.effects[base].credit))


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
    line, seen = place[1], place[2]
    link, nothing = alone(acts[line].kind, acts[line].cell), (np.int64(0), np.int64(0), np.int64(0))
    finding = _judge_itself(acts, book, line)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link, nothing
    outcome, payee = _judge_payee(acts, book, place)
    if outcome != Outcome.ACCEPTED.value:
        return found(outcome, -1, 0), link, nothing
    finding, link = _judge_predecessor(acts, book, line, seen)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link, nothing
    finding = _judge_budget(acts, book, line, link)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding, link, nothing
    debit, credit = _accounts(acts, book, line, link)
    return _judge_accounts(acts, book, line, (debit, credit)), link, (payee, debit, credit)
