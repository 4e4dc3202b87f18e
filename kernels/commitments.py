"""What earlier lines still allow: commitments engaged, certified, requested (A16, A32, A33, A35)."""

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
    """Add ``amount`` to remainder ``which`` of entry ``root``; nothing where ``which`` is none."""
    if which == Remainder.OPEN.value:
        items[root].open += amount
    elif which == Remainder.UNBILLED.value:
        items[root].unbilled += amount
