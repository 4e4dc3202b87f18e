"""What earlier lines still allow: commitments engaged, certified, requested (A16, A32, A33, A35)."""

import numpy as np

from core.book import FOLLOWED
from core.catalog import Remainder
from kernels.signature import part


@part
def remainder(items, root, which):
    """Cents left of remainder ``which`` on entry ``root``."""
    if which == Remainder.OPEN.value:
        return items[root].open
    return items[root].unbilled


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
        items[root].unbilled ^= np.int64(FOLLOWED)


@part
def is_followed(items, root):
    """Whether an act that may follow once follows entry ``root``."""
    return (items[root].unbilled & np.int64(FOLLOWED)) != 0
