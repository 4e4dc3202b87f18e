"""The payment term of requests: when it begins, what a suspension does to it, when it ends (domain 4; A59).

Days are counted from 1970; 0 is none.  The term of the State runs from the receipt of the request, or from the service
where that was certified later.  It is suspended once; then a new one runs, of as many days, or of what was left where that
was more.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.effective_dates import EffectiveDated

Days = NDArray[np.int32]

NO_END = np.int32(2**31 - 1)
"""The end of a term that is suspended."""


class PaymentTerms(NamedTuple):
    """One row for each request."""

    start: Days
    suspended: Days
    resumed: Days
    end: Days
    """The last day on which it is paid in time."""

    def count_suspended_days(self, paid: Days) -> Days:
        """Days for which each stood suspended until it was ``paid``."""
        until = np.where(self.resumed > 0, np.minimum(self.resumed, paid), paid)
        days = np.maximum(until - self.suspended, 0)
        return np.where(self.suspended > 0, days, 0).astype(np.int32)

    def count_delay_days(self, paid: Days) -> Days:
        """The payment delay: days from the start to the payment, without those of a suspension; 0 for what is paid before."""
        return np.maximum(paid - self.start - self.count_suspended_days(paid), 0).astype(np.int32)

    def count_late_days(self, paid: Days) -> Days:
        """Days behind the end of the term; 0 in time."""
        return np.maximum(paid.astype(np.int64) - self.end, 0).astype(np.int32)


def compute_terms(start: Days, suspended: Days, resumed: Days, rule: EffectiveDated) -> PaymentTerms:
    """The terms of requests, of as many days as the ``rule`` of the day on which each begins.

    A suspension after their end stops nothing, nor one that was over before they began: what stops a term begins with it
    at the earliest, and ends when it begins at the earliest, whatever the acts are dated.
    """
    days = rule.look_up(start).astype(np.int32)
    end = start + days
    counts = (suspended > 0) & (suspended <= end) & ~((resumed > 0) & (resumed <= start))
    began = np.maximum(suspended, start)
    back = np.maximum(resumed, began)
    held = np.where(resumed > 0, back + np.maximum(days, end - began), NO_END)
    own = np.where(counts, began, 0).astype(np.int32)
    again = np.where(counts & (resumed > 0), back, 0).astype(np.int32)
    return PaymentTerms(start, own, again, np.where(counts, held, end).astype(np.int32))
