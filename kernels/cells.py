"""Account assignments to numbers: each distinct one is numbered when first seen."""

import numpy as np

from core.tables.book import Slots
from core.tables.columns import Money
from core.tables.journal import Numbers, PackedCells
from kernels.grouping import mix_bits
from kernels.jit import fills, fills_column, kernel, part, reads

CENTRE_BIT, AREA_BIT, ITEM_BIT, FUND_BIT = 46, 32, 22, 7
"""Where the parts of an account assignment start in its word; the year starts at bit 0, and the sign stays free."""


@part
def _find_slot(slots, known, word):
    """Slot that holds ``word``, or the free one where it belongs."""
    mask = np.uint64(slots.size - 1)
    at = mix_bits(np.uint64(word)) & mask
    while slots[at] != np.uint64(0) and known[np.int64(slots[at]) - 1] != word:
        at = (at + np.uint64(1)) & mask
    return at


@kernel(reads(PackedCells), fills_column(Slots), fills_column(Money), fills_column(Money), fills(Numbers))
def number_cells(packed, slots, known, count, numbers):
    """Number account assignments in the order they are first seen.

    Reads     packed    n words; -1 where a line names none
    Advances  slots     a power of two of slots; position of the word in ``known`` + 1; 0 is free
              known     the words by number; room for all of ``packed`` behind the ``count[0]`` there are
              count     one row: how many are known
    Fills     numbers   n rows; the number, -1 for none
    Order     row order decides the numbers given
    Outcomes  none; never raises
    Overflow  numbers stay below 2**31: the registry refuses to grow further
    Cost      O(n) expected at a load of at most a half
    Oracle    tests.oracle.cells.number_cells
    """
    for row in range(packed.word.size):
        word = packed.word[row]
        if word < 0:
            numbers.number[row] = -1
            continue
        at = _find_slot(slots, known, word)
        if slots[at] == np.uint64(0):
            known[count[0]] = word
            count[0] += 1
            slots[at] = np.uint64(count[0])
        numbers.number[row] = np.int64(slots[at]) - 1
