"""From what is owed to what a run proposes: what is due, by whom and how it is paid, and what is left out and why."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.calendar import Calendar
from core.catalog import CATALOG, KIND_NUMBERS
from core.payment_rules import PaymentRules, TransferMethod
from core.payment_terms import compute_terms
from core.tables.columns import select_rows
from core.tables.payment_runs import RunLines
from posting.pgcopy import TextCells
from posting.raw_texts import to_text_cells
from settlement.orders.transfer_texts import CHUNK_ROWS, transliterate_texts
from settlement.parallel import map_parallel
from settlement.runs.debt_terms import DebtTerms
from settlement.runs.exclusions import Exclusion
from settlement.runs.open_payables import PAYING_KIND, OpenPayables
from settlement.runs.payable_details import PayableDetails
from settlement.runs.payee_accounts import PayeeAccounts, check_eligibility
from settlement.text_spans import EMPTY, as_arrow, concat, find_positions, is_in, take_rows

_URGENT = ("rtgs", "urgent")
_TRANSFERS = ("", "rtgs", "sepa", "transfer", "urgent")
"""Methods that a run pays by; any other is paid by other means."""
_PAYING_KIND = np.array([PAYING_KIND.get(kind.reaches, 0) for kind in CATALOG], np.int16)
"""By kind of what is owed: the kind of act that pays it."""
REISSUED = KIND_NUMBERS["return_identified"]


class SelectionContext(NamedTuple):
    """What is known besides what is owed."""

    details: PayableDetails
    """Of a part that is owed to another, received and, unless it says so itself, due as the request under it all."""
    debt_terms: DebtTerms
    payees: PayeeAccounts
    accountant: NDArray[np.int16]
    """Of each row, its place among the run's accountants, from 1; 0 for none."""
    in_other_runs: NDArray[np.int64]
    """Entries that other runs pay which are not issued yet, ascending."""
    returned_transfer: NDArray[np.int64]
    """Of each row the entry of the transfer that came back; 0 where none did."""


class SelectionCriteria(NamedTuple):
    """What is to be proposed."""

    due_until: int
    """Day up to which something must be due."""
    payment_day: int
    """Day on which it will be paid, in the books."""
    rules: PaymentRules
    calendar: Calendar


class Proposal(NamedTuple):
    """The lines of a run, in the order in which it pays; those left out last."""

    lines: RunLines
    remittance: TextCells


def select_lines(payables: OpenPayables, context: SelectionContext, criteria: SelectionCriteria) -> Proposal:
    """The lines of a run."""
    due = compute_due_days(payables, context, criteria.rules)
    rows = np.flatnonzero(due - criteria.rules.ahead_days <= criteria.due_until)
    way, details = (
        _choose_ways(payables, context.details, criteria.rules),
        context.payees.find_in_force(payables.rows.payee),
    )
    left_out = _find_exclusions(payables, context, criteria, details)
    accountant = context.accountant
    rows = rows[order_by_accountant_and_way(accountant[rows], way[rows], left_out[rows] != Exclusion.NO)]
    one = select_rows(payables.rows, rows)
    said = np.where(details[rows] >= 0, np.append(context.payees.rows.entry_id, 0)[details[rows]], 0)
    lines = RunLines(
        line=np.arange(1, len(rows) + 1, dtype=np.int32),
        entry_id=one.entry_id,
        amount=one.amount,
        details=said,
        due=due[rows],
        payee=one.payee,
        kind=_PAYING_KIND[one.kind],
        exercise=one.exercise,
        accountant=accountant[rows],
        way=way[rows],
        left_out=left_out[rows],
    )
    return Proposal(lines, _build_remittances(payables, context.details, rows))


