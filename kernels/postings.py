"""The effects of an accepted line on remainders, budget and ledger, and the storage of accepted acts in the book."""

import numpy as np

from core.catalog import BudgetAction, Family, PayeeChange, Remainder, Stage
from core.outcome_codes import Outcome
from core.tables.book import LEDGER_ACCOUNTS
from kernels import (
    advances,
    assets,
    budget,
    carries,
    collection_days,
    commitments,
    debts,
    decrees,
    expenses,
    funds,
    invoices,
    key_index,
    payees,
    special_accounts,
    spending,
    unused_credits,
    visas,
    withdrawals,
    years,
)
from kernels.instructions import seldom
from kernels.jit import as_position, part, rare_part
from kernels.links import (
    build_link,
    compute_demand,
    compute_settlement,
    find_folio,
    find_nodes,
    find_parent,
    find_target,
    no_link,
)
from kernels.prior_reservations import build_tree


@part
def apply_remainders(book, kind, link, amount):
    """Take ``amount`` from the remainder that the line draws on, add it to the one it feeds; a mirror does the reverse."""
    item, _, base, root, sign = link
    if sign < 0:
        commitments.count_follower(book, item, amount)
        debts.lower_item(book, link, amount)
        if book.effects[kind].undoes:
            commitments.mark_reversed_act(book, link, kind, amount)
            expenses.count_change(book, base, as_position(book.items[item].parent), -amount)
        elif expenses.asks_back(book, base):
            debts.ask_back(book, as_position(book.items[item].parent), -amount)
    elif root > 0:
        commitments.count_follower(book, root, amount)
        debts.count_use(book, link, amount)
        expenses.count_change(book, kind, root, amount)
    elif visas.draws_on_plan(book, kind):
        commitments.count_follower(book, item, amount)
        book.items[item].open -= amount
    if root > 0:
        commitments.add_to_remainder(book.items, root, book.effects[base].draws, -sign * amount)
        commitments.add_to_remainder(book.items, root, book.effects[base].feeds, sign * amount)
        advances.count_line(book, link, amount)


@part
def _apply_budget(acts, book, step, link):
    line, amount = step
    _, cell, base, _, _ = link
    action, tree = book.effects[base].budget, build_tree(book)
    if action == BudgetAction.SPEND.value:
        spending.apply_spending(tree, find_nodes(book, cell), compute_demand(book, link, amount))
        if years.spends_in_advance(acts, book, line, cell):
            years.add_to_title(acts, book, line, cell, amount)
    elif action == BudgetAction.SETTLE.value or action == BudgetAction.REASSIGN.value:
        spending.apply_spending(tree, find_nodes(book, cell), compute_settlement(book, link, amount))
    elif action == BudgetAction.WITHDRAW.value:
        withdrawals.apply_withdrawal(acts, book, step, cell)
    elif action == BudgetAction.CARRY.value:
        carries.move_reservation(book, link, amount)
    elif action == BudgetAction.OPEN_FUND.value:
        funds.open_credits(acts, book, step, cell)
    elif action >= BudgetAction.CARRY_OUT.value:
        unused_credits.apply_line(acts, book, step, cell)
    elif action != BudgetAction.NONE.value:
        measure, target = find_target(book, acts[line].kind, cell)
        budget_line = (np.int64(action), np.int64(measure), target, np.int64(acts[line].source))
        budget.apply_budget_line(tree, budget_line, amount)
        if action == BudgetAction.OPEN.value or action == BudgetAction.CANCEL.value:
            years.add_to_title(acts, book, line, cell, amount)
        place = (np.int64(book.cells[cell].year), np.int64(measure), np.int64(target))
        decrees.add_to_decrees(acts, book, step, place, action)


