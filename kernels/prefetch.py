"""Memory asked for ahead: a look-up among millions of keys waits for memory; a block of them waits once, together.

Nothing here changes an outcome: it decides what is already in the cache when the decision comes to it, and where a
decision looks first for the keys it must find.
"""

import numpy as np

from core.tables.journal import PREDECESSOR_BY_ENTRY
from kernels import key_index
from kernels.jit import as_position, part, prefetch

BLOCK_ROWS = 16
"""So few that what a block asks for stays in the first-level cache until it is decided: 32 rows crowd each other out."""
PREVIOUS, PAYEE, ENTRY = 0, 1, 2
"""What is kept of each row: where its predecessor and its payee seemed to stand, and the entry it seemed to follow."""


@part
def allocate_guesses():
    """Room for what is found of a block; a row's place is its number modulo ``BLOCK_ROWS``."""
    return np.full((3, BLOCK_ROWS), key_index.NO_GUESS, np.uint32)


@part
def read_guess(found, what, row):
    """Where ``PREVIOUS`` or ``PAYEE`` of ``row`` seemed to stand; one of another row where nothing was asked of this."""
    return found[what, as_position(row) % BLOCK_ROWS]


@part
def _prefetch_slots(acts, book, first, end):
    waits = book.counters[0].waiting > 0
    for row in range(first, end):
        row = as_position(row)
        prefetch(book.slots, np.int64(key_index.find_home_slot(book.slots, acts[row].key_low)))
        prefetch(book.slots, np.int64(key_index.find_home_slot(book.slots, acts[row].previous_low)))
        prefetch(book.payee_slots, np.int64(key_index.find_home_slot(book.payee_slots, acts[row].payee_low)))
        if waits:
            prefetch(
                book.waiting_slots, np.int64(key_index.find_home_slot(book.waiting_slots, acts[row].key_low))
            )


@part
def _prefetch_keys(acts, book, block, found):
    for row in range(block[0], block[1]):
        row = as_position(row)
        at = row % BLOCK_ROWS
        previous = key_index.guess_row(book.slots, acts[row].previous_low)
        payee = key_index.guess_row(book.payee_slots, acts[row].payee_low)
        found[PREVIOUS, at], found[PAYEE, at] = previous, payee
        prefetch(book.keys, np.int64(previous if previous != key_index.NO_GUESS else 0))
        prefetch(book.payees, np.int64(payee if payee != key_index.NO_GUESS else 0))


@part
def _prefetch_items(acts, book, block, found):
    last = np.uint64(book.counters[0].entries)
    for row in range(block[0], block[1]):
        row = as_position(row)
        at = row % BLOCK_ROWS
        previous = found[PREVIOUS, at]
        entry = np.uint64(book.keys[previous if previous != key_index.NO_GUESS else 0].value)
        if acts[row].previous_line == PREDECESSOR_BY_ENTRY:
            entry = min(acts[row].previous_high, last)
        found[ENTRY, at] = entry
        prefetch(book.items, np.int64(entry))


@part
def _prefetch_nodes(acts, book, block, found):
    """Assignments and nodes are few and near; so this goes on to the node above, and asks for acts to come."""
    for row in range(block[0], block[1]):
        row = as_position(row)
        prefetch(acts, row + 2 * BLOCK_ROWS)
        given, inherited = acts[row].cell, book.items[found[ENTRY, row % BLOCK_ROWS]].cell
        node = as_position(book.cells[as_position(given if given >= 0 else inherited)].centre_node)
        parent = as_position(max(book.nodes[node].parent, 0))
        prefetch(book.figures, node)
        prefetch(book.nodes, parent)
        prefetch(book.figures, parent)


@part
def prefetch_block(acts, book, block, found):
    """Bring what the rows of ``block`` = (first, end) will look up into the cache, one step of the way after another.

    ``found`` is filled with where each row of the block has come.
    """
    _prefetch_slots(acts, book, block[0], block[1])
    _prefetch_keys(acts, book, block, found)
    _prefetch_items(acts, book, block, found)
    _prefetch_nodes(acts, book, block, found)
