"""Changes of acts: amendments, cancellations and rejections; and changes that must be refused."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year import line_arrays
from bench.year.change_rates import MILLION, draw_rate, load_rates
from bench.year.line_arrays import (
    CANCELLATION,
    CHANGE,
    REJECTION,
    SERVICE,
    LineArrays,
    SpendingYear,
    create_lines,
    set_predecessors,
)
from bench.year.payment_requests import Copies, RequestPlan, Requests, find_single_lines
from bench.year.spending_mixture import LAST_DAY, MASS, WORKS
from core.money import AMOUNT_MAX
from core.outcome_codes import Outcome

OVERSIZED_MAX = 5
"""The most commitments over the largest amount of a line: few, because they would dominate the control sums."""


class Change(NamedTuple):
    """Changes as the budget needs them: row, amount and day; a release is negative."""

    row: NDArray[np.int64]
    """Row of the commitment or request."""
    amount: NDArray[np.int64]
    day: NDArray[np.int16]


class Changes(NamedTuple):
    """All lines except commitments, services and requests, each with the unit that sends it."""

    lines: LineArrays
    unit: NDArray[np.int16]
    amended: Change
    """Amended commitments."""
    rejected: Change
    """Rejected requests."""


class Rejections(NamedTuple):
    """The requests that are rejected, and the days on which they are."""

    row: NDArray[np.int64]
    day: NDArray[np.int16]


class UnitLines(NamedTuple):
    """Lines, each with the unit that sends it."""

    lines: LineArrays
    unit: NDArray[np.int16]


def draw_changes(
    spending: SpendingYear, rejections: Rejections, others: list[UnitLines], *, rng: np.random.Generator
) -> Changes:
    """Draw the other changes of the year, including those that must be refused, and add ``others``."""
    parts: list[UnitLines] = []
    rates = load_rates()
    amended, mistaken = _choose_commitments(spending, rates, rng)
    parts += _build_amendments(spending, amended)
    parts += _build_mistaken_services(spending, mistaken, rng)
    rejected = Change(rejections.row, -spending.requests.amount[rejections.row], rejections.day)
    parts += _build_rejections(spending, rejected, rates, rng=rng)
    parts += _build_failed_cancellations(spending, rejected, rates, rng=rng)
    parts += _build_excesses(spending, rates, rng)
    parts += others
    lines, units = zip(*parts, strict=True)
    return Changes(line_arrays.join_lines(list(lines)), np.concatenate(units), amended, rejected)


def _draw_later_days(day: NDArray[np.int16], days_max: int, rng: np.random.Generator) -> NDArray[np.int16]:
    """Draw days after ``day``, at the latest the end of the year."""
    return np.minimum(day + rng.integers(1, days_max, len(day)), LAST_DAY).astype(np.int16)


def _choose_commitments(
    spending: SpendingYear, rates: Mapping[str, int], rng: np.random.Generator
) -> tuple[Change, NDArray[np.int64]]:
    """Choose the commitments to amend, and those with a service certified by mistake."""
    commitments = spending.commitments
    spare = np.flatnonzero(commitments.spare > 0)
    raised = draw_rate(np.arange(len(commitments.unit)), rates["commitment_increase"], rng=rng)
    count = rates["commitment_decrease"] * len(commitments.unit) // max(1, len(spare))
    lowered = draw_rate(np.setdiff1d(spare, raised), count, rng=rng)
    mistaken = draw_rate(np.setdiff1d(spare, lowered), rates["mistaken_service"], rng=rng)
    amount = np.concatenate([
        1 + commitments.amount[raised] * rng.integers(10, 200, len(raised)) // 1_000,
        -(1 + commitments.spare[lowered] * rng.integers(100, 900, len(lowered)) // 1_001),
    ])  # fmt: skip
    rows = np.concatenate([raised, lowered])
    return Change(rows, amount, _draw_later_days(commitments.day[rows], 60, rng)), mistaken


def _build_amendments(spending: SpendingYear, amended: Change) -> list[UnitLines]:
    names = [np.flatnonzero(amended.amount > 0), np.flatnonzero(amended.amount < 0)]
    parts = []
    for name, rows in zip(("commitment_increase", "commitment_decrease"), names, strict=True):
        lines = create_lines(len(rows), name, CHANGE, day=amended.day[rows])
        lines.number[:] = rows + 1
        set_predecessors(lines, spending.commitments, amended.row[rows])
        lines.amount[:] = np.abs(amended.amount[rows])
        parts.append(UnitLines(lines, spending.commitments.unit[amended.row[rows]]))
    return parts


def _build_mistaken_services(
    spending: SpendingYear, rows: NDArray[np.int64], rng: np.random.Generator
) -> list[UnitLines]:
    """Build services on the spare amount of commitments, and their cancellations."""
    commitments, unit = spending.commitments, spending.commitments.unit[rows]
    numbers = len(spending.services.day) + 1 + np.arange(len(rows))
    service = create_lines(
        len(rows), "service", SERVICE, day=_draw_later_days(commitments.day[rows], 40, rng)
    )
    service.number[:] = numbers
    set_predecessors(service, commitments, rows)
    service.amount[:] = np.maximum(1, commitments.spare[rows] // 3)
    service.account[:] = spending.commitment_account[rows]
    cancellation = create_lines(
        len(rows), "service_cancellation", CANCELLATION, day=_draw_later_days(service.day, 10, rng)
    )
    cancellation.number[:] = np.arange(len(rows)) + 1
    cancellation.previous[:] = numbers
    cancellation.previous_line[:] = 1
    cancellation.amount[:] = service.amount
    return [UnitLines(service, unit), UnitLines(cancellation, unit)]


def draw_rejections(plan: RequestPlan, rng: np.random.Generator) -> Rejections:
    """Draw the requests that are rejected: large ones are corrected before they are sent."""
    requests = plan.requests
    is_usual = ~np.isin(requests.kind, (MASS, WORKS))
    candidates = np.flatnonzero(_find_sound_requests(plan.requests, plan.copies) & is_usual)
    rows = draw_rate(candidates, load_rates()["rejection"], rng=rng)
    return Rejections(rows, _draw_later_days(requests.day[rows], 16, rng))


def _find_sound_requests(requests: Requests, copies: Copies) -> NDArray[np.bool_]:
    """Find the requests of one line without a fault that are not copies."""
    is_sound = find_single_lines(requests.is_continuation) & (requests.fault == 0)
    is_sound[copies.row] = False
    return is_sound


def _build_rejections(
    spending: SpendingYear, rejected: Change, rates: Mapping[str, int], *, rng: np.random.Generator
) -> list[UnitLines]:
    """Build the rejections, and some of more than was requested."""
    candidates = np.setdiff1d(
        np.flatnonzero(_find_sound_requests(spending.requests, spending.copies)), rejected.row
    )
    failing = draw_rate(candidates, rates["excessive_rejection"], rng=rng)
    all_rows = np.concatenate([rejected.row, failing])
    day = np.concatenate([rejected.day, _draw_later_days(spending.requests.day[failing], 16, rng)])
    lines = create_lines(len(all_rows), "payment_request_rejection", REJECTION, day=day)
    lines.number[:] = np.arange(len(all_rows)) + 1
    lines.previous[:] = all_rows + 1
    lines.previous_line[:] = 1
    lines.amount[:] = spending.requests.amount[all_rows]
    lines.amount[len(rejected.row) :] += 100
    lines.fault[len(rejected.row) :] = Outcome.REVERSAL_EXCEEDS_ORIGINAL
    return [UnitLines(lines, spending.requests.unit[all_rows])]


def _build_failed_cancellations(
    spending: SpendingYear, rejected: Change, rates: Mapping[str, int], *, rng: np.random.Generator
) -> list[UnitLines]:
    """Build cancellations of billed services, each the only service of its commitment, so that they must be refused."""
    requests, services = spending.requests, spending.services
    exact = services.amount == requests.amount[services.request]
    exact &= spending.commitments.requests[services.commitment] == 1
    exact &= (requests.fault[services.request] == 0) & ~np.isin(services.request, rejected.row)
    rows = draw_rate(np.flatnonzero(exact), rates["cancellation_of_billed_service"], rng=rng)
    lines = create_lines(
        len(rows),
        "service_cancellation",
        REJECTION,
        day=_draw_later_days(requests.day[services.request[rows]], 20, rng),
    )
    lines.number[:] = len(spending.commitments.unit) + 1 + np.arange(len(rows))
    lines.previous[:] = rows + 1
    lines.previous_line[:] = 1
    lines.amount[:] = services.amount[rows]
    lines.fault[:] = Outcome.SERVICE_ALREADY_BILLED
    return [UnitLines(lines, requests.unit[services.request[rows]])]


def _build_excesses(
    spending: SpendingYear, rates: Mapping[str, int], rng: np.random.Generator
) -> list[UnitLines]:
    """Build decreases of more than the commitments' amounts, and commitments over the largest amount of a line."""
    commitments, requests = spending.commitments, len(spending.requests.kind)
    count = max(1, rates["excessive_decrease"] * requests // MILLION)
    rows = np.sort(rng.choice(len(commitments.unit), min(count, len(commitments.unit)), replace=False))
    lines = create_lines(
        len(rows), "commitment_decrease", CHANGE, day=_draw_later_days(commitments.day[rows], 60, rng)
    )
    lines.number[:] = len(commitments.unit) + 1 + np.arange(len(rows))
    set_predecessors(lines, commitments, rows)
    lines.amount[:] = commitments.amount[rows] * 3 + 100_000_000
    lines.fault[:] = Outcome.COMMITMENT_EXCEEDED
    decreases = UnitLines(lines, commitments.unit[rows])
    oversized = rows[:OVERSIZED_MAX]
    staff = rows[: max(1, rates["staff_commitment"] * requests // MILLION)]
    return [
        decreases,
        _build_wrong_commitments(spending, oversized, Outcome.AMOUNT_OVER_LIMIT, earlier=0),
        _build_wrong_commitments(spending, staff, Outcome.TITLE_TWO_COMMITMENT, earlier=len(oversized)),
    ]


def _build_wrong_commitments(
    spending: SpendingYear, rows: NDArray[np.int64], fault: Outcome, *, earlier: int
) -> UnitLines:
    """Build commitments over the largest amount of a line, or of staff; ``earlier`` other wrong ones come before them."""
    lines = line_arrays.build_commitment_lines(spending.commitments, rows, spending.units)
    lines.number[:] = len(spending.commitments.unit) + 1 + earlier + np.arange(len(rows))
    lines.line[:] = 1
    lines.fault[:] = fault
    if fault is Outcome.AMOUNT_OVER_LIMIT:
        lines.amount[:] = 2 * AMOUNT_MAX
    else:
        lines.item[:], lines.operation[:] = spending.staff_item, 0
    return UnitLines(lines, spending.commitments.unit[rows])
