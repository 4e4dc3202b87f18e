"""The index of keys: open addressing over 96-bit fingerprints; rows are in order of acceptance.

The search for a key begins at a slot in proportion to its low word.  The slot contains that word as a tag, so that the
search rarely reads a key in vain.
"""

import numpy as np

from core.tables.book import Counters, KeyRows, Slots
from core.tables.journal import Acts
from kernels.jit import as_position, fills_column, fills_records, kernel, part, reads_records, whole

_TAG_BITS = np.uint64(32)
_ROW_MASK = np.uint64(0xFFFF_FFFF)
_STEP = np.uint64(1)
_FREE = np.uint64(0)
_FIRST_SLOT = np.uint64(0)
NO_GUESS = np.uint32(0xFFFF_FFFF)
"""No row: the last row is never used."""


@part
def find_home_slot(slots, low):
    """Return the slot where the search for ``low`` begins."""
    return (np.uint64(low) * np.uint64(slots.size)) >> _TAG_BITS


@part
def find_next_slot(slots, at):
    """Return the slot after ``at``; after the last slot comes the first."""
    at += _STEP
    return at if at < np.uint64(slots.size) else _FIRST_SLOT


@part
def find_key_and_slot(slots, keys, high, low):
    """Return (row, slot) of the key (``high``, ``low``); for an unknown key, -1 and the free slot where it belongs."""
    at, tag = find_home_slot(slots, low), np.uint64(low)
    while slots[at] != _FREE:
        row = np.int64(slots[at] & _ROW_MASK) - 1
        if slots[at] >> _TAG_BITS == tag and keys[as_position(row)].high == high:
            return row, at
        at = find_next_slot(slots, at)
    return np.int64(-1), at


@part
def find_key(slots, keys, high, low):
    """Return the row of the key (``high``, ``low``), or -1."""
    row, _ = find_key_and_slot(slots, keys, high, low)
    return row


@part
def guess_row(slots, low):
    """Guess the row of a key from the tags of the two slots where most searches end; ``NO_GUESS`` if neither matches.

    The guess is good enough for a prefetch, and is made without a branch that depends on it.
    """
    at, tag = find_home_slot(slots, low), np.uint64(low)
    first, second = slots[at], slots[find_next_slot(slots, at)]
    word = first if first >> _TAG_BITS == tag else second
    row = np.uint32((word + _ROW_MASK) & _ROW_MASK)  # one less; NO_GUESS for a free slot
    return row if word >> _TAG_BITS == tag else NO_GUESS


@part
def find_guessed_key(slots, keys, guess, key):
    """Return the row of ``key`` = (high, low), or -1; ``guess`` is what ``guess_row`` returned some rows earlier."""
    high, low = key
    if guess != NO_GUESS and keys[guess].high == high and keys[guess].low == low:
        return np.int64(guess)
    return find_key(slots, keys, high, low)


@part
def _point_slot(slots, at, row, low):
    slots[at] = (np.uint64(low) << _TAG_BITS) | np.uint64(row + 1)


@part
def _find_free_slot(slots, at):
    """Return the first free slot from ``at`` on; after the last slot comes the first."""
    while slots[at] != _FREE:
        at = find_next_slot(slots, at)
    return at


@part
def insert_slot(slots, row, low):
    """Point the first free slot of ``low`` at ``row``."""
    _point_slot(slots, _find_free_slot(slots, find_home_slot(slots, low)), row, low)


@part
def _store_key(keys, row, entry):
    high, low, value, content = entry
    keys[row].high = high
    keys[row].low = low
    keys[row].value = value
    keys[row].content = content


@part
def insert_key(slots, keys, row, entry):
    """Store ``entry`` = (high, low, value, content) as ``row`` and insert its slot."""
    _store_key(keys, row, entry)
    insert_slot(slots, row, entry[1])


@part
def insert_key_at(slots, slot, keys, row, entry):
    """Store ``entry`` as ``insert_key`` does, in the free ``slot`` that ``find_key_and_slot`` returned."""
    _store_key(keys, row, entry)
    _point_slot(slots, slot, row, entry[1])


@part
def remove_slot(slots, row, low):
    """Free the slot that points at ``row``, the last one inserted: no search needs to pass over it."""
    at = find_home_slot(slots, low)
    while slots[at] & _ROW_MASK != np.uint64(row + 1):
        at = find_next_slot(slots, at)
    slots[at] = _FREE


@kernel(fills_column(Slots), reads_records(KeyRows), whole, whole)
def index_keys(slots, keys, first, end):
    """Insert rows ``first`` to ``end`` of ``keys`` into ``slots``: on loading, and when the number of slots grows.

    Reads     keys                 rows first..end; fingerprints
    Advances  slots                more than ``end`` of them, up to 2**32
    Order     rows in order; the result of ``find_key`` does not depend on it
    Outcomes  none; never raises
    Overflow  rows stay below 2**32 - 1: the book refuses to grow further
    Cost      O(rows) expected at a load of at most a half
    Oracle    tests.oracle.key_index.index_keys
    """
    for row in range(first, end):
        insert_slot(slots, row, keys[row].low)


@kernel(reads_records(Acts), fills_column(Slots), fills_records(KeyRows), fills_records(Counters))
def insert_waiting_keys(acts, slots, waiting, counters):
    """Insert the keys of held acts, which wait for their predecessor.

    Reads     acts                      n rows; only the first line of each act counts
    Advances  slots, waiting, counters  the keys of held acts
    Order     row order
    Outcomes  none; never raises
    Overflow  impossible: the book has grown the tables before
    Cost      O(n)
    Oracle    tests.oracle.waiting_keys.insert_waiting_keys
    """
    for row in range(acts.size):
        if acts[row].head == row:
            at = counters[0].waiting
            key = (acts[row].key_high, acts[row].key_low, np.uint32(0), acts[row].content)
            insert_key(slots, waiting, at, key)
            counters[0].waiting = at + 1
