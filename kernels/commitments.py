"""The remainders of earlier lines: amounts engaged, certified and requested (rules A16, A32, A33, A35)."""

import numpy as np

from core.catalog import KIND_NUMBERS, Remainder
from core.tables.book import FOLLOWED_BIT, SUSPENDED_BIT
from kernels.jit import as_position, part, rare_part

_SUSPENSION = KIND_NUMBERS["term_suspension"]


@part
def read_remainder(items, root, which):
    """Return the cents left of remainder ``which`` on entry ``root``."""
    if which == Remainder.OPEN.value:
        return items[root].open
    return items[root].unbilled


@rare_part
def _toggle_followed(items, root):
    """Toggle whether ``root`` is followed, and whether the payment term that it concerns is suspended."""
    items[root].unbilled ^= np.int64(FOLLOWED_BIT)
    payable = as_position(items[root].parent) if items[root].kind == _SUSPENSION else root
    items[payable].unbilled ^= np.int64(SUSPENDED_BIT)


@part
def add_to_remainder(items, root, which, amount):
    """Add ``amount`` to remainder ``which`` of entry ``root``; do nothing where ``which`` is none.

    An act that may follow only once has no amount: it is applied and undone by the same toggle.
    """
    if which == Remainder.OPEN.value:
        items[root].open += amount
    elif which == Remainder.UNBILLED.value:
        items[root].unbilled += amount
    elif which == Remainder.ONCE.value:
        _toggle_followed(items, root)


@part
def is_followed(items, root):
    """Return whether the act that may follow only once already follows entry ``root``."""
    return (items[root].unbilled & np.int64(FOLLOWED_BIT)) != 0


@part
def is_suspended(book, item):
    """Return whether the payment term of a payable is suspended: its own, or that of the debt it is a part of."""
    at = as_position(item)
    while (book.items[at].unbilled & np.int64(SUSPENDED_BIT)) == 0 and book.effects[
        book.items[at].kind
    ].inherits != 0:
        at = as_position(book.items[at].parent)
    return (book.items[at].unbilled & np.int64(SUSPENDED_BIT)) != 0
