"""The commitments and services behind the payment requests: each request finds what it draws on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.payment_requests import RequestPlan, Requests, draw_assignments, find_heads
from bench.year.spending_mixture import ALL_SERVICED, CLASSES, WORKS
from bench.year.spending_units import HT2, Codes, Units
from core.outcome_codes import Outcome

JOINED_PERCENT = 4
"""Commitment lines that continue the act above."""
OPEN_PERCENT = 35
"""Commitments that still have something open at the end of the year."""
ABOVE_INVOICE_PERCENT = 4
"""Services certified for a little more than is then invoiced."""

_FIRST_DAY = 3
_LAG_DAYS = 25
_SERVICE_DAYS = 21
_OPERATION_PERCENT = 60


class Commitments(NamedTuple):
    """One row per commitment line, in order of unit."""

    unit: NDArray[np.int16]
    kind: NDArray[np.uint8]
    day: NDArray[np.int16]
    is_continuation: NDArray[np.bool_]
    act: NDArray[np.int32]
    """First row of its act: the act's number."""
    requests: NDArray[np.int32]
    """How many requests draw on it."""
    item: NDArray[np.uint8]
    area: NDArray[np.int16]
    sheet: NDArray[np.uint8]
    operation: NDArray[np.int32]
    amount: NDArray[np.int64]
    spare: NDArray[np.int64]
    """Cents of the amount that nothing draws on."""


class Services(NamedTuple):
    """One row per certified service, in order of request."""

    request: NDArray[np.int32]
    commitment: NDArray[np.int32]
    day: NDArray[np.int16]
    amount: NDArray[np.int64]


def group_requests(
    plan: RequestPlan, where: tuple[Units, Codes], count: int, rng: np.random.Generator
) -> Commitments:
    """Put the requests that follow one on ``count`` commitments (more, if units and classes are many).

    A commitment serves requests of one unit and class, whatever their day, and is older than the first.
    """
    requests = plan.requests
    rows, opens = _draw_groups(requests, count, rng)
    first = np.flatnonzero(opens)
    requests.commitment[rows] = np.cumsum(opens, dtype=np.int32) - 1
    follow = np.flatnonzero(requests.is_continuation)
    requests.commitment[follow] = requests.commitment[find_heads(follow)]
    unit, kind = requests.unit[rows[first]], requests.kind[rows[first]]
    earliest = np.minimum.reduceat(requests.day[rows], first)
    day, joined = _draw_acts(unit, earliest, rng)
    item, area, sheet = draw_assignments(kind, unit, where, rng)
    numbers = np.arange(len(first), dtype=np.int32)
    commitments = Commitments(
        unit, kind, day, joined,
        act=np.maximum.accumulate(np.where(joined, 0, numbers)),
        requests=np.bincount(requests.commitment[requests.follows], minlength=len(first)).astype(np.int32),
        item=item, area=area, sheet=sheet,
        operation=_choose_operations(kind, unit, sheet, (where[0], rng)),
        amount=np.zeros(len(first), np.int64), spare=np.zeros(len(first), np.int64),
    )  # fmt: skip
    _inherit_assignments(requests, commitments, where, rng)
    return commitments


