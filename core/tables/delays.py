"""Tables of payment delays: the payments, their days, and the debts and services behind them."""

from typing import NamedTuple

from core.tables.columns import Day, Entry, Index, Money, Small


class DebitedPayments(NamedTuple):
    """Payments that the bank debited, and the debt that each of them paid.  A COPY row."""

    entry_id: Entry
    """The entry of the debit."""
    amount: Money
    day: Day
    """The day of payment (*mise en paiement*): that of the transfer, not that of its debit (docs/rules.md, A59)."""
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


class PaidPayables(NamedTuple):
    """The entries of paid debts.  A COPY row."""

    payable: Entry


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
    late: Index
    """Days."""
    since: Day
    """The first day on which interest ran."""
    cell: Index
    payee: Index
    request: Entry
    """The request that the payable is or is a part of."""
    request_payee: Index


class InterestClaims(NamedTuple):
    """Late interest already claimed, by the payable it is due for, ascending.  A COPY row."""

    payable: Entry
    cents: Money
