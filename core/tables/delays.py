"""Tables of payment delays: the payments, their days, and the debts and services behind them."""

from typing import NamedTuple

from core.tables.columns import Count, Day, Entry, Index, Money, Small


class DebitedPayments(NamedTuple):
    """Payments that the bank debited, and set-offs, and the debt that each of them paid.  A COPY row."""

    entry_id: Entry
    """The entry of the debit, or of the set-off."""
    amount: Money
    day: Day
    """The day of payment (*mise en paiement*): that of the transfer, not of its debit; of a set-off that of its act, which
    may take effect earlier (docs/rules.md, A59)."""
    settled_by: Small
    """The kind of the entry: a debit, or a set-off."""
    payable: Entry
    """The paid debt: a request, a part of one that is owed to another payee, or late interest."""
    above: Entry
    """The predecessor of the payable."""
    since: Day
    """The day of the payable."""
    cell: Index
    payee: Index
    kind: Small
    debit: Small
    """The account that the payable debited."""
    credit: Small
    """The account on which the payable is owed."""
    submission: Index
    """The submission of the payable."""


class PaidPayables(NamedTuple):
    """The entries of paid debts.  A COPY row."""

    payable: Entry


class SetOffs(NamedTuple):
    """The entries of set-offs, ascending.  A COPY row."""

    entry_id: Entry


class ServiceEntries(NamedTuple):
    """Certified services, the requests that bill them, and the cancellations of both.  A COPY row."""

    entry_id: Entry
    predecessor: Entry
    amount: Money
    day: Day
    kind: Small
    debit: Small
    """The account that it debited: of a service the expense."""


class LatePayments(NamedTuple):
    """Payments after the end of their payment terms that bear interest."""

    debit: Entry
    payable: Entry
    amount: Money
    day: Day
    """The day of payment, as in ``DebitedPayments``."""
    late: Index
    """Days, of a set-off up to the day of its effect."""
    since: Day
    """The first day on which interest ran."""
    cell: Index
    payee: Index
    request: Entry
    """The request that the payable is or is a part of."""
    request_payee: Index
    submission: Index
    """The submission of the payable."""


class InterestClaims(NamedTuple):
    """Late interest already claimed, by the payable it is due for, ascending.  A COPY row."""

    payable: Entry
    cents: Money


class InterestEntries(NamedTuple):
    """Late interest that was claimed, by entry, ascending.  A COPY row."""

    entry_id: Entry
    amount: Money
    day: Day
    cell: Index
    submission: Index
    """The submission of the claim; if Crescendo itself made the claim, that of the payable which was paid late."""


class SubmissionSenders(NamedTuple):
    """The senders of submissions, ascending.  A COPY row."""

    submission: Index
    sender: Index
    """Its number in ``reference_text``."""


class CellPlaces(NamedTuple):
    """The fund centres of account assignments, ascending.  A COPY row."""

    cell: Index
    centre: Index
    budget_year: Small


class DelaySums(NamedTuple):
    """Figures of delays, added up by the four columns in front.  A COPY row.

    The compensation is due once for a request, at its first late payment.  Which payment is the first depends on the payments
    that a report contains, so there is one sum for each.
    """

    sender: Index
    """The sender of what was paid: its number in ``reference_text``."""
    centre: Index
    budget_year: Small
    year: Small
    """The year of the payment; of ``interest_proposed`` that of the claim."""
    payments: Count
    """Debited payments and set-offs."""
    cents: Money
    days: Count
    in_time: Count
    suspended: Count
    suspended_days: Count
    interest: Money
    """Due for late payments, without the compensation."""
    compensation: Money
    """Due at the first late payment of each request."""
    compensation_of_year: Money
    """Due at the first one in a year."""
    compensation_of_sender: Money
    """Due at the first one of what a sender owes."""
    compensation_of_sender_and_year: Money
    interest_proposed: Money
    interest_paid: Money
    set_offs: Count
    """How many of the payments are set-offs."""
    set_off_cents: Money
