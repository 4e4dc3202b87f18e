"""Late interest that is not paid within the days after the late payment: what is due, claimed, and still owed (rule A59).

It is measured from all payments, as ``pay interest`` does.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from core.amount_fields import AmountStruct, Cents
from core.catalog import Family, list_kinds
from core.late_interest import LateInterestRules
from core.payment_rules import TIME_ZONE
from core.tables.columns import allocate_zeros, concat_tables, select_rows
from core.tables.delays import DebitedPayments, LatePayments
from reporting.code_names import CodeNames
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

if TYPE_CHECKING:
    from posting.delays.amounts_due import AmountsDue
    from posting.delays.measurement import RequestFacts

_EPOCH = date(1970, 1, 1)
_CLAIMS = list_kinds(lambda kind: kind.is_interest)
_REJECTIONS = list_kinds(lambda kind: kind.family is Family.REJECTION)


class OverdueDebt(AmountStruct, frozen=True):
    """What was paid late, and the interest on it that is overdue; in cents."""

    payee: str
    reference: str
    entry: int
    """The request that was paid late, or the part of one."""
    paid_on: str
    """The day of its last late payment whose days are over."""
    payable_by: str
    """The last day on which the interest on that payment was to be paid."""
    days_overdue: int
    due_cents: Cents
    """Interest on the payments whose days are over, and the compensation."""
    claimed_cents: Cents
    rejected_cents: Cents
    """What was rejected of the claims, and so is not to be paid."""
    paid_cents: Cents
    """Debited by the bank, or set off."""
    overdue_cents: Cents


class OverdueInterest(AmountStruct, frozen=True):
    """The overdue interest, the longest overdue first."""

    batch: int
    day: str
    debts: list[OverdueDebt]
    overdue_cents: Cents


class _ClaimSums(NamedTuple):
    """The cents of claims by what they are for."""

    claimed: Counter[int]
    rejected: Counter[int]
    paid: Counter[int]


class _DueInterest(NamedTuple):
    """What is due on payments whose days are over; days since 1970."""

    paid_on: int
    deadline: int
    cents: int


class _Payments:
    """The late payments whose days are over, and the payments of interest, of the debits that are read."""

    def __init__(self, facts: "RequestFacts", rules: LateInterestRules, day: int) -> None:
        self._facts, self._rules, self._day = facts, rules, day
        self._late = [allocate_zeros(LatePayments, 0)]
        self.paid: Counter[int] = Counter()
        """The cents paid of each claim."""

    def add_debits(self, rows: DebitedPayments) -> None:
        """Measure some debits up to the day."""
        from posting.delays.measurement import find_interest, measure_delays, select_late

        rows = select_rows(rows, np.flatnonzero(rows.day <= self._day))
        late = select_late(measure_delays(rows, self._facts))
        end = late.day + self._rules.payment_days.look_up(late.day)
        self._late.append(select_rows(late, np.flatnonzero(end < self._day)))
        parts = self._facts.diverted_parts
        interest = select_rows(rows, np.flatnonzero(find_interest(rows, parts)))
        for entry, cents in zip(interest.payable.tolist(), interest.amount.tolist(), strict=True):
            self.paid[parts[entry].chain[-1] if entry in parts else entry] += cents

    def build_late(self) -> LatePayments:
        """Return the late payments whose days are over."""
        return concat_tables(self._late)


async def load_overdue_interest(
    connection: Connection,
    names: CodeNames,
    *,
    day: date | None = None,
    visibility: Visibility = WHOLE_JOURNAL,
) -> OverdueInterest:
    """Load the interest on visible requests that is overdue on a day, by default today.

    Raises
    ------
    ReferenceDataError
        The interest rate of a half-year with late payments is missing.
    """
    from posting.delays import delay_queries, stored_sum_queries
    from posting.delays.amounts_due import compute_amounts_due
    from posting.delays.day_span import ALL_DAYS

    day, rules = day or datetime.now(ZoneInfo(TIME_ZONE)).date(), names.codes.interest
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        batch = await find_batch_or_last(connection, None)
        if not await stored_sum_queries.has_debits_after(connection, 0):
            return OverdueInterest(
                batch, day.isoformat(), [], 0
            )  # nothing was paid late, whatever requests state
        facts = await delay_queries.load_request_facts(connection, names.codes.term_days, rules)
        payments = _Payments(facts, rules, (day - _EPOCH).days)
        await delay_queries.read_debits(connection, ALL_DAYS, payments.add_debits)
        sums = await _sum_claims(connection, payments.paid)
        late = payments.build_late()
        due = compute_amounts_due(late, rules)
        debts = await fetch(
            connection, "overdue_debts", due.payable.tolist(), visibility.sender, visibility.centres
        )
    interest = _index_interest(due, _find_payment_days(late, due.debit), rules)
    rows = [_build_debt(row, interest[row["entry_id"]], day=day, sums=sums) for row in debts]
    overdue = sorted(
        (row for row in rows if row.overdue_cents > 0), key=lambda row: (row.payable_by, row.entry)
    )
    return OverdueInterest(batch, day.isoformat(), overdue, sum(row.overdue_cents for row in overdue))


async def _sum_claims(connection: Connection, paid: Mapping[int, int]) -> _ClaimSums:
    """Add up the claims by what they are for, with what was rejected and paid of them.

    Only a rejection of the claim itself counts: that of an opposition, an assignment or a carry gives the amount back to it.
    """
    claims = {row["entry_id"]: row for row in await fetch(connection, "claims_of_interest", _CLAIMS)}
    sums = _ClaimSums(Counter(), Counter(), Counter())
    for claim in claims.values():
        sums.claimed[claim["predecessor"]] += claim["amount"]
    for entry, cents in paid.items():
        sums.paid[claims[entry]["predecessor"]] += cents
    for row in await fetch(connection, "rejections", _REJECTIONS, min(claims, default=None)):
        if claim := claims.get(row["predecessor"]):
            sums.rejected[claim["predecessor"]] += row["amount"]
    return sums


def _find_payment_days(late: LatePayments, debits: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return the day of payment of each of ``debits``, which are some of ``late``."""
    order = np.argsort(late.debit)
    return late.day[order[np.searchsorted(late.debit[order], debits)]]


