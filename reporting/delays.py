"""Payment delays by ministry or programme: payments, days, and the interest due for late payments (rule A59).

The delay of a payment (*délai global de paiement*) runs from the receipt of the request, or from the certification of the
service if that is later, to the day of payment, without the days of a suspension.  A payment within its term is in time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.amount_fields import AmountStruct, Cents, OldCents, list_new_names
from core.catalog import CATALOG, SHARED_ROLES, ActKind, Stage, list_kinds
from core.senders import RESERVED_SENDERS
from core.tables.columns import allocate_zeros, concat_tables, select_rows
from core.tables.delays import DebitedPayments, LatePayments
from posting.delays.amounts_due import compute_amounts_due
from posting.delays.day_span import ALL_DAYS, DaySpan
from posting.delays.measurement import RequestFacts, find_interest, measure_delays, select_late
from reporting.code_names import ACCOUNT, CENTRE, CodeNames
from reporting.report_queries import Connection, Row, fetch, fetch_one
from reporting.report_tables import CellType, Column, ReportTable

Grouping = Literal["ministry", "programme"]
AddDebits = Callable[[DebitedPayments], None]
_INTEREST = list_kinds(lambda kind: kind.is_interest)
_UNKNOWN = ("", "")


class Delay(AmountStruct, frozen=True, kw_only=True):
    """The payments of one ministry or programme; amounts in cents."""

    ministry: str
    programme: str
    """Empty in a row for a whole ministry."""
    payments: int
    cents: int
    days: int
    """The sum of all payment delays."""
    mean_days: float
    in_time: int
    """The number of payments within their terms."""
    in_time_percent: float
    suspended: int
    suspended_days: int
    interest_due: OldCents
    """Interest and compensation for late payments, where the contract bears interest."""
    interest_proposed: OldCents
    interest_paid: OldCents
    interest_due_cents: Cents = 0
    interest_proposed_cents: Cents = 0
    interest_paid_cents: Cents = 0


class Delays(msgspec.Struct, frozen=True):
    """Payment delays by ministry or programme, the longest mean delay first."""

    year: int | None
    """Only payments of this year; all payments if null."""
    by: str
    rows: list[Delay]
    total: Delay


class DelayScope(NamedTuple):
    """The payments to report."""

    by: Grouping = "ministry"
    year: int | None = None
    within: frozenset[str] = frozenset()
    """Only these programmes; all if empty."""
    sender: str | None = None
    """Only what this sender owes; that of all senders if None."""

    @property
    def span(self) -> DaySpan:
        """The days whose payments count."""
        return DaySpan(date(self.year, 1, 1), date(self.year, 12, 31)) if self.year else ALL_DAYS


_WHOLE_SCOPE = DelayScope()


@dataclass(slots=True)
class _Sums:
    """Figures by account assignment, added up while debits are read."""

    facts: RequestFacts
    cells: int
    figures: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    late: list[LatePayments] = field(default_factory=lambda: [allocate_zeros(LatePayments, 0)])

    def add_debits(self, rows: DebitedPayments) -> None:
        """Add the figures of some debits."""
        delays = measure_delays(rows, self.facts)
        cell, interest = delays.rows.cell, find_interest(rows, self.facts.diverted_parts)
        in_time, stopped = delays.late_days == 0, delays.suspended_days.astype(np.int64)
        self._add("payments", cell, np.ones(len(cell), np.int64))
        self._add("cents", cell, delays.rows.amount)
        self._add("days", cell, delays.delay_days.astype(np.int64))
        self._add("in_time", cell, in_time.astype(np.int64))
        self._add("suspended", cell, (stopped > 0).astype(np.int64))
        self._add("suspended_days", cell, stopped)
        self._add("interest_paid", rows.cell[interest], rows.amount[interest])
        self.late.append(select_late(delays))

    def _add(self, name: str, cell: NDArray[np.int32], values: NDArray[np.int64]) -> None:
        sums = self.figures.setdefault(name, np.zeros(self.cells, np.int64))
        np.add.at(sums, cell, values)

    def add_amounts(
        self, name: str, cell: Sequence[int] | NDArray[np.int32], cents: Sequence[int] | NDArray
    ) -> None:
        """Add amounts by account assignment."""
        self._add(name, np.asarray(cell, np.int32), np.asarray(cents, np.int64))


async def load_delays(connection: Connection, names: CodeNames, scope: DelayScope = _WHOLE_SCOPE) -> Delays:
    """Load the delays of the payments in ``scope``.

    Raises
    ------
    ReferenceDataError
        The interest rate of a half-year with late payments is missing.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if not await _may_have_payments(connection, names):
            return _build_report({}, {}, scope)
        cells = await fetch(connection, "cell_centres")
        sums = await _add_up_debits(connection, names, scope, cells=cells)
        proposed = await _fetch_interest(connection, scope)
    owed = compute_amounts_due(concat_tables(sums.late), names.codes.interest)
    sums.add_amounts("interest_due", owed.cell, owed.amount)
    sums.add_amounts(
        "interest_proposed", [row["cell"] for row in proposed], [row["cents"] for row in proposed]
    )
    places = {row["cell"]: _find_programme(names, row["centre"], row["budget_year"]) for row in cells}
    return _build_report(sums.figures, places, scope)


def _belongs_to_delays(kind: ActKind) -> bool:
    return kind.reaches is Stage.DEBITED or kind.is_interest


async def _may_have_payments(connection: Connection, names: CodeNames) -> bool:
    """Return whether debits or interest may have been posted, by CP and the sums of accounts, without a look at entries.

    Each of these kinds posts to an account that is the same for all commitment items.  The reference files name these
    accounts, and may be others than those of the ledger; the CP that payments consume are independent of them.
    """
    row = await fetch_one(connection, "has_payments")
    return bool(row["exists"]) or await _has_postings(connection, names)


