"""Debts: how much of each was taken up, by what was paid, set off, withheld, carried or passed on (rules A29, A37).

What is asked back lowers that amount, of the debt and of the debts that it is a part of.
"""

import numpy as np

from core.catalog import Remainder, Stage
from core.tables.book import USE_MASK
from core.tables.expense_marks import REPAYMENT_MASK, RETENTION_BIT
from kernels.jit import as_position, part, rare_part

_HIGH, _LOW = np.int64(USE_MASK), np.int64(0xFFFF_FFFF)
_RETENTION, _REPAYMENTS = np.int64(RETENTION_BIT), np.int64(REPAYMENT_MASK)


@part
def is_debt(book, item):
    """Return whether an entry is a debt that may be paid, passed on, released or confirmed: it counts what acts take."""
    reaches = book.effects[book.items[item].kind].reaches
    is_kept_back = reaches == Stage.RETAINED.value or reaches == Stage.WITHHELD.value
    return reaches == Stage.PAYABLE.value or is_kept_back


@part
def _retains(book, base):
    """Return whether acts of the kind ``base`` retain a part of a request."""
    effects = book.effects[base]
    return effects.reaches == Stage.RETAINED.value and effects.after == Stage.PAYABLE.value


@part
def read_use_cents(items, entry):
    """Return what was taken up of a debt and not rejected since, less what is asked back of it."""
    return (items[entry].unbilled & _HIGH) | np.int64(items[entry].followers)


@part
def add_use_cents(items, entry, amount):
    """Add to what was taken up of a debt."""
    cents = read_use_cents(items, entry) + amount
    items[entry].followers = np.uint32(cents & _LOW)
    items[entry].unbilled = (items[entry].unbilled & ~_HIGH) | (cents & _HIGH)


@part
def is_taken_up(items, entry):
    """Return whether an act took up a debt, also one that asks it back since, or retained a part of it as a guarantee."""
    return (items[entry].unbilled & (_HIGH | _RETENTION | _REPAYMENTS)) != 0 or items[entry].followers != 0


@part
def has_full_rejection(items, entry):
    """Return whether a debt was rejected in full: nothing is left of it, and nothing took it up."""
    return items[entry].open == 0 and not is_taken_up(items, entry)


@part
def _takes_up(book, base, root):
    """Return whether acts of the kind ``base`` take up the debt ``root``."""
    return root > 0 and book.effects[base].draws == Remainder.OPEN.value and is_debt(book, root)


@part
def count_use(book, link, amount):
    """Count what an act takes up of a debt, or is undone; what is retained as a guarantee is no use: nothing was paid yet."""
    base, root = link[2], link[3]
    if _takes_up(book, base, root):
        if _retains(book, base):
            book.items[root].unbilled += _RETENTION if amount > 0 else -_RETENTION
        else:
            add_use_cents(book.items, root, amount)


@rare_part
def lower_item(book, link, amount):
    """Lower the open amount of an item that a mirror undoes; what is rejected of a part was not taken up of its debt.

    A guarantee that is rejected in full was not retained.
    """
    item, _, base, root, _ = link
    was_rejected = has_full_rejection(book.items, item)
    book.items[item].open -= amount
    if _retains(book, base):
        if has_full_rejection(book.items, item) != was_rejected:
            book.items[root].unbilled += _RETENTION if was_rejected else -_RETENTION
    elif _takes_up(book, base, root):
        add_use_cents(book.items, root, -amount)


@part
def is_part(book, item):
    """Return whether a debt is a part or a carry of another; what is released of a guarantee is a debt of its own."""
    effects = book.effects[book.items[item].kind]
    return effects.inherits != 0 and effects.after == Stage.PAYABLE.value


@rare_part
def find_repayable(book, item):
    """Return what may be asked back of a debt: what was taken up of it, and of each debt that it is a part of."""
    at = as_position(item)
    repayable = read_use_cents(book.items, at)
    while is_part(book, at):
        at = as_position(book.items[at].parent)
        repayable = min(repayable, read_use_cents(book.items, at))
    return repayable


@rare_part
def ask_back(book, item, amount):
    """Take what is asked back off what was taken up of a debt, and of the debts that it is a part of."""
    at = as_position(item)
    add_use_cents(book.items, at, -amount)
    while is_part(book, at):
        at = as_position(book.items[at].parent)
        add_use_cents(book.items, at, -amount)
