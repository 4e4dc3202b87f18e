"""The entry a line follows: by its reference, by its own number, or by its place in the same act."""

import numpy as np

from core.catalog import Remainder, Stage
from core.outcome_codes import Outcome
from core.tables.journal import PREDECESSOR_BY_ENTRY
from kernels import commitments, key_index, payees
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part
from kernels.prefetch import PREVIOUS, read_guess


@rare_part
def _find_by_number(acts, book, place):
    """The entry named by its number, or line of the same act; 0 if there is none before, or the kind may not."""
    row, line, _ = place
    entries = np.int64(book.counters[0].entries)
    if book.effects[acts[line].kind].after == Stage.NONE.value:
        return np.int64(0)
    if acts[line].previous_line == PREDECESSOR_BY_ENTRY:
        entry = np.int64(acts[line].previous_high)
        return entry if 0 < entry <= entries else np.int64(0)
    behind = np.int64(acts[line].previous_line) - 1
    is_here = acts[line].previous_high == 0 and acts[line].previous_low == 0
    return entries + 1 + behind if is_here and 0 <= behind < line - row else np.int64(0)


@part
def find_predecessor(acts, book, place):
    """The entry a line follows; 0 if there is none."""
    _, line, seen = place
    behind = np.int64(acts[line].previous_line) - 1
    if behind < 0:
        return _find_by_number(acts, book, place)
    key = (acts[line].previous_high, acts[line].previous_low)
    known = key_index.find_guessed_key(book.slots, book.keys, read_guess(seen, PREVIOUS, line), key)
    if known < 0:
        return _find_by_number(acts, book, place)
    first = np.int64(book.keys[as_position(known)].value)
    return first + behind if behind <= book.items[first].lines_after else np.int64(0)


@rare_part
def _check_once(book, kind, item):
    """Whether what may follow once does not yet, and what it stops is not over."""
    if commitments.is_followed(book.items, item):
        return np.int64(book.effects[kind].shortfall)
    if book.effects[book.items[item].kind].opens and book.items[item].open == 0:
        return np.int64(Outcome.PREDECESSOR_STAGE.value)
    return np.int64(Outcome.ACCEPTED.value)


@part
def _check_stage(acts, book, line, item):
    """Whether what a line follows stands where the line begins, and with something left to take up."""
    effects = book.effects[acts[line].kind]
    stands = book.effects[book.items[item].kind].reaches == effects.after
    takes = effects.draws == Remainder.OPEN.value
    if not stands or (takes and book.items[item].open == 0):
        return np.int64(Outcome.PREDECESSOR_STAGE.value)
    if effects.draws == Remainder.ONCE.value:
        return _check_once(book, acts[line].kind, item)
    return np.int64(Outcome.ACCEPTED.value)


@part
def check_order(acts, book, line, item):
    """Whether a line may take up what is to be paid there: its stage, then whom and where it is paid, and whether now."""
    outcome = _check_stage(acts, book, line, item)
    if outcome != Outcome.ACCEPTED.value:
        return refused(outcome, -1, 0)
    remits, payee = book.effects[acts[line].kind].remits != 0, payees.read_payee_of_item(book, item)
    if remits and payees.has_other_bank(book, payee, acts[line].bank):
        return refused(Outcome.BANK_DETAILS_DIFFER.value, -1, 0)
    finding = check_assignment(acts, book, line, item)
    if finding[0] != Outcome.ACCEPTED.value or not remits:
        return finding
    if payees.is_blocked(book, payee):
        return refused(Outcome.PAYEE_BLOCKED.value, -1, 0)
    pays = book.effects[acts[line].kind].after == Stage.PAYABLE.value
    if pays and commitments.is_suspended(book, item):
        return refused(Outcome.TERM_SUSPENDED.value, -1, 0)
    return finding


@part
def check_assignment(acts, book, line, item):
    """Whether the assignment a line names, if any, is that of what it follows."""
    if acts[line].cell >= 0 and acts[line].cell != book.items[item].cell:
        return refused(Outcome.ASSIGNMENT_DIFFERS.value, -1, 0)
    return accepted()
