"""Set-offs: a line takes up a debt and the next line of its act a receivable of the same person, by one amount (rule A58)."""

import numpy as np

from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from kernels import payees
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part


@part
def _are_beside(acts, book, line):
    """Return whether ``line`` takes up a debt and the next line of its act a receivable, on one day by one amount."""
    after = as_position(line + 1)
    if after >= acts.size or acts[after].head != acts[line].head:
        return False
    takes_debt = book.effects[acts[line].kind].pairs == Pairing.DEBT.value
    takes_receivable = book.effects[acts[after].kind].pairs == Pairing.RECEIVABLE.value
    is_alike = acts[after].amount == acts[line].amount and acts[after].day == acts[line].day
    return takes_debt and takes_receivable and is_alike and acts[after].period == acts[line].period


@rare_part
def check_pair(acts, book, line, item):
    """Check that a line stands beside the other of its set-off; of a receivable also its debtor and accountant."""
    if book.effects[acts[line].kind].pairs == Pairing.DEBT.value:
        if _are_beside(acts, book, line):
            return accepted()
        return refused(Outcome.RECEIVABLE_MISSING.value, -1, 0)
    place = np.int64(line) - np.int64(acts[line].head)
    if place == 0 or not _are_beside(acts, book, as_position(line - 1)):
        return refused(Outcome.SET_OFF_MISMATCH.value, -1, 0)
    set_off = as_position(np.int64(book.counters[0].entries) + place)
    payable = as_position(book.items[set_off].parent)
    is_of_person = payees.read_payee_of_item(book, payable) == payees.read_payee_of_item(book, item)
    accountants = (
        book.cells[book.items[payable].cell].accountant,
        book.cells[book.items[item].cell].accountant,
    )
    if is_of_person and accountants[0] == accountants[1]:
        return accepted()
    return refused(Outcome.SET_OFF_MISMATCH.value, -1, 0)
