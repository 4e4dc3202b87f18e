"""Memory asked for ahead: a look-up among millions of keys waits for memory; a block of them waits once, together.

Nothing here changes an outcome: it only decides what is already in the cache when the decision comes to it.
"""

import numpy as np

from kernels import keys
from kernels.signature import counted, part, prefetch

BLOCK_ROWS = 64


@part
def _ask_slots(acts, book, first, end):
    waits = book.counters[0].waiting > 0
    for row in range(first, end):
        row = counted(row)
        prefetch(book.slots, np.int64(keys.home(book.slots, acts[row].key_low)))
        prefetch(book.slots, np.int64(keys.home(book.slots, acts[row].previous_low)))
        prefetch(book.payee_slots, np.int64(keys.home(book.payee_slots, acts[row].payee_low)))
        if waits:
            prefetch(book.waiting_slots, np.int64(keys.home(book.waiting_slots, acts[row].key_low)))


@part
def _ask_keys(acts, book, block, found):
    for row in range(block[0], block[1]):
        row, at = counted(row), counted(row - block[0])
        previous = keys.likely_row(book.slots, acts[row].previous_low)
        found[at] = previous
        prefetch(book.keys, previous)
        prefetch(book.payees, keys.likely_row(book.payee_slots, acts[row].payee_low))


@part
def _ask_items(book, rows, found):
    for at in range(rows):
        at = counted(at)
        found[at] = book.keys[found[at]].value
        prefetch(book.items, np.int64(found[at]))


@part
def _ask_cells(acts, book, block, found):
    for row in range(block[0], block[1]):
        row, at = counted(row), counted(row - block[0])
        given, inherited = acts[row].cell, book.items[found[at]].cell
        cell = given if given >= 0 else inherited
        found[at] = cell
        prefetch(book.cells, np.int64(found[at]))


@part
def _ask_nodes(book, rows, found):
    for at in range(rows):
        at = counted(at)
        found[at] = book.cells[found[at]].centre_node
        prefetch(book.nodes, np.int64(found[at]))
        prefetch(book.figures, np.int64(found[at]))


@part
def _ask_parents(book, rows, found):
    for at in range(rows):
        at = counted(at)
        parent = counted(max(book.nodes[found[at]].parent, 0))
        prefetch(book.nodes, parent)
        prefetch(book.figures, parent)


@part
def look_ahead(acts, book, block, found):
    """Bring what the rows of ``block`` = (first, end) will look up into the cache, one step of the way after another.

    ``found`` has room for where each row of the block has come.
    """
    first, end = block
    _ask_slots(acts, book, first, end)
    _ask_keys(acts, book, block, found)
    _ask_items(book, end - first, found)
    _ask_cells(acts, book, block, found)
    _ask_nodes(book, end - first, found)
    _ask_parents(book, end - first, found)
