"""The days of receivables and receipts: from when a receivable is due, and on which day its money reached the bank.

What is identified on suspense was collected when the bank credited it (LOLF art. 28), as long as it stands in the books of
that year.  What was opened in the books of a later year counts there: its entry is that of the opening (rule A56).
"""

import numpy as np

from core.catalog import Stage
from core.kind_rules import Pairing
from kernels.jit import as_position, part, rare_part


@part
def collects_from_suspense(book, kind):
    """Return whether ``kind`` collects a receivable with an amount that the line before it takes off suspense."""
    effects = book.effects[kind]
    return effects.pairs == Pairing.IDENTIFICATION.value and effects.reaches == Stage.COLLECTED.value


@part
def _read_credit_day(book, entry):
    """Return the day of the entry on suspense from which the entry before ``entry`` takes its amount."""
    movement = as_position(book.items[as_position(entry - 1)].parent)
    return np.int64(book.items[movement].day)


@part
def note_day(book, entry, kind, source):
    """Store on which day a new receivable is due (``source``, if positive), or the day of the credit of a new receipt."""
    if book.effects[kind].reaches == Stage.DUE.value and source > 0:
        book.items[entry].advanced = source
    elif collects_from_suspense(book, kind):
        book.items[entry].advanced = _read_credit_day(book, entry)


@rare_part
def find_day(acts, book, line, entry):
    """Return the day on which a line that collects counts; its entry is, or will be, ``entry``."""
    if collects_from_suspense(book, acts[line].kind):
        return _read_credit_day(book, entry)
    return np.int64(acts[line].day)


@part
def read_day(book, receipt):
    """Return the day on which the stored ``receipt`` counts."""
    day = np.int64(book.items[receipt].advanced)
    return day if day > 0 else np.int64(book.items[receipt].day)


@part
def is_due(book, receivable, day):
    """Return whether ``receivable`` is due on ``day``: of before its day was stored it is due at once."""
    return day >= book.items[receivable].advanced