def _index_interest(
    due: "AmountsDue", paid_on: NDArray[np.int32], rules: LateInterestRules
) -> dict[int, _DueInterest]:
    """Return what is due by payable; ``paid_on`` is the day of payment of each."""
    deadlines = paid_on + rules.payment_days.look_up(paid_on)
    rows = zip(paid_on.tolist(), deadlines.tolist(), due.amount.tolist(), strict=True)
    return dict(zip(due.payable.tolist(), map(_DueInterest._make, rows), strict=True))


def _build_debt(row: Row, due: _DueInterest, *, day: date, sums: _ClaimSums) -> OverdueDebt:
    entry = row["entry_id"]
    rejected, paid = sums.rejected[entry], sums.paid[entry]
    payable_by = _EPOCH + timedelta(due.deadline)
    return OverdueDebt(
        row["payee"],
        row["reference"],
        entry,
        (_EPOCH + timedelta(due.paid_on)).isoformat(),
        payable_by.isoformat(),
        (day - payable_by).days,
        due.cents,
        sums.claimed[entry],
        rejected,
        paid,
        max(due.cents - rejected - paid, 0),
    )


def build_table(interest: OverdueInterest) -> ReportTable:
    """Build the table."""
    columns = [
        *(
            Column("payee"),
            Column("reference"),
            Column("entry"),
            Column("paid late on"),
            Column("payable by"),
        ),
        *(Column("days overdue", CellType.COUNT), Column("interest due", CellType.MONEY)),
        *(Column("claimed", CellType.MONEY), Column("rejected", CellType.MONEY)),
        *(Column("interest paid", CellType.MONEY), Column("overdue", CellType.MONEY)),
    ]
    rows: list[list[Cell]] = [
        [
            *(debt.payee, debt.reference, str(debt.entry), debt.paid_on, debt.payable_by, debt.days_overdue),
            *(debt.due_cents, debt.claimed_cents, debt.rejected_cents, debt.paid_cents, debt.overdue_cents),
        ]
        for debt in interest.debts
    ]
    return ReportTable(
        f"Late interest overdue on {interest.day}, after batch {interest.batch:,}",
        columns,
        rows,
        ["all", "", "", "", "", None, None, None, None, None, interest.overdue_cents],
        drop_order=("entry", "rejected", "days overdue", "paid late on", "claimed"),
    )
