"""Select the lines of a run from the open payables: what is due, who pays it, by which method, and what is excluded."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.calendar import Calendar
from core.catalog import CATALOG
from core.payment_rules import PaymentRules, TransferMethod
from core.payment_terms import compute_terms, find_receipt_days
from core.period_states import States
from core.periods import PeriodState
from core.tables.book import LEDGER_ACCOUNTANTS
from core.tables.columns import select_rows
from core.tables.payment_runs import RunLines
from posting.pgcopy import TextCells
from posting.text_spans import as_arrow, find_positions, is_in
from settlement.runs.debt_terms import DebtTerms
from settlement.runs.exclusions import Exclusion
from settlement.runs.merged_payees import NO_MERGED_PAYEES, MergedPayees
from settlement.runs.open_payables import PAYING_KIND, OpenPayables
from settlement.runs.payable_details import PayableDetails
from settlement.runs.payee_accounts import PayeeAccounts, check_eligibility
from settlement.runs.remittances import build_remittances
from settlement.runs.run_pages import RunTable

_URGENT = ("rtgs", "urgent")
_TRANSFERS = ("", "rtgs", "sepa", "transfer", "urgent")
"""The methods in requests that a run pays by."""
_PAYING_KIND = np.array([PAYING_KIND.get(kind.reaches, 0) for kind in CATALOG], np.int16)
"""By kind of debt: the kind of act that pays it."""


class SelectionContext(NamedTuple):
    """What a selection depends on besides the open payables; arrays have one row per payable."""

    details: PayableDetails
    """A part has the day of receipt of its original request, and its due day unless it has one of its own."""
    debt_terms: DebtTerms
    payees: PayeeAccounts
    accountant: NDArray[np.int16]
    """Number of the accountant, from 1; 0 for none."""
    is_settled_without_transfer: NDArray[np.bool_]
    """Whether programme 0117 owes it to the account of the debt."""
    in_other_runs: NDArray[np.int64]
    """The entries, ascending, that runs pay which are not issued yet."""
    returned_transfer: NDArray[np.int64]
    """The entry of the returned transfer that the debt results from; 0 for none."""
    merged: MergedPayees = NO_MERGED_PAYEES


class SelectionCriteria(NamedTuple):
    """Which payables a run pays.  Days are counted from 1970."""

    due_until: int
    """The last due day."""
    payment_day: int
    """The day of payment in the books."""
    rules: PaymentRules
    calendar: Calendar
    states: States
    """The states of periods by accountant."""
    new_from_entry: int
    """The first entry whose bank details are new."""


def select_lines(payables: OpenPayables, context: SelectionContext, criteria: SelectionCriteria) -> RunTable:
    """Select the lines of a run, in the order in which it pays; excluded lines come last."""
    due = compute_due_days(context, criteria.rules)
    method = _choose_methods(payables, context.details, criteria.rules)
    account_row = context.payees.find_in_force(payables.rows.payee)
    exclusion = _find_exclusions(payables, context, criteria, account_row=account_row)
    accountant, is_excluded = context.accountant, exclusion != Exclusion.NONE
    rows = np.flatnonzero(due - criteria.rules.ahead_days <= criteria.due_until)
    rows = rows[order_by_accountant_and_method(accountant[rows], method[rows], is_excluded[rows])]
    selected = select_rows(payables.rows, rows)
    lines = RunLines(
        line=np.arange(1, len(rows) + 1, dtype=np.int32),
        entry_id=selected.entry_id,
        amount=selected.amount,
        details=context.payees.find_entries(account_row[rows]),
        due=due[rows],
        payee=selected.payee,
        kind=_PAYING_KIND[selected.kind],
        exercise=selected.exercise,
        accountant=accountant[rows],
        way=method[rows],
        left_out=exclusion[rows],
    )
    return RunTable(lines, build_remittances(payables, context.details, rows))


def order_by_accountant_and_method(
    accountant: NDArray[np.int16], method: NDArray[np.int16], is_last: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Return a stable order by accountant and method, with the rows that are ``is_last`` after all others.

    Keys of 16 bits are sorted in one pass over the rows.
    """
    key = (is_last.astype(np.int16) << 14) | (accountant << 2) | method
    return np.argsort(key, kind="stable")


def compute_due_days(context: SelectionContext, rules: PaymentRules) -> NDArray[np.int32]:
    """Compute the last day on which each payable must be paid: the due day of the request, or the end of its term.

    A suspension before the order delays a due day that was given as well: to the end of the new term, if that is later.
    """
    details, debt_terms = context.details, context.debt_terms
    start = find_receipt_days(details.received, details.invoice_date, debt_terms.day)
    terms = compute_terms(start, details.suspension_notified, details.suspension_ended, rule=rules.term_days)
    is_delayed = (terms.suspended > 0) & ~debt_terms.is_due_at_once
    end = np.where(debt_terms.is_due_at_once, start, terms.end)
    given_days = np.where(is_delayed, np.maximum(details.due, end), details.due)
    return np.where(details.due > 0, given_days, end).astype(np.int32)


