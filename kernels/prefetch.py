"""Prefetching: a look-up among millions of keys waits for memory; a block of look-ups waits only once.

Nothing here changes an outcome: it only determines what is in the cache when a decision needs it, and where a decision
looks first for a key.
"""

import numpy as np

from core.tables.journal import PREDECESSOR_BY_ENTRY
from kernels import key_index
from kernels.instructions import prefetch
from kernels.jit import as_position, part

BLOCK_ROWS = 16
"""Few enough for the data of a block to stay in the first-level cache until it is decided: 32 rows evict each other."""
PREVIOUS, PAYEE, ENTRY = 0, 1, 2
"""The guesses for each row: the key row of its predecessor and of its payee, and the entry that it follows."""


@part
def allocate_guesses():
    """Allocate the guesses of a block; the position of a row is its number modulo ``BLOCK_ROWS``."""
    return np.full((3, BLOCK_ROWS), key_index.NO_GUESS, np.uint32)


@part
def read_guess(guesses, which, row):
    """Return the guess ``PREVIOUS`` or ``PAYEE`` of ``row``; that of another row if this one was not prefetched."""
    return guesses[which, as_position(row) % BLOCK_ROWS]


@part
def _prefetch_slots(acts, book, first, end):
    waits = book.counters[0].waiting > 0
    for row in range(first, end):
        row = as_position(row)
        prefetch(book.slots, np.int64(key_index.find_home_slot(book.slots, acts[row].key_low)))
        prefetch(book.slots, np.int64(key_index.find_home_slot(book.slots, acts[row].previous_low)))
        prefetch(book.payee_slots, np.int64(key_index.find_home_slot(book.payee_slots, acts[row].payee_low)))
        invoice_slot = key_index.find_home_slot(book.invoice_slots, acts[row].invoice_low)
        prefetch(book.invoice_slots, np.int64(invoice_slot))
        if waits:
            prefetch(
                book.waiting_slots, np.int64(key_index.find_home_slot(book.waiting_slots, acts[row].key_low))
            )


@part
def _prefetch_keys(acts, book, block, guesses):
    for row in range(block[0], block[1]):
        row = as_position(row)
        at = row % BLOCK_ROWS
        previous = key_index.guess_row(book.slots, acts[row].previous_low)
        payee = key_index.guess_row(book.payee_slots, acts[row].payee_low)
        guesses[PREVIOUS, at], guesses[PAYEE, at] = previous, payee
        prefetch(book.keys, np.int64(previous if previous != key_index.NO_GUESS else 0))
        prefetch(book.payees, np.int64(payee if payee != key_index.NO_GUESS else 0))


@part
def _prefetch_items(acts, book, block, guesses):
    last = np.uint64(book.counters[0].entries)
    for row in range(block[0], block[1]):
        row = as_position(row)
        at = row % BLOCK_ROWS
        previous = guesses[PREVIOUS, at]
        entry = np.uint64(book.keys[previous if previous != key_index.NO_GUESS else 0].value)
        if acts[row].previous_line == PREDECESSOR_BY_ENTRY:
            entry = min(acts[row].previous_high, last)
        guesses[ENTRY, at] = entry
        prefetch(book.items, np.int64(entry))


@part
def _prefetch_nodes(acts, book, block, guesses):
    """Prefetch nodes and their parents, which are few and close together, and the acts of a later block."""
    for row in range(block[0], block[1]):
        row = as_position(row)
        prefetch(acts, row + 2 * BLOCK_ROWS)
        own_cell, inherited = acts[row].cell, book.items[guesses[ENTRY, row % BLOCK_ROWS]].cell
        node = as_position(book.cells[as_position(own_cell if own_cell >= 0 else inherited)].centre_node)
        parent = as_position(max(book.nodes[node].parent, 0))
        prefetch(book.figures, node)
        prefetch(book.nodes, parent)
        prefetch(book.figures, parent)


@part
def prefetch_block(acts, book, block, guesses):
    """Prefetch the data that the rows of ``block`` = (first, end) will look up, one step of all look-ups after another.

    Fill ``guesses`` with the guesses for each row of the block.
    """
    _prefetch_slots(acts, book, block[0], block[1])
    _prefetch_keys(acts, book, block, guesses)
    _prefetch_items(acts, book, block, guesses)
    _prefetch_nodes(acts, book, block, guesses)
