"""Numbering of account assignments: each distinct one gets the next number on its first occurrence."""

import numpy as np

from core.tables.book import Slots
from core.tables.columns import Money
from core.tables.journal import Numbers, PackedCells
from kernels.grouping import mix_bits
from kernels.jit import fills, fills_column, kernel, part, reads

CENTRE_BIT, AREA_BIT, ITEM_BIT, FUND_BIT = 46, 32, 22, 7
"""The first bits of the parts of an account assignment in its word; the year starts at bit 0, the sign bit is unused."""


@part
def _find_slot(slots, words, word):
    """Return the slot of ``word``, or the free slot where it belongs."""
    mask = np.uint64(slots.size - 1)
    at = mix_bits(np.uint64(word)) & mask
    while slots[at] != np.uint64(0) and words[np.int64(slots[at]) - 1] != word:
        at = (at + np.uint64(1)) & mask
    return at


@kernel(reads(PackedCells), fills_column(Slots), fills_column(Money), fills_column(Money), fills(Numbers))
def number_cells(packed, slots, words, count, numbers):
    """Number account assignments in the order of their first occurrence.

    Reads     packed    n words; -1 where a line gives none
    Advances  slots     a power of two of slots; position of the word in ``words`` + 1; 0 is free
              words     the words by number; with free rows for all of ``packed`` after the first ``count[0]``
              count     one row: the number of known words
    Fills     numbers   n rows; the number, -1 for none
    Order     row order determines the numbers
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
        at = _find_slot(slots, words, word)
        if slots[at] == np.uint64(0):
            words[count[0]] = word
            count[0] += 1
            slots[at] = np.uint64(count[0])
        numbers.number[row] = np.int64(slots[at]) - 1
