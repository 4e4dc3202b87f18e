"""Which keys are known?  Open addressing over 96-bit fingerprints; rows stand in order of acceptance."""

import numpy as np

from core.tables import Acts, Counters, Keys, Slots
from kernels.signature import counted, fills_column, fills_records, kernel, part, reads_records, whole

_TAG_BITS = np.uint64(32)
_ROW_MASK = np.uint64(0xFFFF_FFFF)
_ONE = np.uint64(1)
_FREE = np.uint64(0)


@part
def seek(slots, keys, high, low):
    """(row, slot) of the key (``high``, ``low``); row -1 and the free slot where it belongs if it is not known."""
    mask = np.uint64(slots.size - 1)
    at = high & mask
    tag = np.uint64(low)
    while slots[at] != _FREE:
        row = np.int64(slots[at] & _ROW_MASK) - 1
        if slots[at] >> _TAG_BITS == tag and keys[counted(row)].high == high:
            return row, at
        at = (at + _ONE) & mask
    return np.int64(-1), at


@part
def find(slots, keys, high, low):
    """Row of the key (``high``, ``low``), or -1."""
    row, _ = seek(slots, keys, high, low)
    return row


@part
def home(slots, high):
    """Slot where the search for ``high`` begins."""
    return np.int64(high & np.uint64(slots.size - 1))


@part
def likely_row(slots, high, low):
    """Row that a slot with the right tag points at, or 0: a guess, good enough to ask memory for it."""
    mask = np.uint64(slots.size - 1)
    at = high & mask
    tag = np.uint64(low)
    while slots[at] != _FREE:
        if slots[at] >> _TAG_BITS == tag:
            return np.int64(slots[at] & _ROW_MASK) - 1
        at = (at + _ONE) & mask
    return np.int64(0)


@part
def _point(slots, at, row, low):
    slots[at] = (np.uint64(low) << _TAG_BITS) | np.uint64(row + 1)


@part
def enter(slots, row, high, low):
    """Point the first free slot of (``high``, ``low``) at ``row``."""
    mask = np.uint64(slots.size - 1)
    at = high & mask
    while slots[at] != _FREE:
        at = (at + _ONE) & mask
    _point(slots, at, row, low)


@part
def _store(keys, row, entry):
    high, low, value, content = entry
    keys[row].high = high
    keys[row].low = low
    keys[row].value = value
    keys[row].content = content


@part
def insert(slots, keys, row, entry):
    """Store ``entry`` = (high, low, value, content) as ``row`` and make it findable."""
    _store(keys, row, entry)
    enter(slots, row, entry[0], entry[1])


@part
def insert_at(slots, slot, keys, row, entry):
    """Store ``entry`` as ``insert`` does, through the free ``slot`` where ``seek`` ended."""
    _store(keys, row, entry)
    _point(slots, slot, row, entry[1])


@kernel(fills_column(Slots), reads_records(Keys), whole, whole)
def index(slots, keys, first, end):
    """Enter rows ``first`` to ``end`` of ``keys`` into ``slots``: after growth, or on loading.

    Reads     keys                 rows first..end; fingerprints
    Advances  slots                a power of two of slots, more than ``end`` of them
    Order     rows in order; the outcome of ``find`` does not depend on it
    Outcomes  none; never raises
    Overflow  rows stay below 2**32 - 1: the book refuses to grow further
    Cost      O(rows) expected at a load of at most a half
    Oracle    tests.oracle.keys.index
    """
    for row in range(first, end):
        enter(slots, row, keys[row].high, keys[row].low)


@kernel(reads_records(Acts), fills_column(Slots), fills_records(Keys), fills_records(Counters))
def wait(acts, slots, waiting, counters):
    """Hold the keys of acts that wait for their predecessor.

    Reads     acts                      n rows; those that are an act's first line count
    Advances  slots, waiting, counters  the keys held
    Order     row order
    Outcomes  none; never raises
    Overflow  impossible: the book made room
    Cost      O(n)
    Oracle    tests.oracle.waiting.wait
    """
    for row in range(acts.size):
        if acts[row].head == row:
            at = counters[0].waiting
            held = (acts[row].key_high, acts[row].key_low, np.uint32(0), acts[row].content)
            insert(slots, waiting, at, held)
            counters[0].waiting = at + 1
