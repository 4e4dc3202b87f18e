"""What an accepted line does: to remainders, budget and ledger; and how an accepted act is remembered."""

import numpy as np

from core.catalog import Budget, Family
from core.codes import Outcome
from core.tables import LEDGER_ACCOUNTS
from kernels import availability, budget, commitments, keys
from kernels.availability import AE, CONSUMED, CP, RESERVED
from kernels.following import action_of, followed, measure_of, spending, target_node
from kernels.signature import part


@part
def apply_remainders(book, item, kind, amount):
    """Draw from what is followed and feed what may follow; a negative ``amount`` undoes it."""
    effects, items = book.effects, book.items
    base, root, _ = followed(book, kind, item)
    if effects[kind].mirrors:
        items[item].open -= amount
        if root > 0:
            commitments.add(items, root, effects[base].feeds, -amount)
            commitments.add(items, root, effects[base].draws, amount)
    else:
        commitments.add(items, root, effects[base].draws, -amount)
        commitments.add(items, root, effects[base].feeds, amount)


@part
def _apply_spending(acts, book, decisions, step):
    line, direction = step
    cell = decisions[line].cell
    ae_reserved, ae_consumed, cp_reserved = spending(acts, book, decisions, line)
    centre, operation = np.int64(book.cells[cell].centre_node), np.int64(book.cells[cell].operation_node)
    if operation >= 0:
        availability.add(book, operation, AE + RESERVED, direction * ae_reserved)
        availability.add(book, operation, AE + CONSUMED, direction * ae_consumed)
        ae_reserved = -ae_consumed  # what the earmark holds above turns into consumption
    if ae_reserved != 0:
        availability.add_upwards(book, centre, AE + RESERVED, direction * ae_reserved)
    if ae_consumed != 0:
        availability.add_upwards(book, centre, AE + CONSUMED, direction * ae_consumed)
    if cp_reserved != 0:
        availability.add_upwards(book, centre, CP + RESERVED, direction * cp_reserved)


@part
def _apply_accounts(acts, book, decisions, posting):
    line, amount = posting
    debit, credit = decisions[line].debit, decisions[line].credit
    if debit != 0:
        at = acts[line].period * LEDGER_ACCOUNTS
        book.ledger[at + debit].debit += amount
        book.ledger[at + credit].credit += amount
        book.ledger[at + debit].touched = 1
        book.ledger[at + credit].touched = 1


@part
def apply(acts, book, decisions, step):
    """Carry out a line judged fine (direction 1), or undo it (-1)."""
    line, direction = step
    kind, amount = acts[line].kind, direction * acts[line].amount
    if book.effects[kind].follows != Family.NONE.value:
        apply_remainders(book, decisions[line].predecessor, kind, amount)
    action = action_of(acts, book, decisions, line)
    if action == Budget.SPEND.value:
        _apply_spending(acts, book, decisions, step)
    elif action != Budget.NONE.value:
        target, measure = target_node(book, acts[line].cell), measure_of(book.effects, kind)
        budget.apply(book, (action, measure), target, acts[line].source, amount)
    _apply_accounts(acts, book, decisions, (line, amount))


@part
def _register(acts, book, number, line):
    at = book.counters[0].payees
    payee = (acts[line].payee_high, acts[line].payee_low, np.uint32(number), acts[line].bank)
    keys.insert(book.payee_slots, book.payees, at, payee)
    book.counters[0].payees = at + 1


@part
def place_item(book, place, amount, cell):
    """Put entry ``place`` = (entry, kind, predecessor) among what may be followed."""
    entry, kind, predecessor = place
    items, family = book.items, book.effects[kind].family
    _, root, _ = followed(book, kind, predecessor)
    items[entry].kind = kind
    items[entry].cell = cell
    items[entry].parent = root
    items[entry].lines_after = 0
    items[entry].unbilled = 0
    opens = family == Family.COMMITMENT.value or family == Family.SERVICE.value
    items[entry].open = amount if opens or family == Family.PAYMENT_REQUEST.value else 0


@part
def _record_item(acts, book, decisions, place):
    line, entry, lines_after = place
    kind = acts[line].kind
    place_item(book, (entry, kind, decisions[line].predecessor), acts[line].amount, decisions[line].cell)
    book.items[entry].lines_after = lines_after
    book.items[entry].debit, book.items[entry].credit = decisions[line].debit, decisions[line].credit
    if book.effects[kind].family == Family.THIRD_PARTY.value:
        _register(acts, book, decisions[line].payee, line)


@part
def record(acts, book, decisions, span):
    """Give the act its entries, its key and its place among what may be followed."""
    row, end = span
    first = book.counters[0].entries + 1
    for line in range(row, end):
        entry = first + line - row
        decisions[line].outcome = Outcome.ACCEPTED.value
        decisions[line].entry = entry
        decisions[line].node = -1
        decisions[line].missing = 0
        _record_item(acts, book, decisions, (line, entry, end - 1 - line))
    book.counters[0].entries = first + end - row - 1
    at = book.counters[0].keys
    keys.insert(
        book.slots,
        book.keys,
        at,
        (acts[row].key_high, acts[row].key_low, np.uint32(first), acts[row].content),
    )
    book.counters[0].keys = at + 1
