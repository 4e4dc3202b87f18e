"""The commitments and services behind the payment requests, with the amounts that the requests need."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.bill_cells import BillCells
from bench.year.payment_requests import RequestPlan, Requests, draw_assignments, find_heads
from bench.year.spending_mixture import ALL_SERVICED, CLASSES, WORKS
from bench.year.spending_units import HT2, Units
from core.outcome_codes import Outcome

JOINED_PERCENT = 4
"""Commitment lines that continue the act of the line above."""
OPEN_PERCENT = 35
"""Commitments with an open amount at the end of the year."""
REMAINDER_DIVISOR = 100
"""Open amounts are at least one part in so many of what a programme uses of its commitments."""
ABOVE_INVOICE_PERCENT = 4
"""Services certified for a little more than the invoice."""

_FIRST_DAY = 3
_LAG_DAYS = 25
_SERVICE_DAYS = 21
_OPERATION_PERCENT = 60
_GROUP_BITS = 23
"""The bits of unit, class and item."""


class Commitments(NamedTuple):
    """One row per commitment line, in order of unit."""

    unit: NDArray[np.int16]
    kind: NDArray[np.uint8]
    day: NDArray[np.int16]
    is_continuation: NDArray[np.bool_]
    act: NDArray[np.int32]
    """The first row of its act, which is the act's number."""
    requests: NDArray[np.int32]
    """The number of requests that use it."""
    item: NDArray[np.uint8]
    area: NDArray[np.int16]
    sheet: NDArray[np.uint8]
    operation: NDArray[np.int32]
    amount: NDArray[np.int64]
    spare: NDArray[np.int64]
    """Cents of the amount that no act uses."""


class Programmes(NamedTuple):
    """The programme of each unit, and by programme the AE of the bill beyond its CP, as a share of these."""

    of_unit: NDArray[np.int32]
    ahead: NDArray[np.float64]


class Services(NamedTuple):
    """One row per certified service, in order of request."""

    request: NDArray[np.int32]
    commitment: NDArray[np.int32]
    day: NDArray[np.int16]
    amount: NDArray[np.int64]


def group_requests(
    plan: RequestPlan, units: Units, cells: BillCells, *, count: int, rng: np.random.Generator
) -> Commitments:
    """Assign the requests that follow a commitment to ``count`` commitments, or more if there are more units and items.

    A commitment has requests of one unit, class and item, on any day, and is older than the first of them.
    """
    requests = plan.requests
    rows, is_first = _draw_groups(requests, count, rng)
    first = np.flatnonzero(is_first)
    requests.commitment[rows] = np.cumsum(is_first, dtype=np.int32) - 1
    continuations = np.flatnonzero(requests.is_continuation)
    requests.commitment[continuations] = requests.commitment[find_heads(continuations)]
    unit, kind = requests.unit[rows[first]], requests.kind[rows[first]]
    earliest = np.minimum.reduceat(requests.day[rows], first)
    day, is_continuation = _draw_acts(unit, earliest, rng)
    item = requests.item[rows[first]]
    area, sheet = draw_assignments(item, unit, units, cells=cells, rng=rng)
    numbers = np.arange(len(first), dtype=np.int32)
    commitments = Commitments(
        unit, kind, day, is_continuation,
        act=np.maximum.accumulate(np.where(is_continuation, 0, numbers)),
        requests=np.bincount(requests.commitment[requests.follows], minlength=len(first)).astype(np.int32),
        item=item, area=area, sheet=sheet,
        operation=_choose_operations(kind, unit, sheet, units=units, rng=rng),
        amount=np.zeros(len(first), np.int64), spare=np.zeros(len(first), np.int64),
    )  # fmt: skip
    _inherit_assignments(requests, commitments, units, cells=cells, rng=rng)
    return commitments