def _choose_methods(
    payables: OpenPayables, details: PayableDetails, rules: PaymentRules
) -> NDArray[np.int16]:
    is_urgent = _is_method_in(details.method, _URGENT)
    is_rtgs = is_urgent | (payables.rows.amount >= rules.rtgs_from_cents)
    return np.where(is_rtgs, TransferMethod.RTGS, TransferMethod.SEPA).astype(np.int16)


def _find_exclusions(
    payables: OpenPayables,
    context: SelectionContext,
    criteria: SelectionCriteria,
    *,
    account_row: NDArray[np.int64],
) -> NDArray[np.int16]:
    """Return the first reason not to pay each payable; ``account_row`` is its payee's account, -1 for none."""
    eligible = check_eligibility(context.payees, criteria.rules.countries).take(account_row)
    account_entry = context.payees.find_entries(account_row)
    in_other_runs, returned = context.in_other_runs, context.returned_transfer
    blocked = context.merged.list_blocked_payees(payables.blocked_payees)
    applies: Mapping[Exclusion, NDArray[np.bool_]] = {
        Exclusion.SETTLED_WITHOUT_TRANSFER: context.is_settled_without_transfer,
        Exclusion.PAYEE_BLOCKED: _is_member(payables.rows.payee, blocked),
        Exclusion.THIRD_PARTY_MERGED: _is_member(payables.rows.payee, context.merged.unlike),
        Exclusion.SUSPENDED: context.debt_terms.is_suspended,
        Exclusion.IN_ANOTHER_RUN: find_positions(in_other_runs, payables.rows.entry_id) < len(in_other_runs),
        Exclusion.NO_BANK_DETAILS: ~eligible.has_account,
        Exclusion.BANK_UNKNOWN: ~eligible.has_bank,
        Exclusion.OUTSIDE_SEPA: ~eligible.is_sepa,
        Exclusion.METHOD: ~_is_method_in(context.details.method, _TRANSFERS),
        Exclusion.NO_ACCOUNTANT: context.accountant == 0,
        Exclusion.PERIOD_CLOSED: ~_is_period_open(payables, criteria),
        # a returned transfer is owed again from the day on which the bank gave it back
        Exclusion.NOT_YET_OWED: payables.rows.day > criteria.payment_day,
        # the last ones, because a person may overrule them
        Exclusion.NEW_BANK_DETAILS: account_entry >= criteria.new_from_entry,
        # the payee's account is older than the transfer that was returned from it
        Exclusion.RETURNED: (returned > 0) & (account_entry < returned),
    }
    exclusion = np.full(len(payables.rows.kind), Exclusion.NONE, np.int16)
    for reason, rows in reversed(applies.items()):  # the first reason is written last, over all others
        exclusion[rows] = reason
    return exclusion


def _is_member(values: NDArray[np.int32], members: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Return whether each value is one of ``members``: by a table, as both are small numbers."""
    table = np.zeros(int(max(members.max(initial=0), values.max(initial=0))) + 1, bool)
    table[members] = True
    return table[values]


def _is_period_open(payables: OpenPayables, criteria: SelectionCriteria) -> NDArray[np.bool_]:
    """Return whether the day of payment is in a period of the exercise that is open for the accountant of each payable."""
    years, positions = np.unique(payables.rows.exercise, return_inverse=True)
    days = np.full(len(years), criteria.payment_day, np.int32)
    place = criteria.calendar.place_dates(days, years)
    folio = place.period[positions].astype(np.int64) * LEDGER_ACCOUNTANTS + payables.rows.accountant
    return place.is_inside[positions] & (criteria.states[folio] == PeriodState.OPEN)


def _is_method_in(methods: TextCells, values: Sequence[str]) -> NDArray[np.bool_]:
    return is_in(pc.call_function("utf8_lower", [as_arrow(methods)]), values)


def find_accountants(
    payables: OpenPayables, codes: Mapping[int, str], accountants: Sequence[str]
) -> NDArray[np.int16]:
    """Return the number of the accountant of each payable in ``accountants``, from 1; 0 for none.

    ``codes`` are the accountants by their number in the journal: a debt is paid by the accountant in whose books it is.
    """
    number_of = {code: number for number, code in enumerate(accountants, 1)}
    by_number = np.zeros(max(codes, default=0) + 1, np.int16)
    for number, code in codes.items():
        by_number[number] = number_of.get(code, 0)
    return by_number[payables.rows.accountant]
