"""The payment term of requests: its start, the effect of a suspension, its end (rule A59).

Days are counted from 1970; 0 is none.  The term of the State runs from the receipt of the request, or from the
certification of the service where that came later.  It may be suspended once; on resumption a new term of as many days
runs, or of the days that were left where those were more.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.effective_dates import EffectiveDated

Days = NDArray[np.int32]

NO_END = np.int32(2**31 - 1)
"""The end of a suspended term."""


class PaymentTerms(NamedTuple):
    """One row for each request."""

    start: Days
    suspended: Days
    resumed: Days
    end: Days
    """The last day on which a payment is in time."""

    def count_suspended_days(self, paid: Days) -> Days:
        """Return the days during which each term was suspended until the day ``paid``."""
        until = np.where(self.resumed > 0, np.minimum(self.resumed, paid), paid)
        days = np.maximum(until - self.suspended, 0)
        return np.where(self.suspended > 0, days, 0).astype(np.int32)

    def count_delay_days(self, paid: Days) -> Days:
        """Return the payment delay: days from start to payment without suspended days; 0 where paid before the start."""
        return np.maximum(paid - self.start - self.count_suspended_days(paid), 0).astype(np.int32)

    def count_late_days(self, paid: Days) -> Days:
        """Return the days between the end of the term and the payment; 0 where paid in time."""
        return np.maximum(paid.astype(np.int64) - self.end, 0).astype(np.int32)


def compute_terms(start: Days, suspended: Days, resumed: Days, *, rule: EffectiveDated) -> PaymentTerms:
    """Return the terms of requests; the ``rule`` of the day on which a term begins gives its days.

    A suspension that begins after the end of the term, or is over before its start, has no effect.  Whatever the dates of
    the acts, a suspension begins with the term at the earliest, and is resumed when it begins at the earliest.
    """
    days = rule.look_up(start).astype(np.int32)
    end = start + days
    is_effective = (suspended > 0) & (suspended <= end) & ~((resumed > 0) & (resumed <= start))
    first_day = np.maximum(suspended, start)
    resumption = np.maximum(resumed, first_day)
    new_end = np.where(resumed > 0, resumption + np.maximum(days, end - first_day), NO_END)
    effective_suspended = np.where(is_effective, first_day, 0).astype(np.int32)
    effective_resumed = np.where(is_effective & (resumed > 0), resumption, 0).astype(np.int32)
    effective_end = np.where(is_effective, new_end, end).astype(np.int32)
    return PaymentTerms(start, effective_suspended, effective_resumed, effective_end)