def _draw_groups(
    requests: Requests, count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The rows that follow a commitment, those of one commitment together, and where each commitment begins.

    One sort of 64-bit keys: unit, class, random bits, row.  The row makes them unique: every machine sorts
    alike.
    """
    rows = np.flatnonzero(requests.follows & ~requests.is_continuation)
    row_bits = len(requests.kind).bit_length()
    noise_bits = 64 - 18 - row_bits
    keys = requests.unit[rows].astype(np.uint64) << np.uint64(4) | requests.kind[rows]
    keys = keys << np.uint64(noise_bits) | rng.integers(0, 1 << noise_bits, len(rows), np.uint64)
    keys = keys << np.uint64(row_bits) | rows.astype(np.uint64)
    keys.sort()
    rows = (keys & np.uint64((1 << row_bits) - 1)).astype(np.int64)
    keys >>= np.uint64(64 - 18)
    opens = np.ones(len(rows), bool)
    opens[1:] = keys[1:] != keys[:-1]
    others = np.flatnonzero(~opens)
    more = min(max(0, count - int(opens.sum())), len(others))
    opens[rng.choice(others, more, replace=False, shuffle=False)] = True
    return rows, opens


def _draw_acts(
    unit: NDArray[np.int16], earliest: NDArray[np.int16], rng: np.random.Generator
) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
    """The day of each commitment, and which lines continue the act above: same unit, same day."""
    joined = rng.integers(0, 100, len(unit), np.uint8) < JOINED_PERCENT
    joined[0] = False
    joined[1:] &= unit[1:] == unit[:-1]
    lag = rng.exponential(_LAG_DAYS, len(unit)).astype(np.int16)
    day = np.maximum(earliest - lag, np.minimum(earliest, _FIRST_DAY)).astype(np.int16)
    opening = np.flatnonzero(~joined)
    day = np.minimum.reduceat(day, opening)[np.cumsum(~joined) - 1]
    return day, joined


def _choose_operations(
    kind: NDArray[np.uint8],
    unit: NDArray[np.int16],
    sheet: NDArray[np.uint8],
    drawing: tuple[Units, np.random.Generator],
) -> NDArray[np.int32]:
    """Large works of a unit with investment operations are charged to one of them."""
    units, rng = drawing
    count = units.operations[unit]
    chosen = (count > 0) & (kind == WORKS) & (sheet == HT2)
    chosen &= rng.integers(0, 100, len(kind), np.uint8) < _OPERATION_PERCENT
    return np.where(chosen, units.operation[unit] + np.arange(len(kind)) % np.maximum(count, 1), 0).astype(
        np.int32
    )


def _inherit_assignments(
    requests: Requests, commitments: Commitments, where: tuple[Units, Codes], rng: np.random.Generator
) -> None:
    """A request is charged to what its commitment is charged to (A34); a direct one says it itself."""
    for column, own in ((requests.item, "item"), (requests.area, "area"), (requests.sheet, "sheet")):
        column[requests.follows] = getattr(commitments, own)[requests.commitment[requests.follows]]
    direct = np.flatnonzero(~requests.follows)
    drawn = draw_assignments(requests.kind[direct], requests.unit[direct], where, rng)
    requests.item[direct], requests.area[direct], requests.sheet[direct] = drawn


def is_serviced(requests: Requests, rows: NDArray[np.integer] | slice = slice(None)) -> NDArray[np.bool_]:
    """Whether each request bills a service."""
    serviced = np.array([each.unserviced == ALL_SERVICED for each in CLASSES])
    return serviced[requests.kind[rows]] & requests.follows[rows]


def certify_services(plan: RequestPlan, commitments: Commitments, rng: np.random.Generator) -> Services:
    """A service for every request that bills one, some days before it and for no less."""
    requests = plan.requests
    served = is_serviced(requests) & (requests.fault != Outcome.SERVICE_INSUFFICIENT)
    row = np.flatnonzero(served).astype(np.int32)
    on = requests.commitment[row]
    room = np.minimum(requests.day[row] - commitments.day[on], _SERVICE_DAYS)
    day = (requests.day[row] - (rng.random(len(row)) * (room + 1)).astype(np.int16)).astype(np.int16)
    amount = requests.amount[row]
    above = rng.integers(0, 100, len(row), np.uint8) < ABOVE_INVOICE_PERCENT
    amount[above] += 1 + amount[above] * rng.integers(0, 20, int(above.sum())) // 1000
    return Services(row, on, day, amount)


def set_amounts(
    plan: RequestPlan, commitments: Commitments, services: Services, rng: np.random.Generator
) -> None:
    """Give each commitment its amount: all that draws on it, and for some a part left open."""
    requests = plan.requests
    plain = np.flatnonzero(requests.follows & ~is_serviced(requests))
    count = len(commitments.unit)
    need = sum_by_position(services.commitment, services.amount, count)
    need += sum_by_position(requests.commitment[plain], requests.amount[plain], count)
    is_open = (rng.integers(0, 100, count, np.uint8) < OPEN_PERCENT) | (need == 0)
    commitments.spare[:] = np.where(is_open, need * rng.integers(50, 600, count) // 1000 + 10_000, 0)
    commitments.amount[:] = need + commitments.spare


def sum_by_position(where: NDArray[np.integer], cents: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Sum of ``cents`` by position.  The floats they pass through hold whole numbers below 2**53 exactly."""
    return np.bincount(where, cents, count).astype(np.int64)
