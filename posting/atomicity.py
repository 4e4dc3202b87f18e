"""Acts that are accepted all or not at all."""

import numpy as np

from core.outcome_codes import Outcome
from core.tables.book import Book
from core.tables.columns import seal_array
from kernels import rollback as kernel


def enforce_atomicity(acts: np.ndarray, decisions: np.ndarray, book: Book, last_entry: int) -> None:
    """Where one of ``acts``, decided just now, is refused, take the others back and let them fall with it.

    ``last`` is the last entry before them: what repeats an older one stands, whatever becomes of the others.
    """
    if not (decisions["outcome"] > Outcome.HELD).any():
        return
    kernel.undo_decisions(seal_array(acts), book, seal_array(decisions))
    fallen = np.flatnonzero((decisions["outcome"] <= Outcome.DUPLICATE) & (decisions["entry"] > last_entry))
    refusal = np.zeros(1, decisions.dtype)
    refusal["outcome"], refusal["node"] = Outcome.FORM_REFUSED, -1
    decisions[fallen] = refusal