def _draw_groups(
    requests: Requests, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Order the requests by commitment; return their rows, and which row is the first of its commitment.

    One sort of 64-bit keys: unit, class, item, random bits, row.  The row makes the keys unique, so that every machine sorts
    alike.
    """
    rows = np.flatnonzero(requests.follows & ~requests.is_continuation)
    row_bits = len(requests.kind).bit_length()
    noise_bits = 64 - _GROUP_BITS - row_bits
    keys = requests.unit[rows].astype(np.uint64) << np.uint64(4) | requests.kind[rows]
    keys = keys << np.uint64(5) | requests.item[rows]
    keys = keys << np.uint64(noise_bits) | rng.integers(0, 1 << noise_bits, len(rows), np.uint64)
    keys = keys << np.uint64(row_bits) | rows.astype(np.uint64)
    keys.sort()
    rows = (keys & np.uint64((1 << row_bits) - 1)).astype(np.int64)
    keys >>= np.uint64(64 - _GROUP_BITS)
    is_first = np.ones(len(rows), bool)
    is_first[1:] = keys[1:] != keys[:-1]
    others = np.flatnonzero(~is_first)
    added = min(max(0, count - int(is_first.sum())), len(others))
    is_first[rng.choice(others, added, replace=False, shuffle=False)] = True
    return rows, is_first


def _draw_acts(
    unit: NDArray[np.int16], earliest: NDArray[np.int16], rng: np.random.Generator
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """Draw the day of each commitment, and which lines continue the act above: same unit, same day."""
    is_continuation = rng.integers(0, 100, len(unit), np.uint8) < JOINED_PERCENT
    is_continuation[0] = False
    is_continuation[1:] &= unit[1:] == unit[:-1]
    lag = rng.exponential(_LAG_DAYS, len(unit)).astype(np.int16)
    day = np.maximum(earliest - lag, np.minimum(earliest, _FIRST_DAY)).astype(np.int16)
    starts = np.flatnonzero(~is_continuation)
    day = np.minimum.reduceat(day, starts)[np.cumsum(~is_continuation) - 1]
    return day, is_continuation


def _choose_operations(
    kind: NDArray[np.uint8],
    unit: NDArray[np.int16],
    sheet: NDArray[np.uint8],
    *,
    units: Units,
    rng: np.random.Generator,
) -> NDArray[np.int32]:
    """Charge large works of units with investment operations to one of their operations; return 0 for the others."""
    count = units.operations[unit]
    has_operation = (count > 0) & (kind == WORKS) & (sheet == HT2)
    has_operation &= rng.integers(0, 100, len(kind), np.uint8) < _OPERATION_PERCENT
    return np.where(
        has_operation, units.operation[unit] + np.arange(len(kind)) % np.maximum(count, 1), 0
    ).astype(np.int32)


def _inherit_assignments(
    requests: Requests,
    commitments: Commitments,
    units: Units,
    *,
    cells: BillCells,
    rng: np.random.Generator,
) -> None:
    """Give each request the assignment of its commitment (rule A34), and each direct request an assignment of its own."""
    for column, name in ((requests.area, "area"), (requests.sheet, "sheet")):
        column[requests.follows] = getattr(commitments, name)[requests.commitment[requests.follows]]
    direct = np.flatnonzero(~requests.follows)
    own = draw_assignments(requests.item[direct], requests.unit[direct], units, cells=cells, rng=rng)
    requests.area[direct], requests.sheet[direct] = own


def is_serviced(requests: Requests, rows: NDArray[np.integer] | slice = slice(None)) -> NDArray[np.bool_]:
    """Return whether each request bills a service."""
    serviced = np.array([spending.unserviced == ALL_SERVICED for spending in CLASSES])
    return serviced[requests.kind[rows]] & requests.follows[rows]


def certify_services(plan: RequestPlan, commitments: Commitments, rng: np.random.Generator) -> Services:
    """Certify a service for every request that bills one, some days before it and for at least its amount."""
    requests = plan.requests
    bills_service = is_serviced(requests) & (requests.fault != Outcome.SERVICE_INSUFFICIENT)
    row = np.flatnonzero(bills_service).astype(np.int32)
    commitment = requests.commitment[row]
    days_max = np.minimum(requests.day[row] - commitments.day[commitment], _SERVICE_DAYS)
    day = (requests.day[row] - (rng.random(len(row)) * (days_max + 1)).astype(np.int16)).astype(np.int16)
    amount = requests.amount[row]
    is_above = rng.integers(0, 100, len(row), np.uint8) < ABOVE_INVOICE_PERCENT
    amount[is_above] += 1 + amount[is_above] * rng.integers(0, 20, int(is_above.sum())) // 1000
    return Services(row, commitment, day, amount)


def set_amounts(
    plan: RequestPlan,
    commitments: Commitments,
    services: Services,
    *,
    programmes: Programmes,
    rng: np.random.Generator,
) -> None:
    """Set the amount of each commitment: the sum of the acts that use it, and for some an open remainder.

    The remainders of a programme are what the bill gives it in AE beyond CP, or a hundredth where it gives less.
    """
    requests = plan.requests
    without_service = np.flatnonzero(requests.follows & ~is_serviced(requests))
    count = len(commitments.unit)
    used = sum_by_position(services.commitment, services.amount, count)
    used += sum_by_position(requests.commitment[without_service], requests.amount[without_service], count)
    is_open = (rng.integers(0, 100, count, np.uint8) < OPEN_PERCENT) | (used == 0)
    spare = np.where(is_open, used * rng.integers(50, 600, count) // 1000 + 10_000, 0)
    programme = programmes.of_unit[commitments.unit]
    factor = _scale_remainders(requests, programmes, programme, used=used, spare=spare)
    commitments.spare[:] = np.where(is_open, np.maximum(np.rint(spare * factor[programme]), 1), 0)
    commitments.amount[:] = used + commitments.spare


def _scale_remainders(
    requests: Requests,
    programmes: Programmes,
    programme: NDArray[np.int32],
    *,
    used: NDArray[np.int64],
    spare: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Compute by which factor the remainders of each programme are multiplied; ``programme`` is that of each commitment."""
    count, is_paid = len(programmes.ahead), requests.fault == 0
    paid = np.bincount(programmes.of_unit[requests.unit[is_paid]], requests.amount[is_paid], count)
    least = np.bincount(programme, used, count) / REMAINDER_DIVISOR
    return np.maximum(paid * programmes.ahead, least) / np.maximum(np.bincount(programme, spare, count), 1)


def sum_by_position(
    positions: NDArray[np.integer], cents: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Sum ``cents`` by position; NumPy sums them as floats, which represent integers below 2**53 exactly."""
    return np.bincount(positions, cents, count).astype(np.int64)
