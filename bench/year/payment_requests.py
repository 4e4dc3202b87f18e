"""The payment requests of the year: class, unit, day, payee and amount of each, and which repeat another.

Rows lie in order of month, sender and day: the order in which they are presented.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year import payees as year_payees
from bench.year.spending_mixture import (
    ALL_SERVICED,
    CLASSES,
    MASS,
    SLOTS_BITS,
    build_day_tables,
    build_item_tables,
    draw_amounts,
    draw_classes,
    list_months,
    scale_to_total,
)
from bench.year.spending_units import HT2, OWN_FUND, T2, Codes, Units
from core.outcome_codes import Outcome

JOINED_PERCENT = 3
"""Lines that continue the act above."""
DUPLICATES, CONFLICTS = 40, 5
"""Of 10,000 lines: the same act sent again, and another act under the same reference."""
_RESENT_WITHIN = 20_000
_OWN_FUND_PERCENT = 5
_MASS_PERCENT_MIN = 40

NO_COMMITMENT = -1


class Requests(NamedTuple):
    """One row per payment request line."""

    kind: NDArray[np.uint8]
    """Position in ``CLASSES``."""
    unit: NDArray[np.int16]
    day: NDArray[np.int16]
    is_continuation: NDArray[np.bool_]
    """Whether the line continues the act of the line above."""
    follows: NDArray[np.bool_]
    """Whether it draws on a commitment."""
    payee: NDArray[np.int32]
    fault: NDArray[np.uint8]
    """The ``Outcome`` it is made to meet; 0 for a sound line."""
    amount: NDArray[np.int64]
    commitment: NDArray[np.int32]
    item: NDArray[np.uint8]
    area: NDArray[np.int16]
    sheet: NDArray[np.uint8]


class Copies(NamedTuple):
    """Lines that repeat an earlier line of their file."""

    row: NDArray[np.int64]
    source: NDArray[np.int64]
    differs: NDArray[np.bool_]
    """Whether the amount is another: a conflict."""


class RequestPlan(NamedTuple):
    """The requests, where each file's share of them begins, and which repeat another."""

    requests: Requests
    starts: NDArray[np.int64]
    """First row of each block: 12 months x senders, and the end."""
    copies: Copies


class Assignment(NamedTuple):
    """What lines are charged to."""

    item: NDArray[np.uint8]
    area: NDArray[np.int16]
    sheet: NDArray[np.uint8]


def draw_requests(
    units: Units, tables: list[NDArray[np.int16]], acts: int, rng: np.random.Generator
) -> RequestPlan:
    """Lay out the year; amounts, commitments and faults come later."""
    kind, unit, starts = _draw_classes_and_units(units, tables, acts, rng)
    day = _draw_days(starts, rng)
    joined = _draw_continuations(kind, starts, rng)
    rows = np.flatnonzero(joined)
    for column in (kind, unit, day):
        column[rows] = column[find_heads(rows)]
    follows = _draw_followers(kind, rng) & (units.item[unit] == 0)
    follows[rows] = follows[find_heads(rows)]
    blank = {
        "payee": np.zeros(acts, np.int32),
        "fault": np.zeros(acts, np.uint8),
        "amount": np.zeros(acts, np.int64),
        "commitment": np.full(acts, NO_COMMITMENT, np.int32),
        "item": np.zeros(acts, np.uint8),
        "area": np.zeros(acts, np.int16),
        "sheet": np.zeros(acts, np.uint8),
    }
    requests = Requests(kind, unit, day, joined, follows, **blank)
    return RequestPlan(requests, starts, _draw_copies(requests, starts, rng))


def find_heads(joined: NDArray[np.int64]) -> NDArray[np.int64]:
    """First row of the act of each joined row; ``joined`` in order."""
    opens = np.ones(len(joined), bool)
    opens[1:] = joined[1:] != joined[:-1] + 1
    return joined[opens][np.cumsum(opens) - 1] - 1


