"""Memory asked for ahead: a look-up among millions of keys waits for memory; a block of them waits once, together.

Nothing here changes an outcome: it only decides what is already in the cache when the decision comes to it.
"""

import numpy as np

from kernels import keys
from kernels.signature import part, prefetch

BLOCK_ROWS = 128


@part
def _ask_slots(acts, book, first, end):
    for row in range(first, end):
        prefetch(book.slots, keys.home(book.slots, acts[row].key_high))
        prefetch(book.slots, keys.home(book.slots, acts[row].previous_high))
        prefetch(book.payee_slots, keys.home(book.payee_slots, acts[row].payee_high))


@part
def _ask_keys(acts, book, first, end):
    for row in range(first, end):
        previous = keys.likely_row(book.slots, acts[row].previous_high)
        if previous >= 0:
            prefetch(book.keys, previous)
        payee = keys.likely_row(book.payee_slots, acts[row].payee_high)
        if payee >= 0:
            prefetch(book.payees, payee)


@part
def _ask_items(acts, book, first, end):
    for row in range(first, end):
        previous = keys.likely_row(book.slots, acts[row].previous_high)
        if previous >= 0:
            prefetch(book.items, np.int64(book.keys[previous].value))


@part
def look_ahead(acts, book, first, end):
    """Bring what rows ``first`` to ``end`` will look up into the cache."""
    _ask_slots(acts, book, first, end)
    _ask_keys(acts, book, first, end)
    _ask_items(acts, book, first, end)
