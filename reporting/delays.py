"""Payment delays by ministry or programme: payments, days, and the interest due for late payments (rule A59).

The delay of a payment (*délai global de paiement*) runs from the receipt of the request, or from the certification of the
service if that is later, to the day of payment, without the days of a suspension.  A payment within its term is in time.
A set-off is a payment, as it extinguishes the debt; the report says how much was set off.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from core.account_roles import SHARED_ROLES
from core.amount_fields import AmountStruct, Cents, OldCents, list_new_names
from core.catalog import CATALOG, ActKind, Stage
from core.delay_rules import DelayRules
from core.kind_rules import Pairing
from core.tables.columns import allocate_zeros, concat_tables, select_rows
from core.tables.delays import DelaySums
from posting.delays.day_span import ALL_DAYS, DaySpan
from posting.delays.delay_sums import SumScope, add_up
from posting.delays.stored_sum_queries import find_state, has_debits_after, load_owners, read_sums
from reporting.code_names import ACCOUNT, CENTRE, SENDER, CodeNames
from reporting.report_queries import Connection, fetch_one
from reporting.report_tables import CellType, Column, ReportTable

Grouping = Literal["ministry", "programme"]
_COMPENSATIONS: Mapping[tuple[bool, bool], str] = {
    (False, False): "compensation",
    (False, True): "compensation_of_year",
    (True, False): "compensation_of_sender",
    (True, True): "compensation_of_sender_and_year",
}
"""The column of the compensation, by whether the report is of one sender, and of one year."""
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
    set_offs: int = 0
    """How many of the payments are set-offs, which no bank debits."""
    set_off_cents: Cents = 0


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


async def load_delays(connection: Connection, names: CodeNames, scope: DelayScope = _WHOLE_SCOPE) -> Delays:
    """Load the delays of the payments in ``scope``.

    Raises
    ------
    ReferenceDataError
        The interest rate of a half-year with late payments is missing.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        if not await _may_have_payments(connection, names):
            return _build_report(allocate_zeros(DelaySums, 0), [], scope)
        sums = _select_figures(await _load_sums(connection, names, scope), names, scope)
    centres = zip(sums.centre.tolist(), sums.budget_year.tolist(), strict=True)
    return _build_report(sums, [_find_programme(names, *centre) for centre in centres], scope)


def _belongs_to_delays(kind: ActKind) -> bool:
    return kind.reaches is Stage.DEBITED or kind.pairs is Pairing.DEBT or kind.is_interest


async def _may_have_payments(connection: Connection, names: CodeNames) -> bool:
    """Return whether debits, set-offs or interest may have been posted, by CP and the sums of accounts, not by entries.

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


async def _load_sums(connection: Connection, names: CodeNames, scope: DelayScope) -> DelaySums:
    """Read the stored sums, and measure what follows them; measure everything if there are none."""
    rules = DelayRules(names.codes.term_days, names.codes.interest)
    state = await find_state(connection, rules)
    if not state:
        return await _measure(connection, rules, SumScope(0, scope.span))
    stored = await read_sums(connection, state)
    rest = SumScope(state.last_entry, scope.span)
    if await has_debits_after(connection, rest.after):
        later = await _measure(connection, rules, rest)
    else:
        later = (await load_owners(connection, rest.after + 1)).add_up_claims(rest)
    return concat_tables([stored, later])


async def _measure(connection: Connection, rules: DelayRules, scope: SumScope) -> DelaySums:
    # it needs the kernels, which take longer to load than a report of stored sums takes to run
    from posting.delays.sum_measurement import add_up_after

    return await add_up_after(connection, rules, scope)


def _select_figures(sums: DelaySums, names: CodeNames, scope: DelayScope) -> DelaySums:
    """Return the figures in ``scope``, one row for each fund centre and budget year."""
    is_selected = np.ones(len(sums.sender), bool)
    if scope.year:
        is_selected &= sums.year == scope.year
    if scope.sender is not None:
        senders = names.by_number[SENDER].items()
        is_selected &= np.isin(sums.sender, [number for number, code in senders if code == scope.sender])
    sums = select_rows(sums, np.flatnonzero(is_selected))
    return add_up(sums._replace(sender=np.zeros_like(sums.sender), year=np.zeros_like(sums.year)))


def _find_programme(names: CodeNames, centre: int, year: int) -> tuple[str, str]:
    """Return the ministry and programme of a fund centre in a budget year."""
    code = names.find_code(CENTRE, centre)
    if code not in names.codes.find_year(year).centres:
        return _UNKNOWN
    programme = names.codes.find_programme(code, year)
    return programme.ministry, programme.code


def _build_report(sums: DelaySums, places: Sequence[tuple[str, str]], scope: DelayScope) -> Delays:
    """Build the report; ``places`` are ministry and programme of each row of ``sums``."""
    groups: dict[tuple[str, str], list[int]] = {}
    for at, (ministry, programme) in enumerate(places):
        if not scope.within or programme in scope.within:
            groups.setdefault((ministry, programme if scope.by == "programme" else ""), []).append(at)
    compensation = getattr(sums, _COMPENSATIONS[scope.sender is not None, scope.year is not None])
    figures = sums._asdict() | {"interest_due": sums.interest + compensation}
    rows = [_build_row(place, figures, at) for place, at in groups.items()]
    rows = [row for row in rows if row.payments or row.interest_due or row.interest_proposed]
    rows.sort(key=lambda row: (-row.mean_days, row.ministry, row.programme))
    every = [at for group in groups.values() for at in group]
    return Delays(scope.year, scope.by, rows, _build_row(("", ""), figures, every))


def _build_row(place: tuple[str, str], figures: Mapping[str, NDArray[np.int64]], at: list[int]) -> Delay:
    figures_summed = {name: int(figures[name][at].sum()) for name in _SUMMED}
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
    *("days of it", "suspended", "set off", "interest proposed", "interest paid"),
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
            Column("set off", CellType.MONEY),
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
        *(
            delay.payments,
            delay.cents,
            delay.set_off_cents,
            f"{delay.mean_days:.1f}",
            f"{delay.in_time_percent:.1f} %",
        ),
        *(delay.suspended, delay.suspended_days),
        *(delay.interest_due, delay.interest_proposed, delay.interest_paid),
    ]
