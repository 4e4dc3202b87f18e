"""Tables of payment delays: what was paid, when, and what it was owed for."""

from typing import NamedTuple

from core.tables.columns import Day, Entry, Index, Money, Small


class DebitedPayments(NamedTuple):
    """Payments that the bank debited, and what each of them paid.  A COPY row."""

    entry_id: Entry
    """Of the debit: the day on which the State has paid (domain 4)."""
    amount: Money
    day: Day
    payable: Entry
    """What was paid: a request, a part of one that is owed to another, or late interest."""
    above: Entry
    """What that follows."""
    since: Day
    """Its own day."""
    cell: Index
    payee: Index
    kind: Small


class PaidPayables(NamedTuple):
    """What was paid, by its entry.  A COPY row."""

    payable: Entry


class ServiceEntries(NamedTuple):
    """Services, the requests they are billed by, and what cancels either.  A COPY row."""

    entry_id: Entry
    predecessor: Entry
    amount: Money
    day: Day
    kind: Small


class LatePayments(NamedTuple):
    """Payments behind the end of their terms."""

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


class InterestClaims(NamedTuple):
    """Late interest that was claimed, by what it is for, ascending.  A COPY row."""

    payable: Entry
    cents: Money
