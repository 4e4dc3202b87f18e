"""From what is owed to what a run proposes: what is due, by whom and how it is paid, and what is left out and why."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.calendar import Calendar
from core.catalog import CATALOG, KIND_NUMBER
from core.payment_rules import Rules, Way
from core.payment_terms import terms
from core.tables.columns import take
from core.tables.payment_runs import RunLines
from posting.pgcopy import TextCells
from posting.raw_texts import text_cells
from settlement.orders.transfer_texts import CHUNK_ROWS, spelt
from settlement.parallel import side_by_side
from settlement.runs.debt_terms import Beneath
from settlement.runs.exclusions import LeftOut
from settlement.runs.open_payables import PAID_BY, Owed
from settlement.runs.payable_details import Details
from settlement.runs.payee_accounts import Payees, fitness
from settlement.text_spans import NOTHING, among, as_arrow, chosen, joined, places

_URGENT = ("rtgs", "urgent")
_TRANSFERS = ("", "rtgs", "sepa", "transfer", "urgent")
"""Methods that a run pays by; any other is paid by other means."""
_PAYS = np.array([PAID_BY.get(kind.reaches, 0) for kind in CATALOG], np.int16)
"""By kind of what is owed: the kind of act that pays it."""
REISSUED = KIND_NUMBER["return_identified"]


class Known(NamedTuple):
    """What is known besides what is owed."""

    details: Details
    """Of a part that is owed to another, received and, unless it says so itself, due as the request under it all."""
    beneath: Beneath
    payees: Payees
    accountant: NDArray[np.int16]
    """Of each row, its place among the run's accountants, from 1; 0 for none."""
    elsewhere: NDArray[np.int64]
    """Entries that other runs pay which are not issued yet, ascending."""
    returned: NDArray[np.int64]
    """Of each row the entry of the transfer that came back; 0 where none did."""


class Asked(NamedTuple):
    """What is to be proposed."""

    until: int
    """Day up to which something must be due."""
    day: int
    """Day on which it will be paid, in the books."""
    rules: Rules
    calendar: Calendar


class Proposal(NamedTuple):
    """The lines of a run, in the order in which it pays; those left out last."""

    lines: RunLines
    remittance: TextCells


def propose(owed: Owed, known: Known, asked: Asked) -> Proposal:
    """The lines of a run."""
    due = due_days(owed, known, asked.rules)
    rows = np.flatnonzero(due - asked.rules.ahead_days <= asked.until)
    way, details = _ways(owed, known.details, asked.rules), known.payees.in_force(owed.rows.payee)
    left_out = _left_out(owed, known, asked, details)
    accountant = known.accountant
    rows = rows[sets(accountant[rows], way[rows], left_out[rows] != LeftOut.NO)]
    one = take(owed.rows, rows)
    said = np.where(details[rows] >= 0, np.append(known.payees.rows.entry_id, 0)[details[rows]], 0)
    lines = RunLines(
        line=np.arange(1, len(rows) + 1, dtype=np.int32),
        entry_id=one.entry_id,
        amount=one.amount,
        details=said,
        due=due[rows],
        payee=one.payee,
        kind=_PAYS[one.kind],
        exercise=one.exercise,
        accountant=accountant[rows],
        way=way[rows],
        left_out=left_out[rows],
    )
    return Proposal(lines, _remittance(owed, known.details, rows))