def find_single_lines(joined: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether each row is an act of one line."""
    alone = ~joined
    alone[:-1] &= ~joined[1:]
    return alone


def _draw_classes_and_units(
    units: Units, tables: list[NDArray[np.int16]], acts: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int16], NDArray[np.int64]]:
    kind = draw_classes(acts, rng)
    unit = np.empty(acts, np.int16)
    slot = rng.integers(0, 1 << SLOTS_BITS, acts, np.uint32)
    for each, table in enumerate(tables):
        rows = np.flatnonzero(kind == each)
        unit[rows] = table[slot[rows]]
    senders = int(units.sender.max()) + 1
    block = list_months(acts).astype(np.uint16) * senders + units.sender[unit].astype(np.uint16)
    order = np.argsort(block, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(block, minlength=12 * senders))))
    return kind[order], unit[order], starts


def _draw_days(starts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int16]:
    days = np.empty(starts[-1], np.int16)
    tables = build_day_tables()
    senders = (len(starts) - 1) // 12
    for block, (start, end) in enumerate(pairwise(starts)):
        slot = rng.integers(0, 1 << SLOTS_BITS, end - start, np.uint32)
        days[start:end] = np.sort(tables[block // senders][slot])
    return days


def _draw_continuations(
    kind: NDArray[np.uint8], starts: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    joined = rng.integers(0, 100, len(kind), np.uint8) < JOINED_PERCENT
    joined[starts[:-1][starts[:-1] < len(kind)]] = False
    mass = kind == MASS
    joined &= ~mass
    joined[1:] &= ~mass[:-1]
    return joined


def _draw_followers(kind: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.bool_]:
    percent = np.array(
        [100 if each.unserviced == ALL_SERVICED else each.unserviced for each in CLASSES], np.uint8
    )
    return rng.integers(0, 100, len(kind), np.uint8) < percent[kind]


def _draw_copies(requests: Requests, starts: NDArray[np.int64], rng: np.random.Generator) -> Copies:
    acts = len(requests.kind)
    count = acts * (DUPLICATES + CONFLICTS) // 10_000
    row = np.unique(rng.integers(0, acts, 2 * count))
    before = row - starts[np.searchsorted(starts, row, "right") - 1]
    row, before = row[before > 0], before[before > 0]
    source = row - 1 - (rng.random(len(row)) * np.minimum(before, _RESENT_WITHIN)).astype(np.int64)
    sound = find_single_lines(requests.is_continuation) & (requests.kind != MASS)
    taken = np.zeros(acts, bool)
    taken[row] = True
    good = np.flatnonzero(sound[row] & sound[source] & ~taken[source])
    kept = np.sort(rng.permutation(good)[:count])
    differs = rng.permutation(np.arange(len(kept)) < len(kept) * CONFLICTS // (DUPLICATES + CONFLICTS))
    requests.follows[row[kept]] = False  # whatever it says was said by its source
    return Copies(row[kept], source[kept], differs)


def draw_assignments(
    kind: NDArray[np.uint8], unit: NDArray[np.int16], where: tuple[Units, Codes], rng: np.random.Generator
) -> Assignment:
    """Item by class, area of the programme, and the budget that bears it."""
    units, codes = where
    tables = build_item_tables({code: number for number, code in enumerate(codes.items)})
    item = tables[kind, rng.integers(0, 100, len(kind), np.uint8)]
    item = np.where(units.item[unit] > 0, units.item[unit], item).astype(np.uint8)
    turn = unit.astype(np.int32) * 7 + rng.integers(0, 3, len(kind), np.uint8)
    area = (units.area[unit] + turn % units.areas[unit]).astype(np.int16)
    staff = np.array([False, *(each.staff for each in codes.nomenclature.items.values())])
    on_fund = (units.fund[unit] > 0) & (rng.integers(0, 100, len(kind), np.uint8) < _OWN_FUND_PERCENT)
    sheet = np.where(staff[item], T2, np.where(on_fund, OWN_FUND, HT2)).astype(np.uint8)
    return Assignment(item, area, sheet)


def set_payees_and_amounts(plan: RequestPlan, payees: int, cents: int, rng: np.random.Generator) -> None:
    """Give payees and amounts: what is presented adds up to ``cents`` exactly."""
    requests = plan.requests
    requests.payee[:] = year_payees.draw_payees(len(requests.kind), payees, rng)
    rows = np.flatnonzero(requests.is_continuation)
    requests.payee[rows] = requests.payee[find_heads(rows)]
    requests.amount[:] = draw_amounts(requests.kind, rng)
    mass = requests.kind == MASS
    _copy_amounts(plan)
    if _sum_without_mass(requests, mass) > cents * (100 - _MASS_PERCENT_MIN) // 100:
        # A small year may by chance have one contract worth more than all its share.
        requests.amount[~mass] = scale_to_total(
            requests.amount[~mass], cents * (100 - _MASS_PERCENT_MIN) // 100
        )
        _copy_amounts(plan)
    requests.amount[mass] = scale_to_total(requests.amount[mass], cents - _sum_without_mass(requests, mass))


def _copy_amounts(plan: RequestPlan) -> None:
    amount, copies = plan.requests.amount, plan.copies
    amount[copies.row] = amount[copies.source] + np.where(copies.differs, 100, 0)


def _sum_without_mass(requests: Requests, mass: NDArray[np.bool_]) -> int:
    return int(compute_presented_amounts(requests).sum(where=~mass))


def compute_presented_amounts(
    requests: Requests, rows: slice | NDArray[np.integer] = slice(None)
) -> NDArray[np.int64]:
    """The amounts that stand in files: as they are, save for those made to be zero or negative."""
    amount, fault = requests.amount[rows], requests.fault[rows]
    wrong = fault == Outcome.AMOUNT_NOT_POSITIVE
    return np.where(wrong, np.where(amount % 2, 0, -amount), amount)