async def _has_postings(connection: Connection, names: CodeNames) -> bool:
    roles = {role for kind in CATALOG if _belongs_to_delays(kind) for role in (kind.debit, kind.credit)}
    charts = names.codes.charts.values()
    codes = {chart.shared_accounts.get(role) for chart in charts for role in roles.intersection(SHARED_ROLES)}
    numbers = [number for number, code in names.by_number[ACCOUNT].items() if code in codes]
    row = await fetch_one(connection, "has_postings", numbers)
    return bool(row["exists"])


async def _add_up_debits(
    connection: Connection, names: CodeNames, scope: DelayScope, *, cells: Sequence[Row]
) -> _Sums:
    # it needs the kernels, which take longer to load than a report without payments takes to run
    from posting.delays import delay_queries

    facts = await delay_queries.load_request_facts(connection, names.codes.term_days, names.codes.interest)
    sums = _Sums(facts, max((row["cell"] for row in cells), default=0) + 1)
    add_debits = await _limit_to_sender(connection, scope.sender, sums.add_debits)
    await delay_queries.read_debits(connection, scope.span, add_debits)
    return sums


async def _limit_to_sender(connection: Connection, sender: str | None, work: AddDebits) -> AddDebits:
    """Return ``work``, limited to the debits of what ``sender`` owes."""
    if sender is None:
        return work
    from posting.delays.payable_queries import read_payables

    payables = await read_payables(connection, sender)
    return lambda debits: work(select_rows(debits, np.flatnonzero(np.isin(debits.payable, payables))))


async def _fetch_interest(connection: Connection, scope: DelayScope) -> list[Row]:
    if scope.sender is None:
        return await fetch(connection, "interest_proposed", _INTEREST, *scope.span)
    senders = (scope.sender, sorted(RESERVED_SENDERS))
    return await fetch(connection, "interest_proposed_of_sender", _INTEREST, *scope.span, *senders)


def _find_programme(names: CodeNames, centre: int, year: int) -> tuple[str, str]:
    """Return the ministry and programme of a fund centre in a budget year."""
    code = names.find_code(CENTRE, centre)
    if code not in names.codes.find_year(year).centres:
        return _UNKNOWN
    programme = names.codes.find_programme(code, year)
    return programme.ministry, programme.code


def _build_report(
    figures: Mapping[str, NDArray[np.int64]], places: Mapping[int, tuple[str, str]], scope: DelayScope
) -> Delays:
    groups: dict[tuple[str, str], list[int]] = {}
    for cell, (ministry, programme) in places.items():
        if not scope.within or programme in scope.within:
            groups.setdefault((ministry, programme if scope.by == "programme" else ""), []).append(cell)
    rows = [_build_row(place, figures, cells) for place, cells in groups.items()]
    rows = [row for row in rows if row.payments or row.interest_due or row.interest_proposed]
    rows.sort(key=lambda row: (-row.mean_days, row.ministry, row.programme))
    every = [cell for cells in groups.values() for cell in cells]
    return Delays(scope.year, scope.by, rows, _build_row(("", ""), figures, every))


def _build_row(place: tuple[str, str], figures: Mapping[str, NDArray[np.int64]], cells: list[int]) -> Delay:
    sums = {name: int(column[cells].sum()) for name, column in figures.items()}
    figures_summed = {name: sums.get(name, 0) for name in _SUMMED}
    payments = figures_summed["payments"]
    return Delay(
        ministry=place[0],
        programme=place[1],
        mean_days=round(figures_summed["days"] / payments, 1) if payments else 0.0,
        in_time_percent=round(100 * figures_summed["in_time"] / payments, 1) if payments else 0.0,
        **figures_summed,
    )


_NOT_SUMMED = frozenset({"ministry", "programme", "mean_days", "in_time_percent", *list_new_names(Delay)})
_SUMMED = tuple(name for name in Delay.__struct_fields__ if name not in _NOT_SUMMED)

_DROP_ORDER = (
    *("days of it", "suspended", "interest proposed", "interest paid"),
    *("mean days", "euros", "interest due", "payments"),
)


def build_table(delays: Delays) -> ReportTable:
    """Build the table."""
    is_programme = delays.by == "programme"
    columns = [
        Column("ministry"),
        *([Column("programme")] if is_programme else []),
        *(
            Column("payments", CellType.COUNT),
            Column("euros", CellType.MONEY),
            Column("mean days"),
            Column("in time"),
        ),
        *(Column("suspended", CellType.COUNT), Column("days of it", CellType.COUNT)),
        *(Column(f"interest {name}", CellType.MONEY) for name in ("due", "proposed", "paid")),
    ]
    rows = [
        [delay.ministry, *([delay.programme] if is_programme else []), *_list_cells(delay)]
        for delay in delays.rows
    ]
    foot = ["all", *([""] if is_programme else []), *_list_cells(delays.total)]
    when = f", paid in {delays.year}" if delays.year else ""
    title = f"Payment delays by {delays.by}{when}"
    return ReportTable(title, columns, rows, foot, drop_order=_DROP_ORDER)


def _list_cells(delay: Delay) -> list[str | int]:
    return [
        *(delay.payments, delay.cents, f"{delay.mean_days:.1f}", f"{delay.in_time_percent:.1f} %"),
        *(delay.suspended, delay.suspended_days),
        *(delay.interest_due, delay.interest_proposed, delay.interest_paid),
    ]
