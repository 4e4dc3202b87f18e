"""What earlier lines still allow: commitments engaged, certified, requested (A16, A32, A33, A35)."""

import numpy as np

from core.catalog import KIND_NUMBER, Remainder
from core.tables.book import FOLLOWED, STOPPED
from kernels.jit import aside, counted, part

_SUSPENSION = KIND_NUMBER["term_suspension"]


@part
def remainder(items, root, which):
    """Cents left of remainder ``which`` on entry ``root``."""
    if which == Remainder.OPEN.value:
        return items[root].open
    return items[root].unbilled


@aside
def _turn(items, root):
    """Let ``root`` be followed, or be so no more; and let the term that it is about stop or go on, or the other way round."""
    items[root].unbilled ^= np.int64(FOLLOWED)
    payable = counted(items[root].parent) if items[root].kind == _SUSPENSION else root
    items[payable].unbilled ^= np.int64(STOPPED)


@part
def add(items, root, which, amount):
    """Add ``amount`` to remainder ``which`` of entry ``root``; nothing where ``which`` is none.

    What may happen once has no amount: it happens, or is taken back, by the same change.
    """
    if which == Remainder.OPEN.value:
        items[root].open += amount
    elif which == Remainder.UNBILLED.value:
        items[root].unbilled += amount
    elif which == Remainder.ONCE.value:
        _turn(items, root)


@part
def is_followed(items, root):
    """Whether an act that may follow once follows entry ``root``."""
    return (items[root].unbilled & np.int64(FOLLOWED)) != 0


@part
def is_stopped(book, item):
    """Whether the term of what is payable stands suspended: its own, or that of what it is a part of."""
    at = counted(item)
    while (book.items[at].unbilled & np.int64(STOPPED)) == 0 and book.effects[
        book.items[at].kind
    ].inherits != 0:
        at = counted(book.items[at].parent)
    return (book.items[at].unbilled & np.int64(STOPPED)) != 0
