"""Match credits with the receivables that their remittance information names: which one each collects, and how much of it.

A credit collects the only receivable it names whose accountant keeps the account of the statement, and that was issued by
then.  Credits take in the order of the message what is left; what a credit pays beyond that is an excess.  What is left does
not choose: of two receivables with one reference, one may be paid already.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.tables.columns import select_rows
from settlement.reconciliation.mismatch import Mismatch


class Credits(NamedTuple):
    """The credits to match, in the order of the message."""

    row: NDArray[np.int64]
    """Row of the movement."""
    amount: NDArray[np.int64]
    day: NDArray[np.int64]


class Receivables(NamedTuple):
    """Receivables that credits may collect, one per row."""

    entry: NDArray[np.int64]
    left: NDArray[np.int64]
    """Cents that nothing has collected, reduced, cancelled or set off, and that no other credit awaits."""
    day: NDArray[np.int64]
    accountant: NDArray[np.int64]
    is_by_hand: NDArray[np.bool_]
    """Whether a sender other than the bank posted a receipt of it, which may be the very credit that names it."""
    reference: pa.Array


class NamedReceivables(NamedTuple):
    """Which credit names which receivable: rows of both, each pair of a kind of text once."""

    credit: NDArray[np.int64]
    receivable: NDArray[np.int64]
    is_structured: NDArray[np.bool_]
    """Whether it is the creditor's reference, and not free text."""
    is_own: NDArray[np.bool_]
    """Whether the receivable's accountant keeps the account to which the credit came."""


class CreditReceipts(NamedTuple):
    """The credits that collect a receivable, ascending by movement."""

    row: NDArray[np.int64]
    """Row of the movement."""
    receivable: NDArray[np.int64]
    """Entry of the receivable."""
    amount: NDArray[np.int64]
    """Cents that are collected; the rest of the credit is an excess."""
    reference: pa.Array
    """References of the acts."""

    def spread(self, movements: int) -> NDArray[np.int64]:
        """Return the cents that each of so many movements collects; 0 for all others."""
        cents = np.zeros(movements, np.int64)
        cents[self.row] = self.amount
        return cents


_NO_CENTS = np.zeros(0, np.int64)
NO_RECEIPTS = CreditReceipts(_NO_CENTS, _NO_CENTS, _NO_CENTS, pa.array([], pa.string()))


class CreditMatches(NamedTuple):
    """The result of matching, one row per credit."""

    receivable: NDArray[np.int64]
    """Entry of the receivable that the credit names; 0 if it names none, or several."""
    amount: NDArray[np.int64]
    """Cents that the credit collects."""
    mismatch: NDArray[np.int16]
    """``Mismatch``, of the cents that it does not collect."""


def build_no_matches(mismatch: NDArray[np.integer]) -> CreditMatches:
    """Build the matches of credits that collect nothing, each for the reason ``mismatch``."""
    receivable, amount = np.zeros((2, mismatch.size), np.int64)
    return CreditMatches(receivable, amount, mismatch.astype(np.int16))


def match_credits(credits_: Credits, named: NamedReceivables, receivables: Receivables) -> CreditMatches:
    """Match the credits with the receivables that they name."""
    count = credits_.row.size
    named = _prefer_structured_references(named, count)
    is_early = credits_.day[named.credit] < receivables.day[named.receivable]
    may_collect = named.is_own & ~is_early
    choices = np.bincount(named.credit[may_collect], minlength=count)
    choice = np.full(count, -1, np.int64)
    choice[named.credit[may_collect]] = named.receivable[may_collect]
    choice[choices != 1] = -1
    amount = _share(credits_.amount, choice, np.where(receivables.is_by_hand, 0, receivables.left))
    mismatch = np.full(count, Mismatch.NO_REFERENCE, np.int16)
    tests = {
        Mismatch.OTHER_ACCOUNTANT: ~named.is_own,
        Mismatch.BEFORE_RECEIVABLE: named.is_own & is_early,
    }
    for reason, applies in tests.items():
        mismatch[named.credit[applies]] = reason
    mismatch[choices > 1] = Mismatch.SEVERAL_RECEIVABLES
    is_chosen = choice >= 0
    mismatch[is_chosen] = np.where(amount == credits_.amount, Mismatch.NONE, Mismatch.EXCESS)[is_chosen]
    mismatch[is_chosen & (amount == 0)] = Mismatch.NOTHING_LEFT
    mismatch[is_chosen & np.append(receivables.is_by_hand, False)[choice]] = Mismatch.BY_HAND
    return CreditMatches(np.append(receivables.entry, 0)[choice], amount, mismatch)


def _prefer_structured_references(named: NamedReceivables, count: int) -> NamedReceivables:
    """Leave out what the free text of a credit names, if its structured reference names a receivable."""
    has_structured = np.zeros(count, bool)
    has_structured[named.credit[named.is_structured]] = True
    return select_rows(named, np.flatnonzero(named.is_structured | ~has_structured[named.credit]))


def _share(
    amount: NDArray[np.int64], choice: NDArray[np.int64], rests: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return what each credit takes of the receivable it chose (-1: none): in order, as long as something is left."""
    shares = np.zeros(amount.size, np.int64)
    order = np.argsort(choice, kind="stable")
    order = order[choice[order] >= 0]
    if not order.size:
        return shares
    receivable, sums = choice[order], np.cumsum(amount[order])
    before = sums - amount[order]
    is_first = np.append(True, np.diff(receivable) != 0)
    before -= np.maximum.accumulate(np.where(is_first, before, 0))
    shares[order] = np.clip(rests[receivable] - before, 0, amount[order])
    return shares
