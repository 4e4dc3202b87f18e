"""The pages of open items that a batch changed: a checkpoint stores only these."""

from core.catalog_effects import Effects
from core.tables.book import OpenItems
from core.tables.columns import Code, Entry
from kernels.jit import as_position, borrow, fills_column, kernel, part, reads_column, reads_records, whole


@part
def _leads_on(items, effects, entry):
    """Return whether what follows ``entry`` may change its parent.

    It may of a carried commitment, of a part or carry of a debt, and of a debt that concerns the advances of its commitment.
    """
    kind = items[entry].kind
    return kind == 0 or effects[kind].inherits != 0 or items[entry].advanced != 0


@kernel(reads_column(Entry), reads_records(OpenItems), reads_records(Effects), whole, fills_column(Code))
def mark_pages(followed, items, effects, page_rows, pages):
    """Mark the pages of followed entries, and of their parents: the commitment, or the payable of a suspension.

    The item of a carried commitment has kind 0: then the commitments that it was carried to are marked too.  A part, a
    carry and a settlement lead back to their request, which counts what moves its expense or asks it back: it is marked too.
    So is the commitment of a request, if it has an advance: it counts what is paid and recovered.

    Reads     followed    n entries; 0 is none
              items       by entry
              effects     by kind
    Advances  pages       1 where page ``entry // page_rows`` changed
    Order     irrelevant: marks are only set
    Outcomes  none; never raises
    Overflow  none
    Cost      O(n), one pass; one step more for each carry of a commitment, and for each act between a debt and its request
    Oracle    tests.oracle.dirty_pages.mark_pages
    """
    items, effects, pages = borrow(items), borrow(effects), borrow(pages)
    for row in range(followed.size):
        entry = as_position(followed[row])
        if entry > 0:
            pages[entry // page_rows] = 1
            parent = as_position(items[entry].parent)
            pages[parent // page_rows] = 1
            while parent > 0 and _leads_on(items, effects, parent):
                parent = as_position(items[parent].parent)
                pages[parent // page_rows] = 1