@rare_part
def _apply_side(acts, book, step, cell, accounts):
    """Post a line that has one account alone."""
    line, amount = step
    debit, credit = accounts
    folio = find_folio(acts, book, line, cell)
    at = as_position(folio * LEDGER_ACCOUNTS + debit + credit)
    book.folios[folio] = 1
    if debit != 0:
        book.ledger[at].debit += amount
    else:
        book.ledger[at].credit += amount
    book.ledger[at].touched = 1


@part
def _apply_accounts(acts, book, step, cell, accounts):
    line, amount = step
    debit, credit = accounts
    if debit == 0 or credit == 0:
        if debit != credit:
            _apply_side(acts, book, step, cell, accounts)
    else:
        folio = find_folio(acts, book, line, cell)
        at = folio * LEDGER_ACCOUNTS
        book.folios[folio] = 1
        book.ledger[at + debit].debit += amount
        book.ledger[at + credit].credit += amount
        book.ledger[at + debit].touched = 1
        book.ledger[at + credit].touched = 1


@part
def _concerns_special(book, link):
    """Return whether a line is of a special account, or gives an amount back to a commitment that is carried to one."""
    if book.cells[link[1]].special != 0:
        return True
    return link[4] < 0 and link[3] > 0 and book.cells[as_position(book.items[link[3]].cell)].special != 0


@part
def apply_line(acts, book, step, link, accounts):
    """Apply a checked line; ``step`` = (line, amount, entry of the line), a negative amount undoes it."""
    line, amount, _ = step
    apply_remainders(book, acts[line].kind, link, amount)
    _apply_budget(acts, book, (line, amount), link)
    if seldom(_concerns_special(book, link)):
        special_accounts.count_line(acts, book, step, link)
    _apply_accounts(acts, book, (line, amount), link[1], accounts)


@part
def _rebuild_link(acts, book, decisions, line):
    kind, item = acts[line].kind, decisions[line].predecessor
    cell = decisions[line].cell
    return build_link(book, kind, item, cell) if item > 0 else no_link(kind, cell)


@part
def _feeds_earlier_entry(book, link):
    """Return whether a line raises a remainder of a commitment: an increase, a service and a carry do."""
    return link[4] > 0 and link[3] > 0 and book.effects[link[2]].feeds != Remainder.NONE.value


@part
def _note_source(book, entry, link):
    """Note an increase or a service on its commitment, or the carry of a commitment or a service."""
    if book.effects[link[2]].feeds == Remainder.CARRIED.value:
        carries.store_carry(book, entry, link)
    else:
        commitments.add_source(book.items, as_position(link[3]), entry)


@rare_part
def _remove_source(book, entry, link):
    if book.effects[link[2]].feeds == Remainder.CARRIED.value:
        carries.undo_carry(book, entry, link)
    else:
        commitments.remove_source(book.items, as_position(link[3]), entry)


@rare_part
def undo_lines(acts, book, decisions, first, last):
    """Undo lines ``last`` to ``first``, in this order."""
    for line in range(last, first - 1, -1):
        accounts = np.int64(decisions[line].debit), np.int64(decisions[line].credit)
        link = _rebuild_link(acts, book, decisions, line)
        apply_line(acts, book, (line, -acts[line].amount, np.int64(decisions[line].entry)), link, accounts)
        if _feeds_earlier_entry(book, link):
            _remove_source(book, as_position(decisions[line].entry), link)
        if assets.takes_out(book, acts[line].kind):
            assets.remove_disposal(book.items, as_position(decisions[line].entry), link[0])
        if book.effects[acts[line].kind].change != PayeeChange.NONE.value:
            payees.undo_change(
                acts, book, line, as_position(decisions[line].entry), as_position(decisions[line].payee)
            )