def order_by_accountant_and_way(
    accountant: NDArray[np.int16], way: NDArray[np.int16], last: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """The rows by accountant and way, as they stand within each; those that come ``last`` behind all others.

    Keys of 16 bits are sorted in one pass over the rows.
    """
    key = (last.astype(np.int16) << 14) | (accountant << 2) | way
    return np.argsort(key, kind="stable")


def compute_due_days(
    payables: OpenPayables, context: SelectionContext, rules: PaymentRules
) -> NDArray[np.int32]:
    """The day on which each is to be paid at the latest: the one said, or the end of the term (domain 4).

    A suspension that counted moves the day that was said as well: to the end of the term that it made, where that is later.
    """
    details, beneath = context.details, context.debt_terms
    since = np.where(details.received > 0, details.received, beneath.day)
    own = compute_terms(since, *payables.suspensions.find_days(payables.rows.entry_id), rule=rules.term_days)
    ends, stopped = own.end, own.suspended > 0
    for rows, above in beneath.levels:
        moved = compute_terms(since[rows], *payables.suspensions.find_days(above), rule=rules.term_days)
        ends[rows] = np.maximum(ends[rows], moved.end)
        stopped[rows] |= moved.suspended > 0
    stopped &= ~beneath.is_due_at_once
    ends = np.where(beneath.is_due_at_once, since, ends)
    said = np.where(stopped, np.maximum(details.due, ends), details.due)
    return np.where(details.due > 0, said, ends).astype(np.int32)


def _choose_ways(payables: OpenPayables, details: PayableDetails, rules: PaymentRules) -> NDArray[np.int16]:
    urgent = _is_among(details.method, _URGENT)
    return np.where(
        urgent | (payables.rows.amount >= rules.rtgs_from_cents), TransferMethod.RTGS, TransferMethod.SEPA
    ).astype(np.int16)


def _find_exclusions(
    payables: OpenPayables, context: SelectionContext, criteria: SelectionCriteria, details: NDArray[np.int64]
) -> NDArray[np.int16]:
    """Of each row the first reason not to pay it."""
    fit = check_eligibility(context.payees, criteria.rules.countries)
    is_known = details >= 0
    since = np.append(context.payees.rows.entry_id, 0)[details]
    findings: Mapping[Exclusion, NDArray[np.bool_]] = {
        Exclusion.PAYEE_BLOCKED: _is_marked(payables.blocked_payees, payables.rows.payee),
        Exclusion.SUSPENDED: context.debt_terms.is_suspended,
        Exclusion.IN_ANOTHER_RUN: find_positions(context.in_other_runs, payables.rows.entry_id)
        < len(context.in_other_runs),
        Exclusion.NO_BANK_DETAILS: ~(is_known & np.append(fit.has_account, False)[details]),
        Exclusion.BANK_UNKNOWN: ~np.append(fit.has_bank, False)[details],
        Exclusion.OUTSIDE_SEPA: ~np.append(fit.is_sepa, False)[details],
        Exclusion.RETURNED: (context.returned_transfer > 0) & (since < context.returned_transfer),
        Exclusion.METHOD: ~_is_among(context.details.method, _TRANSFERS),
        Exclusion.NO_ACCOUNTANT: context.accountant == 0,
        Exclusion.PERIOD_CLOSED: ~_is_period_open(payables.rows.exercise, criteria),
    }
    found = np.zeros(len(payables.rows.kind), np.int16)
    for reason, rows in reversed(findings.items()):
        found[rows] = reason
    return found


def _is_marked(numbers: NDArray[np.int32], of: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each of ``of`` is one of ``numbers``."""
    marks = np.zeros(int(max(numbers.max(initial=0), of.max(initial=0))) + 1, bool)
    marks[numbers] = True
    return marks[of]


def _is_period_open(exercises: NDArray[np.int16], criteria: SelectionCriteria) -> NDArray[np.bool_]:
    """Whether the day of payment lies in an open period of each exercise."""
    years, at = np.unique(exercises, return_inverse=True)
    days = np.full(len(years), criteria.payment_day, np.int32)
    placed = criteria.calendar.place_dates(days, years)
    return (placed.is_inside & (criteria.calendar.mark_open_periods()[placed.period] > 0))[at]


def _build_remittances(payables: OpenPayables, details: PayableDetails, rows: NDArray[np.int64]) -> TextCells:
    """What the payee will read: its own words for it, or invoice, request and commitment by their numbers."""
    pieces = [rows[at : at + CHUNK_ROWS] for at in range(0, len(rows), CHUNK_ROWS)]
    parts = map_parallel(
        lambda piece: transliterate_texts(_build_remittance_chunk(payables, details, piece)), pieces
    )
    return concat(parts) if parts else EMPTY


def _build_remittance_chunk(
    payables: OpenPayables, details: PayableDetails, rows: NDArray[np.int64]
) -> TextCells:
    own = _take_texts_or_null(details.remittance, rows)
    parts = (
        _prefix_texts("", details.invoice, rows),
        _prefix_texts("DP ", payables.reference, rows),
        _prefix_texts("EJ ", payables.commitment, rows),
    )
    numbers = pc.binary_join_element_wise(*parts, " ", null_handling="skip")  # type: ignore[call-overload]
    return to_text_cells(pc.call_function("coalesce", [own, numbers]))


def _take_texts_or_null(cells: TextCells, rows: NDArray[np.int64]) -> pa.Array:
    """The texts of the rows, null where nothing is said."""
    texts = as_arrow(take_rows(cells, rows))
    is_empty = pc.call_function("equal", [texts, pa.scalar("")])
    return pc.call_function("if_else", [is_empty, pa.scalar(None, pa.string()), texts])


def _prefix_texts(label: str, cells: TextCells, rows: NDArray[np.int64]) -> pa.Array:
    texts = _take_texts_or_null(cells, rows)
    return pc.binary_join_element_wise(label, texts, "") if label else texts  # type: ignore[call-overload]


def _is_among(cells: TextCells, values: Sequence[str]) -> NDArray[np.bool_]:
    return is_in(pc.call_function("utf8_lower", [as_arrow(cells)]), values)


def find_accountants(
    payables: OpenPayables,
    centres: Sequence[str],
    assigned: Mapping[int, Mapping[str, str]],
    order: Sequence[str],
) -> NDArray[np.int16]:
    """Of each row, the place of its accountant in ``order``, from 1; 0 for none.

    ``centres`` are the fund centres by number of the account assignment, ``assigned`` who pays for them by exercise.
    """
    number = {code: place for place, code in enumerate(order, 1)}
    found = np.zeros(len(payables.rows.kind), np.int16)
    for year in np.unique(payables.rows.exercise).tolist():
        of_year = assigned.get(year, {})
        by_cell = np.array([number.get(of_year.get(centre, ""), 0) for centre in centres], np.int16)
        rows = payables.rows.exercise == year
        found[rows] = by_cell[payables.rows.cell[rows]]
    return found
