"""Rollback of decisions: restores the book as it was before them."""

from core.outcome_codes import Outcome
from core.tables.book import Book
from core.tables.journal import Acts, Decisions
from kernels.decisions import borrow_book
from kernels.jit import advances, as_position, borrow, kernel, reads_records
from kernels.postings import remove_act, undo_lines


@kernel(reads_records(Acts), advances(Book), reads_records(Decisions))
def undo_decisions(acts, book, decisions):
    """Undo every accepted act, the last one first; the rows must be those decided last, with these decisions.

    All counted rows and all slots are again as before, to the byte; only the marks of touched rows stay, and rows beyond
    the counts are overwritten by later acts.  Slots can be freed only in reverse order of their use, so the tables must
    not have grown in the meantime.

    Reads     acts, decisions      n rows, the lines of an act next to each other
    Advances  book                 keys, payees, invoices, slots, items, nodes, ledger and counters, in place
    Order     last row to first
    Outcomes  none; never raises
    Overflow  impossible: every figure returns to its former value
    Cost      O(n) expected, one pass, no allocation
    Oracle    tests.oracle.rollback.undo_decisions
    """
    acts, book, decisions = borrow(acts), borrow_book(book), borrow(decisions)
    end = acts.size
    while end > 0:
        row = as_position(acts[as_position(end - 1)].head)
        if decisions[row].outcome == Outcome.ACCEPTED.value:
            undo_lines(acts, book, decisions, row, end - 1)
            remove_act(acts, book, (row, end))
        end = row
