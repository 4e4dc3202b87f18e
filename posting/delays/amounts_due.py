"""Amounts due for late payments: interest on each payment, and the compensation once for each payable."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.late_interest import LateInterestRules
from core.tables.columns import select_rows
from core.tables.delays import LatePayments


class AmountsDue(NamedTuple):
    """One row for each payable that was paid late, at least in part, by entry."""

    payable: NDArray[np.int64]
    debit: NDArray[np.int64]
    """Its last late debit."""
    interest: NDArray[np.int64]
    """Cents."""
    compensation: NDArray[np.int64]
    late_days: NDArray[np.int32]
    """Days that its latest payment was late."""
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
    late = select_rows(late, np.lexsort((late.debit, late.payable)))
    first = np.flatnonzero(np.append(True, late.payable[1:] != late.payable[:-1])[: len(late.payable)])
    interest = rules.compute_interest(late.amount, late.late, late.since)
    last = np.append(first[1:], len(late.payable)) - 1
    if not len(first):
        return AmountsDue(*(np.zeros(0, kind) for kind in ("i8", "i8", "i8", "i8", "i4", "i4", "i4")))
    return AmountsDue(
        payable=late.payable[first],
        debit=late.debit[last],
        interest=np.add.reduceat(interest, first),
        compensation=rules.compensation_cents.look_up(late.since[first]),
        late_days=np.maximum.reduceat(late.late, first),
        cell=late.cell[first],
        payee=late.payee[first],
    )
