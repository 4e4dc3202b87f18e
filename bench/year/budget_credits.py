"""The credits of the year, computed from the demand on them so that most civilian programmes run out.

A unit that runs out gets, to within a few euros, the demand up to a day in December: everything before that day is
accepted, and after it only what is small enough.  So a programme ends within a few euros of zero, as the accounts show.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.act_changes import Changes, UnitLines
from bench.year.commitments import Commitments, sum_by_position
from bench.year.line_arrays import SpendingYear
from bench.year.payment_requests import Requests
from bench.year.spending_units import HT2, SHEETS, T2, Units

EXHAUSTED_PERCENT = 80
"""The share of civilian programmes whose CP run out."""
AE_EXHAUSTED_PERCENT = 25
"""The share of their units whose AE run out too, at about the same time."""
_CUT_DAYS = (350, 363)
_NO_CUT_DAY = 366
_LEFT_CENTS_MAX = 500
_STAFF_PERCENT = 102
_RELEASE_LEAD_DAYS = 30
"""Credits released later than so many days before the cut are not relied on: the acts before them need their own."""


class Demand(NamedTuple):
    """The demand on budgets: node (unit and sheet), amount and day; releases are negative."""

    node: NDArray[np.int64]
    amount: NDArray[np.int64]
    day: NDArray[np.int16]


class UnitCredits(NamedTuple):
    """The credits of each unit, by unit x sheet, and of each operation, by fund centre number."""

    ae: NDArray[np.int64]
    cp: NDArray[np.int64]
    earmarked: NDArray[np.int64]


def compute_credits(
    spending: SpendingYear,
    changes: Changes,
    cut_days: NDArray[np.int64],
    *,
    payroll: UnitLines,
    rng: np.random.Generator,
) -> UnitCredits:
    """Compute credits for all requests without a fault, up to the day on which each unit's credits run out."""
    units = spending.units
    staff = Demand(payroll.unit.astype(np.int64) * SHEETS + T2, payroll.lines.amount, payroll.lines.day)
    earmarked = _compute_earmarks(spending, changes)
    runs_out = rng.integers(0, 100, len(cut_days)) < AE_EXHAUSTED_PERCENT
    ae_cut_days = np.where(
        runs_out, np.minimum(cut_days + rng.integers(0, 3, len(cut_days)), _NO_CUT_DAY), _NO_CUT_DAY
    )
    ae = _compute_node_credits(units, [*_list_ae_demands(spending, changes), staff], ae_cut_days, rng=rng)
    cumulated = np.concatenate(([0], np.cumsum(earmarked)))
    ae[HT2::SHEETS] += cumulated[units.operation + units.operations] - cumulated[units.operation]
    return UnitCredits(
        ae,
        _compute_node_credits(units, [*_list_cp_demands(spending, changes), staff], cut_days, rng=rng),
        earmarked,
    )


def draw_cut_days(units: Units, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the day on which each unit's credits run out."""
    days = rng.integers(*_CUT_DAYS, len(units.centre), endpoint=True)
    programmes, group = np.unique(units.programme, return_inverse=True)
    exhausted = rng.integers(0, 100, len(programmes))[group] < EXHAUSTED_PERCENT
    return np.where(exhausted & (units.military == 0) & (units.estimated == 0), days, _NO_CUT_DAY)


def _list_cp_demands(spending: SpendingYear, changes: Changes) -> list[Demand]:
    requests, rejected = spending.requests, changes.rejected
    rows = np.flatnonzero(_find_sound_requests(spending))
    return [
        _build_demand(requests, rows, requests.amount[rows], day=requests.day[rows]),
        _build_demand(requests, rejected.row, rejected.amount, day=rejected.day),
    ]


def _build_demand(
    charged: Requests | Commitments,
    rows: NDArray[np.int64],
    amount: NDArray[np.int64],
    *,
    day: NDArray[np.int16],
) -> Demand:
    return Demand(charged.unit[rows].astype(np.int64) * SHEETS + charged.sheet[rows], amount, day)


def _find_sound_requests(spending: SpendingYear) -> NDArray[np.bool_]:
    is_sound = spending.requests.fault == 0
    is_sound[spending.copies.row] = False
    return is_sound


def _list_ae_demands(spending: SpendingYear, changes: Changes) -> list[Demand]:
    """List the AE demanded by direct requests and their rejections, and by commitments and their changes.

    Commitments on operations are left out: their credits are earmarked.
    """
    requests, commitments = spending.requests, spending.commitments
    direct = np.flatnonzero(_find_sound_requests(spending) & ~requests.follows)
    rejected = changes.rejected
    is_direct = ~requests.follows[rejected.row]
    without_operation = np.flatnonzero(commitments.operation == 0)
    is_unearmarked = commitments.operation[changes.amended.row] == 0
    amended_rows = changes.amended.row[is_unearmarked]
    return [
        _build_demand(requests, direct, requests.amount[direct], day=requests.day[direct]),
        _build_demand(
            requests, rejected.row[is_direct], rejected.amount[is_direct], day=rejected.day[is_direct]
        ),
        _build_demand(
            commitments,
            without_operation,
            commitments.amount[without_operation],
            day=commitments.day[without_operation],
        ),
        _build_demand(
            commitments,
            amended_rows,
            changes.amended.amount[is_unearmarked],
            day=changes.amended.day[is_unearmarked],
        ),
    ]


def _compute_node_credits(
    units: Units, demands: list[Demand], cut_days: NDArray[np.int64], *, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Compute the credits of each node: the demand up to the cut day and a few euros, or more than all without one."""
    count = len(units.centre) * SHEETS
    node_cut_days = np.repeat(cut_days, SHEETS)
    node_cut_days[np.arange(count) % SHEETS != HT2] = _NO_CUT_DAY
    total, until_cut = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for demand in demands:
        total += sum_by_position(demand.node, np.maximum(demand.amount, 0), count)
        lead = np.where(demand.amount < 0, _RELEASE_LEAD_DAYS, 0)
        is_before_cut = demand.day + lead <= node_cut_days[demand.node]
        until_cut += sum_by_position(demand.node[is_before_cut], demand.amount[is_before_cut], count)
    ample = total * rng.integers(103, 115, count) // 100
    # AE and CP of title 2 are consumed by the same acts, and so opened alike.
    ample[T2::SHEETS] = total[T2::SHEETS] * _STAFF_PERCENT // 100
    until_cut += rng.integers(0, _LEFT_CENTS_MAX, count)
    credits_of_nodes = np.where(node_cut_days == _NO_CUT_DAY, ample, np.maximum(until_cut, 0))
    # Estimated credits are no ceiling, so they may be too small.
    return np.where(np.repeat(units.estimated, SHEETS) > 0, total * 95 // 100, credits_of_nodes) * (total > 0)


def _compute_earmarks(spending: SpendingYear, changes: Changes) -> NDArray[np.int64]:
    """Compute the demand of each operation's commitments and their increases, and a tenth more."""
    commitments, amended = spending.commitments, changes.amended
    count = int((spending.units.operation + spending.units.operations).max()) + 1
    demand = sum_by_position(commitments.operation, commitments.amount, count)
    demand += sum_by_position(commitments.operation[amended.row], np.maximum(amended.amount, 0), count)
    demand[0] = 0
    return demand + demand // 10
