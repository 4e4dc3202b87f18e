"""The remainders of earlier lines: amounts engaged, certified and requested (rules A16, A32, A33, A35)."""

import numpy as np

from core.catalog import KIND_NUMBERS, Family, Remainder
from core.tables.book import FOLLOWED_BIT, REACH_BIT, REACH_MAX, SUSPENDED_BIT
from kernels import assets, debts
from kernels.jit import as_position, part, rare_part

_ENTRY = (1 << REACH_BIT) - 1
_SUSPENSION, _SERVICE = KIND_NUMBERS["term_suspension"], KIND_NUMBERS["service"]


@part
def read_remainder(items, root, which):
    """Return the cents left of remainder ``which`` on entry ``root``."""
    if which == Remainder.OPEN.value:
        return items[root].open
    return items[root].unbilled


@rare_part
def _toggle_follower_marks(items, root):
    """Toggle whether ``root`` is followed, and whether the payment term that it concerns is suspended."""
    items[root].unbilled ^= np.int64(FOLLOWED_BIT)
    payable = as_position(items[root].parent) if items[root].kind == _SUSPENSION else root
    items[payable].unbilled ^= np.int64(SUSPENDED_BIT)


@rare_part
def _move_unbilled_cents(items, root, amount):
    """Move certified cents of a service that is carried to the commitment carried into the next year."""
    if items[root].under == _SERVICE:
        old = as_position(items[root].parent)
        items[old].unbilled -= amount
        items[as_position(items[old].parent)].unbilled += amount


@part
def add_to_remainder(items, root, which, amount):
    """Add ``amount`` to remainder ``which`` of entry ``root``; do nothing where ``which`` is none.

    An act that may follow only once has no amount, or a smaller one: it is applied and undone by the same toggle.
    """
    if which == Remainder.OPEN.value:
        items[root].open += amount
    elif which == Remainder.UNBILLED.value:
        items[root].unbilled += amount
    elif which == Remainder.ONCE.value:
        _toggle_follower_marks(items, root)
    elif which == Remainder.CARRIED.value:
        _move_unbilled_cents(items, root, amount)
    elif which == Remainder.IMPUTATION.value:
        items[root].unbilled ^= np.int64(FOLLOWED_BIT)
    elif which != Remainder.NONE.value:
        assets.move_value(items, root, which, amount)


@part
def count_follower(book, entry, amount):
    """Count an act that follows ``entry``, no debt; a negative ``amount`` undoes it, one without an amount does not count."""
    if not debts.is_debt(book, entry):
        book.items[entry].followers += np.int64(amount > 0) - np.int64(amount < 0)


@rare_part
def mark_reversed_act(book, link, kind, amount):
    """Mark what a reversal of ``kind`` undoes: nothing follows a reversed commitment; a change no longer follows its own."""
    items, item, root = book.items, link[0], link[3]
    if root > 0:
        count_follower(book, root, -amount)
    elif amount > 0:
        items[item].kind = kind
    else:
        items[item].kind = items[item].under


@part
def is_followed(items, root):
    """Return whether the act that may follow only once already follows entry ``root``."""
    return (items[root].unbilled & np.int64(FOLLOWED_BIT)) != 0


@part
def pass_on_reassignment(book, items, entry, item):
    """Mark what the bank does with a transfer, and its new issue, as reassigned where the transfer was: the expense is one."""
    if book.effects[items[item].kind].family == Family.SETTLEMENT.value:
        items[entry].unbilled |= items[item].unbilled & np.int64(FOLLOWED_BIT)


@part
def is_suspended(book, item):
    """Return whether the payment term of a payable is suspended: its own, or that of the debt it is a part of."""
    at = as_position(item)
    while (book.items[at].unbilled & np.int64(SUSPENDED_BIT)) == 0 and debts.is_part(book, at):
        at = as_position(book.items[at].parent)
    return (book.items[at].unbilled & np.int64(SUSPENDED_BIT)) != 0


@part
def add_source(items, root, entry):
    """Note on commitment ``root`` that ``entry`` raised a remainder of it, and on that entry what was noted before."""
    reach = np.int64(items[root].debit)
    items[entry].unbilled = np.int64(items[root].parent) | reach << REACH_BIT
    days = min(np.int64(items[entry].day) - items[root].day, np.int64(REACH_MAX))
    items[root].parent = entry
    items[root].debit = max(reach, days)


@part
def remove_source(items, root, entry):
    """Undo ``add_source`` of the last entry of the commitment."""
    items[root].parent = items[entry].unbilled & np.int64(_ENTRY)
    items[root].debit = items[entry].unbilled >> REACH_BIT


@part
def may_precede_sources(items, root, day):
    """Return whether an increase or a service of commitment ``root`` may be dated after ``day``."""
    reach = np.int64(items[root].debit)
    return reach == np.int64(REACH_MAX) or np.int64(day) - items[root].day < reach


@rare_part
def sum_later_sources(book, root, which, day):
    """Return the cents of remainder ``which`` that came after ``day``: what of them was cancelled is left out."""
    cents = np.int64(0)
    before = np.int64(book.items[root].parent) | np.int64(book.items[root].debit) << REACH_BIT
    while before & _ENTRY != 0 and (
        before >> REACH_BIT == REACH_MAX or np.int64(day) - book.items[root].day < before >> REACH_BIT
    ):
        entry = as_position(before & np.int64(_ENTRY))
        if book.items[entry].day > day and book.effects[book.items[entry].kind].feeds == which:
            cents += book.items[entry].open
        before = np.int64(book.items[entry].unbilled)
    return cents