@part
def store_item(book, place, link, amount):
    """Store the open item of ``place`` = (entry, kind, day, number of later lines, posting); its amount is applied already."""
    entry, kind, day, lines_after, (payee, debit, credit) = place
    items, effects = book.items, book.effects[kind]
    parent, under = find_parent(book, link, kind)
    items[entry].open = amount if effects.opens else 0
    items[entry].unbilled = payee if effects.reaches != Stage.NONE.value else 0
    if effects.family == Family.SETTLEMENT.value and effects.reaches != Stage.NONE.value:
        commitments.pass_on_reassignment(book, items, entry, link[0])
    items[entry].parent = parent
    items[entry].cell = link[1]
    items[entry].day = day
    items[entry].debit = (
        items[link[0]].debit if effects.follows == Family.RETENTION.value and debit == 0 else debit
    )
    items[entry].credit = items[link[0]].credit if effects.inherits and credit == 0 else credit
    items[entry].kind = kind
    items[entry].under = under
    items[entry].lines_after = lines_after
    items[entry].followers = 0
    items[entry].advanced = advances.find_mark(book, link, kind)
    if _feeds_earlier_entry(book, link):
        _note_source(book, as_position(entry), link)
    if assets.takes_out(book, kind):
        assets.note_disposal(book, as_position(entry), link[0], amount)


@part
def accept_line(acts, book, decisions, place, checked):
    """Record the decision on an accepted line and its open item; ``place`` = (line, entry, number of later lines).

    The act may still be refused: its entries count only after ``record_act``, and are overwritten otherwise.
    """
    line, entry, lines_after = place
    link, (payee, debit, credit) = checked
    decisions[line].outcome = Outcome.ACCEPTED.value
    decisions[line].entry = entry
    decisions[line].predecessor = link[0]
    decisions[line].cell = link[1]
    decisions[line].payee = payee
    decisions[line].debit = debit
    decisions[line].credit = credit
    decisions[line].accountant = book.cells[link[1]].accountant
    decisions[line].node = -1
    decisions[line].missing = 0
    stored = (entry, acts[line].kind, acts[line].day, lines_after, checked[1])
    store_item(book, stored, link, acts[line].amount)
    collection_days.note_day(book, entry, acts[line].kind, np.int64(acts[line].source))
    if book.effects[acts[line].kind].change != PayeeChange.NONE.value:
        payees.apply_change(acts, book, line, entry, as_position(payee))


@part
def _register_payee(acts, book, line):
    at = book.counters[0].payees
    payee = (acts[line].payee_high, acts[line].payee_low, np.uint32(at + 1), acts[line].bank)
    key_index.insert_key(book.payee_slots, book.payees, at, payee)
    book.counters[0].payees = at + 1


@part
def record_act(acts, book, span, slot):
    """Record the accepted act in ``span``: its key, payees, invoices, and the count of its entries, stored already."""
    row, end = span
    if book.effects[acts[row].kind].family == Family.THIRD_PARTY.value:
        for line in range(row, end):
            _register_payee(acts, book, line)
    first, at = book.counters[0].entries + 1, as_position(book.counters[0].keys)
    act = (acts[row].key_high, acts[row].key_low, np.uint32(first), acts[row].content)
    key_index.insert_key_at(book.slots, slot, book.keys, at, act)
    invoices.record_claims(acts, book, span, first)
    book.counters[0].entries = first + end - row - 1
    book.counters[0].keys = at + 1


@part
def _remove_payee(acts, book, line):
    at = book.counters[0].payees - 1
    key_index.remove_slot(book.payee_slots, at, acts[line].payee_low)
    book.counters[0].payees = at


@part
def remove_act(acts, book, span):
    """Remove the act in ``span``, the last one recorded: its payees, its key, its invoices, its entries."""
    row, end = span
    if book.effects[acts[row].kind].family == Family.THIRD_PARTY.value:
        for line in range(end - 1, row - 1, -1):
            _remove_payee(acts, book, line)
    at = as_position(book.counters[0].keys - 1)
    key_index.remove_slot(book.slots, at, acts[row].key_low)
    book.counters[0].keys = at
    invoices.remove_claims(book, np.int64(book.counters[0].entries) - (end - row) + 1)
    book.counters[0].entries -= end - row
