"""Measurement of payment delays: the term of each debited payment, the days it took, and the days it was late."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.contracts import Contract
from core.effective_dates import EffectiveDated
from core.payment_terms import (
    AFTER_ALL_DAYS,
    PaymentTerms,
    compute_terms,
    find_receipt_days,
    find_start_days,
)
from core.tables.columns import Day, Entry, Small, select_rows
from core.tables.delays import DebitedPayments, LatePayments
from posting.delays.contracts import ChargedAccounts, ContractDefaults, bear_interest
from posting.delays.service_dates import Billing

_IS_INTEREST = np.array([kind.is_interest for kind in CATALOG])
_IS_PART = np.array([kind.is_part for kind in CATALOG])


class RequestTerms(NamedTuple):
    """What some requests state of their terms and contracts, by entry in ascending order.  Days since 1970; 0 for none."""

    entry: Entry
    received: Day
    invoice_date: Day
    suspension_notified: Day
    suspension_ended: Day
    contract: Small
    """``core.contracts.Contract``."""

    def find_rows(self, entries: NDArray[np.int64]) -> "RequestTerms":
        """Return what each of ``entries`` states."""
        at = np.searchsorted(self.entry, entries)
        is_present = np.append(self.entry, -1)[at] == entries
        columns = (
            np.where(is_present, np.append(column, 0)[at], 0).astype(column.dtype) for column in self[1:]
        )
        return RequestTerms._make((entries, *columns))


class DivertedPart(NamedTuple):
    """The origin of a part of a request that is owed to another payee (opposition, assignment)."""

    chain: tuple[int, ...]
    """Entries from the direct predecessor to the original request, which is the last."""
    day: int
    """The day of the original request."""
    kind: int
    """The kind of the original request."""
    payee: int
    """The payee of the original request."""
    debit: int
    """The account that the original request debited."""
    credit: int
    """The account on which the original request was owed."""
    is_opposed: bool
    """Whether it is owed to a creditor of the payee, or is a part of what is."""


class ReceivableDays(NamedTuple):
    """The days on which the receivables that set-offs took up are due, by set-off in ascending order."""

    set_off: Entry
    due: Day

    def find_days(self, entries: NDArray[np.int64]) -> NDArray[np.int32]:
        """Return the day for each of ``entries``; for one that is no set-off a day after all others."""
        at = np.searchsorted(self.set_off, entries)
        is_set_off = np.append(self.set_off, -1)[at] == entries
        return np.where(is_set_off, np.append(self.due, AFTER_ALL_DAYS)[at], AFTER_ALL_DAYS)


class RequestFacts(NamedTuple):
    """Facts of requests beside their own entries."""

    request_terms: RequestTerms
    billing: Billing
    diverted_parts: Mapping[int, DivertedPart]
    term_days: EffectiveDated
    contracts: ContractDefaults
    delays_since: int
    """The first day on which a term that bears interest began."""
    receivables: ReceivableDays


class PaidRequests(NamedTuple):
    """The request that each payment paid, or paid a part of."""

    entry: NDArray[np.int64]
    day: NDArray[np.int32]
    payee: NDArray[np.int32]
    debit: NDArray[np.int16]
    credit: NDArray[np.int16]
    is_opposed: NDArray[np.bool_]
    """Whether it was paid to an opposing creditor."""


class PaymentDelays(NamedTuple):
    """The delays of payments of requests, without payments of late interest."""

    rows: DebitedPayments
    terms: PaymentTerms
    requests: PaidRequests
    bears_interest: NDArray[np.bool_]
    """Whether late payment is due interest: not on every contract, and not to an opposing creditor."""
    paid: NDArray[np.int32]
    """The day with which the delay of each ends: that of payment, or on which a set-off takes effect."""

    @property
    def delay_days(self) -> NDArray[np.int32]:
        """The payment delay of each, in days."""
        return self.terms.count_delay_days(self.paid)

    @property
    def suspended_days(self) -> NDArray[np.int32]:
        """The days of suspension of each."""
        return self.terms.count_suspended_days(self.paid)

    @property
    def late_days(self) -> NDArray[np.int32]:
        """The days of each after the end of its term."""
        return self.terms.count_late_days(self.paid)


def measure_delays(rows: DebitedPayments, facts: RequestFacts) -> PaymentDelays:
    """Measure the delays of ``rows``, in their order, each by the entries before its debit.

    The delay ends with the day of payment; the debit only proves that the transfer was not rejected.  That of a set-off ends
    once its receivable and the debt are both due, although the act that invokes it comes later.
    """
    rows = select_rows(rows, np.flatnonzero(~find_interest(rows, facts.diverted_parts)))
    parts = {
        row: facts.diverted_parts[int(rows.payable[row])]
        for row in np.flatnonzero(_IS_PART[rows.kind]).tolist()
    }
    requests = _find_requests(rows, parts)
    request_terms = facts.request_terms.find_rows(requests.entry)
    services = facts.billing.find_services(requests.entry, rows.entry_id)
    received = find_receipt_days(request_terms.received, request_terms.invoice_date, requests.day)
    is_balance = request_terms.contract == Contract.WORKS_BALANCE
    start = find_start_days(received, services.day, is_balance)
    terms = compute_terms(
        start, request_terms.suspension_notified, request_terms.suspension_ended, rule=facts.term_days
    )
    charged = ChargedAccounts(
        np.where(services.account > 0, services.account, requests.debit), requests.credit
    )
    default = facts.contracts.find_contracts(rows.cell, requests.day, charged)
    contracts = np.where(request_terms.contract > 0, request_terms.contract, default)
    bears_interest = bear_interest(contracts) & ~requests.is_opposed & (start >= facts.delays_since)
    paid = terms.find_effective_days(rows.day, facts.receivables.find_days(rows.entry_id))
    return PaymentDelays(rows, terms, requests, bears_interest, paid)


def _find_requests(rows: DebitedPayments, parts: Mapping[int, DivertedPart]) -> PaidRequests:
    """Return the request that each of ``rows`` paid; ``parts`` are the rows that paid a part of one."""
    own = (rows.payable, rows.since, rows.payee, rows.debit, rows.credit, np.zeros(len(rows.payable), bool))
    requests = PaidRequests._make(column.copy() for column in own)
    for row, part in parts.items():
        root = (part.chain[-1], part.day, part.payee, part.debit, part.credit, part.is_opposed)
        for column, value in zip(requests, root, strict=True):
            column[row] = value
    return requests


def find_interest(rows: DebitedPayments, parts: Mapping[int, DivertedPart]) -> NDArray[np.bool_]:
    """Return whether each paid late interest, or a part of it owed to another payee: interest bears no interest."""
    is_interest = _IS_INTEREST[rows.kind]
    for row in np.flatnonzero(_IS_PART[rows.kind]).tolist():
        is_interest[row] = _IS_INTEREST[parts[int(rows.payable[row])].kind]
    return is_interest


def select_late(delays: PaymentDelays) -> LatePayments:
    """Select the payments made after the end of their terms that bear interest."""
    at = np.flatnonzero((delays.late_days > 0) & delays.bears_interest)
    rows = select_rows(delays.rows, at)
    return LatePayments(
        debit=rows.entry_id,
        payable=rows.payable,
        amount=rows.amount,
        day=rows.day,
        late=delays.late_days[at],
        since=(delays.terms.end[at] + 1).astype(np.int32),
        cell=rows.cell,
        payee=rows.payee,
        request=delays.requests.entry[at],
        request_payee=delays.requests.payee[at],
        submission=rows.submission,
    )
