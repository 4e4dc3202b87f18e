"""Which pages of items a batch changed: a checkpoint stores no others."""

import numpy as np

from core.tables.book import OpenItems
from core.tables.columns import Code, Entry
from kernels.jit import as_position, borrow, fills_column, kernel, reads_column, reads_records, whole


@kernel(reads_column(Entry), reads_records(OpenItems), whole, fills_column(Code))
def mark_pages(followed, items, rows_a_page, pages):
    """Mark the pages of the entries followed, and of what these act on: their commitments, or what they suspend.

    Reads     followed    n entries; 0 is none
              items       by entry
    Advances  pages       1 where page ``entry // rows_a_page`` changed
    Order     none: marks are only ever set
    Outcomes  none; never raises
    Overflow  none
    Cost      O(n), one pass
    Oracle    tests.oracle.dirty_pages.mark_pages
    """
    items, pages = borrow(items), borrow(pages)
    for row in range(followed.size):
        entry = as_position(followed[row])
        if entry > 0:
            pages[entry // rows_a_page] = 1
            pages[np.int64(items[entry].parent) // rows_a_page] = 1
