"""The decision: checks every act against the known keys, its predecessors, and the budget at all levels."""

import numpy as np

from core.outcome_codes import Outcome
from core.tables.book import Book
from core.tables.journal import Acts, Decisions
from kernels import invoices, key_index
from kernels.duplicates import answer_act, answer_known_act, refuse_act
from kernels.jit import (
    advances,
    as_position,
    borrow,
    fills_records,
    flag,
    kernel,
    large_part,
    part,
    reads_records,
)
from kernels.postings import accept_line, apply_line, record_act, undo_lines
from kernels.prefetch import BLOCK_ROWS, ENTRY, allocate_guesses, prefetch_block
from kernels.rules import check_line


@part
def _hold_act(acts, book, decisions, span):
    row, _ = span
    at = book.counters[0].waiting
    key = (acts[row].key_high, acts[row].key_low, np.uint32(0), acts[row].content)
    key_index.insert_key(book.waiting_slots, book.waiting, at, key)
    book.counters[0].waiting = at + 1
    answer_act(decisions, span, Outcome.HELD.value)


@part
def _reject_act(acts, book, decisions, context, finding):
    """Undo the lines before the one that broke a rule; refuse the act, or hold it if it may merely be early."""
    row, line, end, holding = context
    if line > row:
        undo_lines(acts, book, decisions, row, line - 1)
    is_early = (
        finding[0] == Outcome.PREDECESSOR_MISSING.value or finding[0] == Outcome.SERVICE_INSUFFICIENT.value
    )
    if holding and is_early:
        _hold_act(acts, book, decisions, (row, end))
    else:
        refuse_act(acts, decisions, (row, end), (line, finding))
        if finding[0] == Outcome.INVOICE_ALREADY_REQUESTED.value:
            entry = invoices.find_claim(acts, book, line)
            decisions[line].entry, decisions[line].day = entry, book.items[as_position(entry)].day


@large_part
def _decide_act(acts, book, decisions, context):
    """Check and apply line after line, each after those before it; accept all or none."""
    row, end, holding, slot, guesses = context
    entry = as_position(book.counters[0].entries + 1)
    for line in range(row, end):
        line = as_position(line)
        finding, link, posting = check_line(acts, book, (row, line, guesses))
        if finding[0] != Outcome.ACCEPTED.value:
            _reject_act(acts, book, decisions, (row, line, end, holding), finding)
            return
        place = (line, as_position(entry + line - row), end - 1 - line)
        apply_line(acts, book, (line, acts[line].amount, np.int64(place[1])), link, (posting[1], posting[2]))
        accept_line(acts, book, decisions, place, (link, posting))
    record_act(acts, book, (row, end), slot)


@part
def borrow_book(book):
    """Return ``book`` without reference counting."""
    return Book(
        borrow(book.effects),
        borrow(book.cells),
        borrow(book.nodes),
        borrow(book.items),
        borrow(book.ledger),
        borrow(book.keys),
        borrow(book.payees),
        borrow(book.waiting),
        borrow(book.invoices),
        borrow(book.counters),
        borrow(book.figures),
        borrow(book.periods),
        borrow(book.folios),
        borrow(book.years),
        borrow(book.followers),
        borrow(book.titles),
        borrow(book.frozen),
        borrow(book.withdrawn),
        borrow(book.decrees),
        borrow(book.decree_years),
        borrow(book.special),
        borrow(book.payroll_checks),
        borrow(book.roles),
        borrow(book.creditors),
        borrow(book.assets),
        borrow(book.admitted),
        borrow(book.role_kinds),
        borrow(book.signatures),
        borrow(book.grants),
        borrow(book.grant_starts),
        borrow(book.slots),
        borrow(book.payee_slots),
        borrow(book.waiting_slots),
        borrow(book.invoice_slots),
    )


@kernel(reads_records(Acts), advances(Book), fills_records(Decisions), flag)
def decide(acts, book, decisions, holding):
    """Accept, refuse, recognise or hold every act, in row order, and draw the credits it uses.

    Act k sees the effects of acts 1..k-1; a refused act changes nothing, so a smaller act after it may still be accepted.

    Reads     acts                 n rows, the lines of an act next to each other; amounts in cents
    Advances  book                 keys, invoices, items, nodes, ledger and counters, in place
    Fills     decisions            n rows, one per line
    Order     row order: first come, first served
    Outcomes  the first broken rule as ``core.outcome_codes.Outcome``; never raises
    Overflow  impossible: amounts stay below AMOUNT_MAX, figures below BALANCE_MAX, ledger sums below 2**62
    Cost      O(n) expected, one pass; one block of rows is prefetched
    Source    GBCP art. 136, 156-160; LOLF art. 7 and 28; docs/rules.md
    Oracle    tests.oracle.decisions.decide
    """
    acts, book, decisions = borrow(acts), borrow_book(book), borrow(decisions)
    rows = acts.size
    row, prefetched, guess_array = 0, 0, allocate_guesses()
    guesses = borrow(guess_array)
    while row < rows:
        if row >= prefetched:
            prefetched = min(rows, row + BLOCK_ROWS)
            prefetch_block(acts, book, (row, prefetched), guesses)
        row = as_position(row)
        end = row + 1
        while end < rows and acts[as_position(end)].head == row:
            end += 1
        key_row, slot = key_index.find_key_and_slot(
            book.slots, book.keys, acts[row].key_high, acts[row].key_low
        )
        if not answer_known_act(acts, book, decisions, ((row, end), holding), key_row):
            _decide_act(acts, book, decisions, (row, end, holding, slot, guesses))
        row = end
    guess_array[ENTRY, 0] = 0  # the last use keeps Numba from freeing the array earlier
