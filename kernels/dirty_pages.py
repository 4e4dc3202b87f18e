"""The pages of open items that a batch changed: a checkpoint stores only these."""

from core.tables.book import OpenItems
from core.tables.columns import Code, Entry
from kernels.jit import as_position, borrow, fills_column, kernel, reads_column, reads_records, whole


@kernel(reads_column(Entry), reads_records(OpenItems), whole, fills_column(Code))
def mark_pages(followed, items, page_rows, pages):
    """Mark the pages of followed entries, and of their parents: the commitment, or the payable of a suspension.

    The item of a carried commitment has kind 0: then the commitments that it was carried to are marked too.

    Reads     followed    n entries; 0 is none
              items       by entry
    Advances  pages       1 where page ``entry // page_rows`` changed
    Order     irrelevant: marks are only set
    Outcomes  none; never raises
    Overflow  none
    Cost      O(n), one pass; one step more for each year over which a commitment was carried
    Oracle    tests.oracle.dirty_pages.mark_pages
    """
    items, pages = borrow(items), borrow(pages)
    for row in range(followed.size):
        entry = as_position(followed[row])
        if entry > 0:
            pages[entry // page_rows] = 1
            parent = as_position(items[entry].parent)
            pages[parent // page_rows] = 1
            while parent > 0 and items[parent].kind == 0:
                parent = as_position(items[parent].parent)
                pages[parent // page_rows] = 1