def sets(accountant: NDArray[np.int16], way: NDArray[np.int16], last: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The rows by accountant and way, as they stand within each; those that come ``last`` behind all others.

    Keys of 16 bits are sorted in one pass over the rows.
    """
    key = (last.astype(np.int16) << 14) | (accountant << 2) | way
    return np.argsort(key, kind="stable")


def due_days(owed: Owed, known: Known, rules: Rules) -> NDArray[np.int32]:
    """The day on which each is to be paid at the latest: the one said, or the end of the term (domain 4).

    A suspension that counted moves the day that was said as well: to the end of the term that it made, where that is later.
    """
    details, beneath = known.details, known.beneath
    since = np.where(details.received > 0, details.received, beneath.day)
    own = terms(since, *owed.stops.days(owed.rows.entry_id), rules.term_days)
    ends, stopped = own.end, own.suspended > 0
    for rows, above in beneath.above:
        moved = terms(since[rows], *owed.stops.days(above), rules.term_days)
        ends[rows] = np.maximum(ends[rows], moved.end)
        stopped[rows] |= moved.suspended > 0
    stopped &= ~beneath.at_once
    ends = np.where(beneath.at_once, since, ends)
    said = np.where(stopped, np.maximum(details.due, ends), details.due)
    return np.where(details.due > 0, said, ends).astype(np.int32)


def _ways(owed: Owed, details: Details, rules: Rules) -> NDArray[np.int16]:
    urgent = _among(details.method, _URGENT)
    return np.where(urgent | (owed.rows.amount >= rules.rtgs_from), Way.RTGS, Way.SEPA).astype(np.int16)


def _left_out(owed: Owed, known: Known, asked: Asked, details: NDArray[np.int64]) -> NDArray[np.int16]:
    """Of each row the first reason not to pay it."""
    fit = fitness(known.payees, asked.rules.countries)
    is_known = details >= 0
    since = np.append(known.payees.rows.entry_id, 0)[details]
    findings: Mapping[LeftOut, NDArray[np.bool_]] = {
        LeftOut.PAYEE_BLOCKED: _marked(owed.blocked, owed.rows.payee),
        LeftOut.SUSPENDED: known.beneath.is_stopped,
        LeftOut.IN_ANOTHER_RUN: places(known.elsewhere, owed.rows.entry_id) < len(known.elsewhere),
        LeftOut.NO_BANK_DETAILS: ~(is_known & np.append(fit.has_account, False)[details]),
        LeftOut.BANK_UNKNOWN: ~np.append(fit.has_bank, False)[details],
        LeftOut.OUTSIDE_SEPA: ~np.append(fit.is_sepa, False)[details],
        LeftOut.RETURNED: (known.returned > 0) & (since < known.returned),
        LeftOut.METHOD: ~_among(known.details.method, _TRANSFERS),
        LeftOut.NO_ACCOUNTANT: known.accountant == 0,
        LeftOut.PERIOD_CLOSED: ~_takes_entries(owed.rows.exercise, asked),
    }
    found = np.zeros(len(owed.rows.kind), np.int16)
    for reason, rows in reversed(findings.items()):
        found[rows] = reason
    return found


def _marked(numbers: NDArray[np.int32], of: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether each of ``of`` is one of ``numbers``."""
    marks = np.zeros(int(max(numbers.max(initial=0), of.max(initial=0))) + 1, bool)
    marks[numbers] = True
    return marks[of]


def _takes_entries(exercises: NDArray[np.int16], asked: Asked) -> NDArray[np.bool_]:
    """Whether the day of payment lies in an open period of each exercise."""
    years, at = np.unique(exercises, return_inverse=True)
    days = np.full(len(years), asked.day, np.int32)
    placed = asked.calendar.place(days, years)
    return (placed.inside & (asked.calendar.open_periods()[placed.period] > 0))[at]


def _remittance(owed: Owed, details: Details, rows: NDArray[np.int64]) -> TextCells:
    """What the payee will read: its own words for it, or invoice, request and commitment by their numbers."""
    pieces = [rows[at : at + CHUNK_ROWS] for at in range(0, len(rows), CHUNK_ROWS)]
    parts = side_by_side(lambda piece: spelt(_written(owed, details, piece)), pieces)
    return joined(parts) if parts else NOTHING


def _written(owed: Owed, details: Details, rows: NDArray[np.int64]) -> TextCells:
    own = _given(details.remittance, rows)
    parts = (
        _labelled("", details.invoice, rows),
        _labelled("DP ", owed.reference, rows),
        _labelled("EJ ", owed.commitment, rows),
    )
    numbers = pc.binary_join_element_wise(*parts, " ", null_handling="skip")  # type: ignore[call-overload]
    return text_cells(pc.call_function("coalesce", [own, numbers]))


def _given(cells: TextCells, rows: NDArray[np.int64]) -> pa.Array:
    """The texts of the rows, null where nothing is said."""
    texts = as_arrow(chosen(cells, rows))
    is_empty = pc.call_function("equal", [texts, pa.scalar("")])
    return pc.call_function("if_else", [is_empty, pa.scalar(None, pa.string()), texts])


def _labelled(label: str, cells: TextCells, rows: NDArray[np.int64]) -> pa.Array:
    texts = _given(cells, rows)
    return pc.binary_join_element_wise(label, texts, "") if label else texts  # type: ignore[call-overload]


def _among(cells: TextCells, values: Sequence[str]) -> NDArray[np.bool_]:
    return among(pc.call_function("utf8_lower", [as_arrow(cells)]), values)


def accountants_of(
    owed: Owed, centres: Sequence[str], assigned: Mapping[int, Mapping[str, str]], order: Sequence[str]
) -> NDArray[np.int16]:
    """Of each row, the place of its accountant in ``order``, from 1; 0 for none.

    ``centres`` are the fund centres by number of the account assignment, ``assigned`` who pays for them by exercise.
    """
    number = {code: place for place, code in enumerate(order, 1)}
    found = np.zeros(len(owed.rows.kind), np.int16)
    for year in np.unique(owed.rows.exercise).tolist():
        of_year = assigned.get(year, {})
        by_cell = np.array([number.get(of_year.get(centre, ""), 0) for centre in centres], np.int16)
        rows = owed.rows.exercise == year
        found[rows] = by_cell[owed.rows.cell[rows]]
    return found
