"""The figures of delays, added up by sender, fund centre, budget year and year of payment.

What is measured of a debit or a set-off depends on the entries before it alone, and no later entry changes it.  So sums of
those up to an entry stay valid, and those of later ones are added to them.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.delay_rules import DelayRules
from core.kind_rules import Pairing
from core.late_interest import to_half_years
from core.tables.columns import allocate_zeros, concat_tables, select_rows
from core.tables.delays import (
    CellPlaces,
    DebitedPayments,
    DelaySums,
    InterestEntries,
    LatePayments,
    SubmissionSenders,
)
from posting.delays.day_span import ALL_DAYS, DaySpan
from posting.delays.measurement import PaymentDelays, RequestFacts, find_interest, measure_delays, select_late

KEYS = ("sender", "centre", "budget_year", "year")
"""The columns of ``DelaySums`` by which figures are added up."""
_FIGURES = DelaySums._fields[len(KEYS) :]
_COMPENSATIONS: Mapping[str, tuple[str, ...]] = {
    "compensation": (),
    "compensation_of_year": ("year",),
    "compensation_of_sender": ("sender",),
    "compensation_of_sender_and_year": ("sender", "year"),
}
"""The columns within whose values the first late payment of a request is looked for."""
_IS_SET_OFF = np.array([kind.pairs is Pairing.DEBT for kind in CATALOG])
_FIRST_YEAR = 1970
_YEAR_BITS, _CENTRE_BITS = 12, 17

Column = NDArray[np.integer]


class SumScope(NamedTuple):
    """What is added up."""

    after: int = 0
    """Only what follows this entry."""
    span: DaySpan = ALL_DAYS
    """Only payments and claims of these days."""


class PaymentOwners(NamedTuple):
    """What is needed to find the sender and the fund centre of each payment."""

    senders: SubmissionSenders
    cells: CellPlaces
    interest: InterestEntries

    def build_keys(self, cell: Column, day: Column, submission: Column) -> DelaySums:
        """Return one row of zeros for each payment, with its keys."""
        rows = allocate_zeros(DelaySums, len(cell))
        rows.sender[:] = _look_up(self.senders.submission, self.senders.sender, submission)
        rows.centre[:] = _look_up(self.cells.cell, self.cells.centre, cell)
        rows.budget_year[:] = _look_up(self.cells.cell, self.cells.budget_year, cell)
        rows.year[:] = day.astype("M8[D]").astype("M8[Y]").astype(np.int64) + _FIRST_YEAR
        return rows

    def find_submissions(self, interest: DebitedPayments) -> NDArray[np.int32]:
        """Return the submission to which each payment of interest belongs; a part of interest belongs to its own."""
        at = np.searchsorted(self.interest.entry_id, interest.payable)
        is_claim = np.append(self.interest.entry_id, -1)[at] == interest.payable
        return np.where(is_claim, np.append(self.interest.submission, np.int32(0))[at], interest.submission)

    def add_up_claims(self, scope: SumScope) -> DelaySums:
        """Add up the interest that was proposed."""
        claims, (first, last) = self.interest, (np.datetime64(day).astype(np.int64) for day in scope.span)
        in_scope = (claims.entry_id > scope.after) & (claims.day >= first) & (claims.day <= last)
        claims = select_rows(claims, np.flatnonzero(in_scope))
        sums = self.build_keys(claims.cell, claims.day, claims.submission)
        sums.interest_proposed[:] = claims.amount
        return add_up(sums)


class DelayAdder:
    """Adds up the figures of the debits after an entry while debits are read."""

    def __init__(self, facts: RequestFacts, owners: PaymentOwners, scope: SumScope) -> None:
        self._facts, self._owners, self._scope, self._after = facts, owners, scope, scope.after
        self._sums = [allocate_zeros(DelaySums, 0)]
        self._late = [allocate_zeros(LatePayments, 0)]
        self.debits = 0
        """How many were measured."""

    def add_debits(self, rows: DebitedPayments) -> None:
        """Measure some debits.  Those up to the entry count for the first late payment of their requests alone."""
        delays = measure_delays(rows, self._facts)
        self.debits += len(rows.entry_id)
        self._late.append(select_late(delays))
        self._sums.append(self._add_up_payments(delays))
        self._sums.append(self._add_up_interest(rows))

    def _add_up_payments(self, delays: PaymentDelays) -> DelaySums:
        at = np.flatnonzero(delays.rows.entry_id > self._after)
        rows, suspended_days = select_rows(delays.rows, at), delays.suspended_days[at]
        sums = self._owners.build_keys(rows.cell, rows.day, rows.submission)
        sums.payments[:], sums.cents[:] = 1, rows.amount
        sums.days[:], sums.in_time[:] = delays.delay_days[at], delays.late_days[at] == 0
        sums.suspended[:], sums.suspended_days[:] = suspended_days > 0, suspended_days
        is_set_off = _IS_SET_OFF[rows.settled_by]
        sums.set_offs[:], sums.set_off_cents[:] = is_set_off, np.where(is_set_off, rows.amount, 0)
        return add_up(sums)

    def _add_up_interest(self, rows: DebitedPayments) -> DelaySums:
        is_interest = find_interest(rows, self._facts.diverted_parts)
        rows = select_rows(rows, np.flatnonzero(is_interest & (rows.entry_id > self._after)))
        sums = self._owners.build_keys(rows.cell, rows.day, self._owners.find_submissions(rows))
        sums.interest_paid[:] = rows.amount
        return add_up(sums)

    def build_late(self) -> LatePayments:
        """Return all late payments that were measured and bear interest."""
        return concat_tables(self._late)

    def build_sums(self, rules: DelayRules) -> DelaySums:
        """Return the sums.

        Raises
        ------
        ReferenceDataError
            The rate of a half-year is missing.
        """
        late = self._add_up_late(self.build_late(), rules)
        return add_up(concat_tables([*self._sums, late, self._owners.add_up_claims(self._scope)]))

    def _add_up_late(self, late: LatePayments, rules: DelayRules) -> DelaySums:
        sums = self._owners.build_keys(late.cell, late.day, late.submission)
        sums.interest[:] = rules.interest.compute_interest(late.amount, late.late, late.since)
        compensation = rules.interest.compensation_cents.look_up(late.since)
        for name, keys in _COMPENSATIONS.items():
            is_first = _find_firsts(late, [getattr(sums, key) for key in keys])
            getattr(sums, name)[:] = np.where(is_first, compensation, 0)
        return add_up(select_rows(sums, np.flatnonzero(late.debit > self._after)))


def add_up(rows: DelaySums) -> DelaySums:
    """Return one row for each combination of keys, in ascending order."""
    keys = _join_keys(rows)
    order = np.argsort(keys)
    firsts = np.flatnonzero(_change(keys[order]))
    if not len(firsts):
        return rows
    columns = {name: getattr(rows, name)[order[firsts]] for name in KEYS}
    for name in _FIGURES:
        figure = getattr(rows, name)
        # most figures of most rows are zero
        columns[name] = (
            np.add.reduceat(figure[order], firsts) if figure.any() else np.zeros(len(firsts), np.int64)
        )
    return DelaySums(**columns)


def _join_keys(rows: DelaySums) -> NDArray[np.int64]:
    """Return the keys of each row as one number: years have 12 bits, fund centres 17."""
    years = (rows.budget_year.astype(np.int64) << _YEAR_BITS) | rows.year
    places = (rows.sender.astype(np.int64) << _CENTRE_BITS) | rows.centre
    return (places << (2 * _YEAR_BITS)) | years


def find_half_year(late: LatePayments) -> int:
    """Return the newest half-year whose rate is used; 0 for none."""
    return int(to_half_years(late.since).max(initial=0))


def _find_firsts(late: LatePayments, keys: list[Column]) -> NDArray[np.bool_]:
    """Mark the first late payment of each request within each combination of ``keys``."""
    order = np.lexsort([late.debit, *keys, late.request])
    is_first = np.zeros(len(order), bool)
    is_first[order] = _change(late.request[order], *(key[order] for key in keys))
    return is_first


def _change(*columns: Column) -> NDArray[np.bool_]:
    """Mark the rows that differ from the row before in one of ``columns``; the first row does."""
    is_changed = np.zeros(len(columns[0]), bool)
    is_changed[:1] = True
    for column in columns:
        is_changed[1:] |= column[1:] != column[:-1]
    return is_changed


def _look_up(entries: Column, values: Column, keys: Column) -> Column:
    """Return the value of each of ``keys`` among ``entries``, which ascend; 0 for one that is not there."""
    at = np.searchsorted(entries, keys)
    is_present = np.append(entries, -1)[at] == keys
    return np.where(is_present, np.append(values, 0)[at], 0)
