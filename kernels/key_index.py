"""Which keys are known?  Open addressing over 96-bit fingerprints; rows stand in order of acceptance.

The search for a key begins at a slot in proportion to its low word, which stands in the slot itself: so a look at the keys is
seldom in vain.
"""

import numpy as np

from core.tables.book import Counters, KeyRows, Slots
from core.tables.journal import Acts
from kernels.jit import as_position, fills_column, fills_records, kernel, part, reads_records, whole

_TAG_BITS = np.uint64(32)
_ROW_MASK = np.uint64(0xFFFF_FFFF)
_ONE = np.uint64(1)
_FREE = np.uint64(0)
_FIRST_SLOT = np.uint64(0)
NO_GUESS = np.uint32(0xFFFF_FFFF)
"""No row: the last one is never used."""


@part
def find_home_slot(slots, low):
    """Slot where the search for ``low`` begins."""
    return (np.uint64(low) * np.uint64(slots.size)) >> _TAG_BITS


@part
def _find_next_slot(slots, at):
    at += _ONE
    return at if at < np.uint64(slots.size) else _FIRST_SLOT


@part
def find_key_and_slot(slots, keys, high, low):
    """(row, slot) of the key (``high``, ``low``); row -1 and the free slot where it belongs if it is not known."""
    at, tag = find_home_slot(slots, low), np.uint64(low)
    while slots[at] != _FREE:
        row = np.int64(slots[at] & _ROW_MASK) - 1
        if slots[at] >> _TAG_BITS == tag and keys[as_position(row)].high == high:
            return row, at
        at = _find_next_slot(slots, at)
    return np.int64(-1), at


@part
def find_key(slots, keys, high, low):
    """Row of the key (``high``, ``low``), or -1."""
    row, _ = find_key_and_slot(slots, keys, high, low)
    return row


@part
def guess_row(slots, low):
    """Row that one of the two slots where most searches end points at, by its tag; ``UNLIKELY`` if neither does.

    A guess, good enough to ask memory for it, and made without a branch that depends on it.
    """
    at, tag = find_home_slot(slots, low), np.uint64(low)
    here, there = slots[at], slots[_find_next_slot(slots, at)]
    word = here if here >> _TAG_BITS == tag else there
    row = np.uint32((word + _ROW_MASK) & _ROW_MASK)  # one less; of a free slot, no row
    return row if word >> _TAG_BITS == tag else NO_GUESS


@part
def find_guessed_key(slots, keys, guess, key):
    """Row of ``key`` = (high, low), or -1; ``guess`` is where ``likely_row`` saw it, some rows ago."""
    high, low = key
    if guess != NO_GUESS and keys[guess].high == high and keys[guess].low == low:
        return np.int64(guess)
    return find_key(slots, keys, high, low)


@part
def _point_slot(slots, at, row, low):
    slots[at] = (np.uint64(low) << _TAG_BITS) | np.uint64(row + 1)


@part
def _find_free_slot(slots, at):
    """First free slot from ``at`` on, behind the last one the first again."""
    while slots[at] != _FREE:
        at = _find_next_slot(slots, at)
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
    """Store ``entry`` = (high, low, value, content) as ``row`` and make it findable."""
    _store_key(keys, row, entry)
    insert_slot(slots, row, entry[1])


@part
def insert_key_at(slots, slot, keys, row, entry):
    """Store ``entry`` as ``insert`` does, through the free ``slot`` where ``seek`` ended."""
    _store_key(keys, row, entry)
    _point_slot(slots, slot, row, entry[1])


@part
def remove_slot(slots, row, low):
    """Free the slot that points at ``row``, the last one entered: no search was ever led past it."""
    at = find_home_slot(slots, low)
    while slots[at] & _ROW_MASK != np.uint64(row + 1):
        at = _find_next_slot(slots, at)
    slots[at] = _FREE


@kernel(fills_column(Slots), reads_records(KeyRows), whole, whole)
def index_keys(slots, keys, first, end):
    """Enter rows ``first`` to ``end`` of ``keys`` into ``slots``: on loading, and where slots become too few.

    Reads     keys                 rows first..end; fingerprints
    Advances  slots                more than ``end`` of them, up to 2**32
    Order     rows in order; the outcome of ``find`` does not depend on it
    Outcomes  none; never raises
    Overflow  rows stay below 2**32 - 1: the book refuses to grow further
    Cost      O(rows) expected at a load of at most a half
    Oracle    tests.oracle.key_index.index_keys
    """
    for row in range(first, end):
        insert_slot(slots, row, keys[row].low)


@kernel(reads_records(Acts), fills_column(Slots), fills_records(KeyRows), fills_records(Counters))
def insert_waiting_keys(acts, slots, waiting, counters):
    """Hold the keys of acts that wait for their predecessor.

    Reads     acts                      n rows; those that are an act's first line count
    Advances  slots, waiting, counters  the keys held
    Order     row order
    Outcomes  none; never raises
    Overflow  impossible: the book made room
    Cost      O(n)
    Oracle    tests.oracle.waiting_keys.insert_waiting_keys
    """
    for row in range(acts.size):
        if acts[row].head == row:
            at = counters[0].waiting
            held = (acts[row].key_high, acts[row].key_low, np.uint32(0), acts[row].content)
            insert_key(slots, waiting, at, held)
            counters[0].waiting = at + 1
