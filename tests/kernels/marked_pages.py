"""The marks of a batch's changes in open items, compared with what the batch changed."""

import numpy as np

from core.tables.book import Book
from core.tables.columns import seal_array
from kernels.dirty_pages import mark_pages


def require_marks(before: np.ndarray, entries: int, book: Book, decisions: np.ndarray) -> None:
    """Require a mark on each of the first ``entries`` items that differs from ``before``.

    A checkpoint stores no other old item, so a change without a mark would be lost by a restart.  One item is one page here.
    """
    marks = np.zeros(book.items.size, np.uint8)
    followed = np.ascontiguousarray(decisions["predecessor"])
    mark_pages(seal_array(followed), seal_array(book.items), book.effects, 1, marks)
    old = np.arange(1, entries + 1)
    changed = old[before[old] != book.items[old]]
    assert not len(changed) or marks[changed].all(), (changed, np.flatnonzero(marks))
