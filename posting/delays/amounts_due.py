"""Amounts due for late payments: interest on each payment, and the compensation once for each request."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.late_interest import LateInterestRules
from core.tables.columns import concat_tables, select_rows
from core.tables.delays import LatePayments


class AmountsDue(NamedTuple):
    """One row, by entry, for each payable that something is due for.

    Interest is due for the payable that was paid late, at least in part; the compensation for its request.
    """

    payable: NDArray[np.int64]
    debit: NDArray[np.int64]
    """Its last late debit, or for a request the first late debit of its parts, where that is later."""
    interest: NDArray[np.int64]
    """Cents."""
    compensation: NDArray[np.int64]
    late_days: NDArray[np.int32]
    """Days that the latest of these payments was late."""
    cell: NDArray[np.int32]
    payee: NDArray[np.int32]

    @property
    def amount(self) -> NDArray[np.int64]:
        """Interest and compensation, in cents."""
        return self.interest + self.compensation


def compute_amounts_due(late: LatePayments, rules: LateInterestRules) -> AmountsDue:
    """Compute the amounts due by ``rules``.

    Interest follows the rules of the day on which it began to run, the compensation those of the first such day.

    Raises
    ------
    ReferenceDataError
        The rate of a half-year is missing.
    """
    interest = rules.compute_interest(late.amount, late.late, late.since)
    none = np.zeros(len(interest), np.int64)
    of_payments = AmountsDue(late.payable, late.debit, interest, none, late.late, late.cell, late.payee)
    due = concat_tables([of_payments, _compute_compensations(late, rules)])
    due = select_rows(due, np.lexsort((due.debit, due.payable)))
    first = _find_firsts(due.payable)
    if not len(first):
        return due
    last = np.append(first[1:], len(due.payable)) - 1
    return AmountsDue(
        payable=due.payable[first],
        debit=due.debit[last],
        interest=np.add.reduceat(due.interest, first),
        compensation=np.add.reduceat(due.compensation, first),
        late_days=np.maximum.reduceat(due.late_days, first),
        cell=due.cell[first],
        payee=due.payee[first],
    )


def _compute_compensations(late: LatePayments, rules: LateInterestRules) -> AmountsDue:
    """Return the compensation of each request, for its own creditor, whoever was paid late."""
    late = select_rows(late, np.lexsort((late.debit, late.request)))
    late = select_rows(late, _find_firsts(late.request))
    return AmountsDue(
        payable=late.request,
        debit=late.debit,
        interest=np.zeros(len(late.debit), np.int64),
        compensation=rules.compensation_cents.look_up(late.since),
        late_days=late.late,
        cell=late.cell,
        payee=late.request_payee,
    )


def _find_firsts(entries: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first row of each of ``entries``, which are in ascending order."""
    return np.flatnonzero(np.append(True, entries[1:] != entries[:-1])[: len(entries)])
