"""The amounts of the payment requests: what is paid in each cell of the finance bill adds up to its CP at the year's scale."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.act_changes import Rejections
from bench.year.bill_cells import BillCells, split_credits
from bench.year.commitments import is_serviced, sum_by_position
from bench.year.payment_requests import Repeats, RequestPlan, find_single_lines
from bench.year.spending_mixture import MASS, WORKS, draw_amounts, split_exactly
from bench.year.spending_units import Units
from core.outcome_codes import Outcome
from core.payment_rules import SEPA_MAX

USUAL_PERCENT_MAX = 60
"""The share of a cell that acts other than mass transfers and large contracts may have, where it has some of these."""
COUNTED_REQUESTS = 1_000
"""Cells with as many paid requests follow the bill; smaller ones also bear what belongs to cells without a request."""
STAFF_PERCENT_MAX = 50
"""The share of a cell of title 2 that direct requests may have; the rest is payroll."""


class PaidCells(NamedTuple):
    """The requests of each cell that are paid: how many, and their cents; row 0 is no cell."""

    requests: NDArray[np.int64]
    cents: NDArray[np.int64]


def find_paid_requests(
    plan: RequestPlan, rejections: Rejections, unit_cut_days: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Find the requests that are certainly paid: without a fault, not rejected, and before credits run out."""
    requests = plan.requests
    is_paid = (requests.fault == 0) & (requests.day <= unit_cut_days[requests.unit])
    is_paid[plan.copies.row] = False
    is_paid[rejections.row] = False
    return is_paid


def draw_repeats(plan: RequestPlan, is_paid: NDArray[np.bool_], rng: np.random.Generator) -> Repeats:
    """Draw for each request that bills an invoice again the earlier request of it, which is paid.

    One without an earlier request, in the first file, names an unknown payee instead.
    """
    requests = plan.requests
    row = np.flatnonzero(requests.fault == Outcome.INVOICE_ALREADY_REQUESTED)
    is_source = is_paid & find_single_lines(requests.is_continuation) & is_serviced(requests)
    is_source[plan.copies.source] = False
    sources = np.flatnonzero(is_source)
    earlier = np.searchsorted(sources, plan.starts[np.searchsorted(plan.starts, row, "right") - 1])
    requests.fault[row[earlier == 0]] = Outcome.PAYEE_UNKNOWN
    row, earlier = row[earlier > 0], earlier[earlier > 0]
    return Repeats(row, sources[(rng.random(len(row)) * earlier).astype(np.int64)])


def find_cells(plan: RequestPlan, units: Units, cells: BillCells) -> NDArray[np.int16]:
    """Find the cell of each request."""
    return cells.number[units.bill[plan.requests.unit], plan.requests.item]


def sum_paid_cells(
    plan: RequestPlan, cell: NDArray[np.int16], is_paid: NDArray[np.bool_], *, count: int
) -> PaidCells:
    """Count and sum the paid requests of each cell."""
    paid = cell[is_paid]
    return PaidCells(
        np.bincount(paid, minlength=count), sum_by_position(paid, plan.requests.amount[is_paid], count)
    )


def set_amounts(
    plan: RequestPlan,
    cell: NDArray[np.int16],
    is_paid: NDArray[np.bool_],
    *,
    cells: BillCells,
    cents: int,
    rng: np.random.Generator,
) -> None:
    """Set the amounts, so that the paid requests of other titles than staff add up to exactly ``cents``.

    In each cell mass transfers and large contracts bear what the others leave of its CP.
    """
    requests = plan.requests
    requests.amount[:] = draw_amounts(requests.kind, rng)
    count = len(cells.cp_euros)
    is_large = (requests.kind == MASS) | (requests.kind == WORKS)
    group = cell.astype(np.int32) * 2 + is_large
    sums = sum_by_position(group[is_paid], requests.amount[is_paid], 2 * count).reshape(count, 2)
    counts = np.bincount(cell[is_paid], minlength=count)
    targets = _set_targets(cells, cents, sums, counts=counts)
    factors = _compute_factors(sums, targets).ravel()
    requests.amount[:] = np.maximum(np.rint(requests.amount * factors[group]), 1)
    _settle_differences(requests.amount, np.flatnonzero(is_paid), cell, targets=targets)
    _set_oversized_transfer(plan)
    copies = plan.copies
    requests.amount[copies.row] = requests.amount[copies.source] + np.where(copies.differs, 100, 0)


def _set_targets(
    cells: BillCells, cents: int, sums: NDArray[np.int64], *, counts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Set the cents of each cell; small cells also bear those of cells without a paid request."""
    targets = split_credits(cells, cents)
    staff = cells.is_staff
    targets[staff] = np.minimum(sums[staff].sum(axis=1), targets[staff] * STAFF_PERCENT_MAX // 100)
    bears = (counts > 0) & (counts < COUNTED_REQUESTS) & ~staff
    if not targets[bears].any():
        bears = (counts > 0) & ~staff
    missing = int(targets[(counts == 0) & ~staff].sum())
    targets[counts == 0] = 0
    borne = int(targets[bears].sum()) + missing
    targets[bears] = split_exactly(borne, targets[bears].astype(np.float64))
    return targets


def _compute_factors(sums: NDArray[np.int64], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Compute by which factor usual and large amounts of each cell are multiplied: shape (cells, 2)."""
    usual, large = (np.maximum(column, 1).astype(np.float64) for column in sums.T)
    limit = np.where(sums[:, 1] > 0, targets * USUAL_PERCENT_MAX / 100, targets)
    usual_factor = np.where(sums[:, 1] > 0, np.minimum(1.0, limit / usual), limit / usual)
    large_factor = (targets - np.where(sums[:, 0] > 0, usual * usual_factor, 0)) / large
    return np.stack([usual_factor, large_factor], axis=1)


def _settle_differences(
    amount: NDArray[np.int64], paid: NDArray[np.int64], cell: NDArray[np.int16], *, targets: NDArray[np.int64]
) -> None:
    """Give the difference that rounding leaves in each cell to its largest paid request."""
    ordered = paid[np.argsort(cell[paid], kind="stable")]
    ends = np.cumsum(np.bincount(cell[paid], minlength=len(targets)))
    rest = 0
    for number in np.argsort(targets, kind="stable"):
        rows = ordered[ends[number - 1] if number else 0 : ends[number]]
        if len(rows):
            largest = rows[np.argmax(amount[rows])]
            exact = int(amount[largest]) + int(targets[number]) - int(amount[rows].sum()) + rest
            amount[largest] = max(1, exact)
            rest = exact - int(amount[largest])


def _set_oversized_transfer(plan: RequestPlan) -> None:
    """Give the request that demands a SEPA transfer above the SEPA limit, if the year has one, such an amount."""
    requests = plan.requests
    rows = np.flatnonzero(requests.fault == Outcome.SEPA_LIMIT_EXCEEDED)
    requests.amount[rows] = SEPA_MAX + 100 + requests.amount[rows] % SEPA_MAX
