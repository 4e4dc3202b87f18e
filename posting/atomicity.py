"""Atomic pieces: their acts are accepted all or none."""

import numpy as np

from core.outcome_codes import CODES_WITH_ENTRY, Outcome
from core.tables.book import Book
from core.tables.columns import seal_array
from kernels import rollback as kernel


def enforce_atomicity(acts: np.ndarray, decisions: np.ndarray, book: Book, *, last_entry: int) -> None:
    """Undo and refuse all of ``acts``, which were decided just now, if one of them was refused.

    ``last_entry`` is the last entry before them: a line that repeats an older entry stays a duplicate in any case.
    """
    if not (decisions["outcome"] > Outcome.HELD).any():
        return
    kernel.undo_decisions(seal_array(acts), book, seal_array(decisions))
    stands_no_more = np.isin(decisions["outcome"], list(CODES_WITH_ENTRY)) & (decisions["entry"] > last_entry)
    decisions["entry"][stands_no_more] = 0
    undone = np.flatnonzero((decisions["outcome"] <= Outcome.DUPLICATE) & (decisions["entry"] > last_entry))
    refusal = np.zeros(1, decisions.dtype)
    refusal["outcome"], refusal["node"] = Outcome.FORM_REFUSED, -1
    decisions[undone] = refusal
