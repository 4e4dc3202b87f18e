"""The predecessors of lines in the book, before the lines are decided."""

import numpy as np

from core.tables.book import KeyRows, OpenItems, Slots
from core.tables.journal import PREDECESSOR_BY_ENTRY, Acts
from core.tables.predecessor_entries import PredecessorEntries
from kernels import key_index
from kernels.jit import as_position, borrow, fills, kernel, part, reads_column, reads_records


@part
def _find_predecessor_entry(act, slots, keys, items):
    """Return the entry that ``act`` follows; 0 if it names none, one of its own lines, or one that does not exist."""
    if act.previous_line == PREDECESSOR_BY_ENTRY:
        entry = np.int64(act.previous_high)
        return entry if 0 < entry < items.size else np.int64(0)
    offset = np.int64(act.previous_line) - 1
    if offset < 0:
        return np.int64(0)
    key_row = key_index.find_key(slots, keys, act.previous_high, act.previous_low)
    if key_row < 0:
        return np.int64(0)
    first = np.int64(keys[as_position(key_row)].value)
    return first + offset if offset <= items[as_position(first)].lines_after else np.int64(0)


@kernel(
    reads_records(Acts),
    reads_column(Slots),
    reads_records(KeyRows),
    reads_records(OpenItems),
    fills(PredecessorEntries),
)
def find_predecessor_entries(acts, slots, keys, items, predecessors):
    """Find the entry that each line follows, and whether the line's own act is accepted already.

    Reads     acts          n rows
              slots, keys   the index of accepted acts
              items         one row per entry, and row 0, which is none
    Fills     predecessors  n rows
    Order     irrelevant: rows are independent
    Outcomes  none; never raises
    Overflow  none
    Cost      O(n) expected
    Oracle    tests.oracle.predecessor_entries.find_predecessor_entries
    """
    acts, keys, items = borrow(acts), borrow(keys), borrow(items)
    for row in range(acts.size):
        row = as_position(row)
        predecessors.entry[row] = _find_predecessor_entry(acts[row], slots, keys, items)
        own_row = key_index.find_key(slots, keys, acts[row].key_high, acts[row].key_low)
        predecessors.is_known[row] = own_row >= 0
