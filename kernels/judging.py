"""Does a line hold?  The rules in order of precedence: itself, its payee, what it follows, the budget, the accounts."""

import numpy as np

from core.catalog import Budget, Family, Remainder, Role
from core.codes import Outcome
from core.tables import LEDGER_ACCOUNTS
from kernels import availability, budget, commitments, keys
from kernels.availability import AE, CONSUMED, CP, RESERVED
from kernels.following import action_of, followed, measure_of, spending, target_node
from kernels.signature import part

_LEDGER_MAX = 2**62
_FINE = (Outcome.ACCEPTED.value, -1, 0)


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
def _judge_payee(acts, book, decisions, place):
    row, line = place
    decisions[line].payee = 0
    kind = acts[line].kind
    registers = book.effects[kind].family == Family.THIRD_PARTY.value
    if not registers and not book.effects[kind].pays:
        return Outcome.ACCEPTED.value
    high, low = acts[line].payee_high, acts[line].payee_low
    known = keys.find(book.payee_slots, book.payees, high, low)
    if registers:
        if known >= 0 or _names_payee(acts, (row, line)):
            return Outcome.PAYEE_ALREADY_REGISTERED.value
        decisions[line].payee = book.counters[0].payees + 1 + line - row
        return Outcome.ACCEPTED.value
    if known < 0:
        return Outcome.PAYEE_UNKNOWN.value
    if acts[line].bank != 0 and acts[line].bank != book.payees[known].content:
        return Outcome.BANK_DETAILS_DIFFER.value
    decisions[line].payee = book.payees[known].value
    return Outcome.ACCEPTED.value


@part
def _judge_remainders(acts, book, item, line):
    amount, kind, items = acts[line].amount, acts[line].kind, book.items
    if book.effects[kind].mirrors and amount > items[item].open:
        return Outcome.REVERSAL_EXCEEDS_ORIGINAL.value, -1, amount - items[item].open
    base, root, _ = followed(book, kind, item)
    draws = book.effects[base].feeds if book.effects[kind].mirrors else book.effects[base].draws
    if draws != Remainder.NONE.value and root > 0:
        left = commitments.remainder(items, root, draws)
        if amount > left:
            return np.int64(book.effects[kind].shortfall), -1, amount - left
    return _FINE


@part
def _judge_predecessor(acts, book, decisions, line):
    items = book.items
    known = keys.find(book.slots, book.keys, acts[line].previous_high, acts[line].previous_low)
    behind = np.int64(acts[line].previous_line) - 1
    if known < 0 or behind < 0:
        return Outcome.PREDECESSOR_MISSING.value, -1, 0
    first = np.int64(book.keys[known].value)
    if behind > items[first].lines_after:
        return Outcome.PREDECESSOR_MISSING.value, -1, 0
    item = first + behind
    decisions[line].predecessor = item
    if acts[line].cell >= 0 and acts[line].cell != items[item].cell:
        return Outcome.ASSIGNMENT_DIFFERS.value, -1, 0
    decisions[line].cell = items[item].cell
    return _judge_remainders(acts, book, item, line)


@part
def _short_of_ae(book, centre, operation, amount):
    if operation < 0:
        return availability.short_node(book, centre, AE, amount)
    if book.nodes[operation].blocking and amount > availability.available(book, operation, AE):
        return operation
    return np.int64(-1)


@part
def _judge_limits(book, where, amounts):
    """Estimated credits know no ceiling, but their figures still must stay countable."""
    centre, operation = where
    ae_reserved, ae_consumed, cp_reserved = amounts
    start = operation if operation >= 0 else centre
    full = np.int64(-1)
    if ae_reserved > 0:
        # above an operation its earmark stands reserved already
        end = centre if operation >= 0 else np.int64(-1)
        full = availability.full_node(book, start, end, (AE + RESERVED, ae_reserved))
    if ae_consumed > 0 and full < 0:
        full = availability.full_node(book, start, -1, (AE + CONSUMED, ae_consumed))
    if cp_reserved > 0 and full < 0:
        full = availability.full_node(book, centre, -1, (CP + RESERVED, cp_reserved))
    if full >= 0:
        return Outcome.BALANCE_LIMIT.value, full, 0
    return _FINE


