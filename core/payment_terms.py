"""The payment term of requests: its start, the effect of a suspension, its end (rule A59).

Days are counted from 1970; 0 is none.  The term of the State runs from the receipt of the creditor's request, or from the
certification of the service where that came later; that of the balance of a contract of works from the receipt of the general
account, and that of an advance from the day which it states.  Receipt that is not stated is two days after the invoice.
The authorising officer may suspend the term once, before the order; when what was missing has arrived, a new term of as
many days runs, or of the days that were left where those were more.  What the accountant suspends after the order is paid
later, and does not move the term.  What is set off is paid on the day on which both debts were due.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.effective_dates import EffectiveDated

Days = NDArray[np.int32]

AFTER_ALL_DAYS = np.int32(2**31 - 1)
"""A day after all days."""
_RECEIPT_DAYS = 2
"""Days after the date of an invoice on which it counts as received, where its receipt is not recorded."""


class PaymentTerms(NamedTuple):
    """One row for each request."""

    start: Days
    suspended: Days
    resumed: Days
    end: Days
    """The last day on which a payment is in time."""

    def find_effective_days(self, paid: Days, due: Days) -> Days:
        """Return the day on which payments take effect; ``due`` is that of the receivable, ``AFTER_ALL_DAYS`` without one.

        A set-off that is invoked on the day ``paid`` takes effect once the receivable and the debt are both due (civil code
        art. 1347).  The debt is due at the end of its term: an act before that gives the rest of the term up.
        """
        return np.minimum(paid, np.maximum(self.end, due)).astype(np.int32)

    def count_suspended_days(self, paid: Days) -> Days:
        """Return the days during which each term was suspended until the day ``paid``."""
        return np.maximum(np.minimum(self.resumed, paid) - self.suspended, 0).astype(np.int32)

    def count_delay_days(self, paid: Days) -> Days:
        """Return the payment delay: days from start to payment without suspended days; 0 where paid before the start."""
        return np.maximum(paid - self.start - self.count_suspended_days(paid), 0).astype(np.int32)

    def count_late_days(self, paid: Days) -> Days:
        """Return the days between the end of the term and the payment; 0 where paid in time."""
        return np.maximum(paid.astype(np.int64) - self.end, 0).astype(np.int32)


def find_receipt_days(received: Days, invoice: Days, ordered: Days) -> Days:
    """Return the days of receipt of requests that were ``ordered``: as stated, otherwise by the date of the invoice.

    Without an invoice, and at the latest, a request was received on the day on which it was ordered.
    """
    by_invoice = np.where(invoice > 0, np.minimum(invoice + _RECEIPT_DAYS, ordered), ordered)
    return np.where(received > 0, received, by_invoice).astype(np.int32)


def find_start_days(received: Days, service: Days, is_balance: NDArray[np.bool_]) -> Days:
    """Return the days on which terms begin: of a balance of works its receipt, otherwise no earlier than the service.

    The general account, which the State receives after all service, states the balance of works (décret 2013-269 art. 2 I 2°).
    """
    return np.where(is_balance, received, np.maximum(received, service)).astype(np.int32)


def compute_terms(start: Days, suspended: Days, resumed: Days, *, rule: EffectiveDated) -> PaymentTerms:
    """Return the terms of requests; the ``rule`` of the day on which a term begins gives its days.

    A suspension, which has both days or none, has no effect if it begins after the end of the term, or is over before its
    start; it begins with the term at the earliest.
    """
    days = rule.look_up(start).astype(np.int32)
    end = start + days
    is_effective = (suspended > 0) & (suspended <= end) & (resumed > start)
    first_day = np.maximum(suspended, start)
    new_end = resumed + np.maximum(days, end - first_day)
    return PaymentTerms(
        start,
        np.where(is_effective, first_day, 0).astype(np.int32),
        np.where(is_effective, resumed, 0).astype(np.int32),
        np.where(is_effective, new_end, end).astype(np.int32),
    )