@part
def _judge_spending(acts, book, decisions, line):
    cell = decisions[line].cell
    ae_reserved, ae_consumed, cp_reserved = spending(acts, book, decisions, line)
    net_ae = ae_reserved + ae_consumed
    centre, operation = np.int64(book.cells[cell].centre_node), np.int64(book.cells[cell].operation_node)
    if net_ae > 0:
        # an earmark already reserved the operation's credits above it
        short = _short_of_ae(book, centre, operation, net_ae)
        if short >= 0:
            return Outcome.AE_EXCEEDED.value, short, net_ae - availability.available(book, short, AE)
    if cp_reserved > 0:
        short = availability.short_node(book, centre, CP, cp_reserved)
        if short >= 0:
            return Outcome.CP_EXCEEDED.value, short, cp_reserved - availability.available(book, short, CP)
    return _judge_limits(book, (centre, operation), (ae_reserved, ae_consumed, cp_reserved))


@part
def _judge_budget(acts, book, decisions, line):
    action = action_of(acts, book, decisions, line)
    if action == Budget.NONE.value:
        return _FINE
    if action == Budget.SPEND.value:
        return _judge_spending(acts, book, decisions, line)
    target = target_node(book, acts[line].cell)
    measure = measure_of(book.effects, acts[line].kind)
    return budget.judge(book, (action, measure), target, acts[line].source, acts[line].amount)


@part
def _account(acts, book, decisions, wanted):
    line, role = wanted
    cell = decisions[line].cell
    if role == Role.EXPENSE.value:
        return acts[line].account if acts[line].account != 0 else book.cells[cell].expense
    if role == Role.ACCRUED.value:
        return book.cells[cell].accrued
    if role == Role.CREDITOR.value:
        return book.cells[cell].creditor
    return np.int16(0)


@part
def _accounts(acts, book, decisions, line):
    """(debit, credit) accounts: by role, or the mirrored ones of the entry that is undone."""
    kind, item = acts[line].kind, decisions[line].predecessor
    if book.effects[kind].mirrors:
        return book.items[item].credit, book.items[item].debit
    debit = _account(acts, book, decisions, (line, book.effects[kind].debit))
    return debit, _account(acts, book, decisions, (line, book.effects[kind].credit))


@part
def _judge_accounts(acts, book, decisions, line):
    debit, credit = _accounts(acts, book, decisions, line)
    decisions[line].debit, decisions[line].credit = debit, credit
    if debit == 0:
        return _FINE
    at, amount = acts[line].period * LEDGER_ACCOUNTS, acts[line].amount
    room = _LEDGER_MAX - amount
    if book.ledger[at + debit].debit > room or book.ledger[at + credit].credit > room:
        return Outcome.BALANCE_LIMIT.value, -1, 0
    return _FINE


@part
def judge(acts, book, decisions, place):
    """(outcome, node, cents missing) of one line; what applying it needs is left in ``decisions``."""
    line = place[1]
    if acts[line].fault != 0:
        return np.int64(acts[line].fault), -1, 0
    if not book.periods[acts[line].period]:
        return Outcome.PERIOD_CLOSED.value, -1, 0
    effects, kind = book.effects, acts[line].kind
    outcome = _judge_payee(acts, book, decisions, place)
    if outcome != Outcome.ACCEPTED.value:
        return outcome, -1, 0
    decisions[line].predecessor = 0
    decisions[line].cell = acts[line].cell if acts[line].cell >= 0 else 0
    if effects[kind].follows != Family.NONE.value:
        finding = _judge_predecessor(acts, book, decisions, line)
        if finding[0] != Outcome.ACCEPTED.value:
            return finding
    finding = _judge_budget(acts, book, decisions, line)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    return _judge_accounts(acts, book, decisions, line)
