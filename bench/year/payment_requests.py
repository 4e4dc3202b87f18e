"""The payment requests of the year: class, unit, day, payee and amount of each, and which ones are copies.

Rows are ordered by month, sender and day, the order in which they are presented.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year import payees as year_payees
from bench.year.bill_cells import AREA_SLOTS, BillCells
from bench.year.spending_mixture import (
    ALL_SERVICED,
    CLASSES,
    MASS,
    SLOTS_BITS,
    WORKS,
    build_day_tables,
    draw_classes,
    list_months,
)
from bench.year.spending_units import HT2, ITEM_SLOTS, OWN_FUND, T2, ClassTables, Units
from core.outcome_codes import Outcome

JOINED_PERCENT = 3
"""Lines that continue the act of the line above."""
DUPLICATES, CONFLICTS = 40, 5
"""Of 10,000 lines: repetitions of the same act, and different acts under the same reference."""
_RESENT_WITHIN = 20_000
_OWN_FUND_PERCENT = 5

NO_COMMITMENT = -1


class Requests(NamedTuple):
    """The payment request lines, one row each."""

    kind: NDArray[np.uint8]
    """Position in ``CLASSES``."""
    unit: NDArray[np.int16]
    day: NDArray[np.int16]
    is_continuation: NDArray[np.bool_]
    """Whether the line continues the act of the line above."""
    follows: NDArray[np.bool_]
    """Whether it follows a commitment."""
    payee: NDArray[np.int32]
    fault: NDArray[np.uint8]
    """The ``Outcome`` that the line must have; 0 for a line without a fault."""
    amount: NDArray[np.int64]
    commitment: NDArray[np.int32]
    item: NDArray[np.uint8]
    area: NDArray[np.int16]
    sheet: NDArray[np.uint8]


class Copies(NamedTuple):
    """The lines that are copies of an earlier line of their file."""

    row: NDArray[np.int64]
    source: NDArray[np.int64]
    differs: NDArray[np.bool_]
    """Whether the amount differs, which is a conflict."""


class Repeats(NamedTuple):
    """The requests that bill an invoice again, under a reference of their own, and the earlier requests of it."""

    row: NDArray[np.int64]
    source: NDArray[np.int64]


class RequestPlan(NamedTuple):
    """The requests, the first row of each file's block, and the copies."""

    requests: Requests
    starts: NDArray[np.int64]
    """The first row of each block (12 months x senders), and the end."""
    copies: Copies


class Assignment(NamedTuple):
    """The areas and sheets of lines."""

    area: NDArray[np.int16]
    sheet: NDArray[np.uint8]


def draw_requests(
    units: Units, cells: BillCells, tables: ClassTables, *, acts: int, rng: np.random.Generator
) -> RequestPlan:
    """Draw the requests of the year; amounts, commitments and faults are added later."""
    kind, unit, item, starts = _draw_classes_and_cells(units, cells, tables, acts=acts, rng=rng)
    day = _draw_days(starts, rng)
    is_continuation = _draw_continuations(kind, starts, rng)
    continuations = np.flatnonzero(is_continuation)
    for column in (kind, unit, item, day):
        column[continuations] = column[find_heads(continuations)]
    follows = _draw_followers(kind, rng) & ~cells.is_direct[cells.number[units.bill[unit], item]]
    follows[continuations] = follows[find_heads(continuations)]
    empty = {
        "payee": np.zeros(acts, np.int32),
        "fault": np.zeros(acts, np.uint8),
        "amount": np.zeros(acts, np.int64),
        "commitment": np.full(acts, NO_COMMITMENT, np.int32),
        "area": np.zeros(acts, np.int16),
        "sheet": np.zeros(acts, np.uint8),
    }
    requests = Requests(kind, unit, day, is_continuation, follows, item=item, **empty)
    return RequestPlan(requests, starts, _draw_copies(requests, starts, rng))


def find_heads(continuations: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the first row of the act of each continuation; ``continuations`` must be in order."""
    is_first = np.ones(len(continuations), bool)
    is_first[1:] = continuations[1:] != continuations[:-1] + 1
    return continuations[is_first][np.cumsum(is_first) - 1] - 1


def find_single_lines(is_continuation: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether each row is an act of one line."""
    is_single = ~is_continuation
    is_single[:-1] &= ~is_continuation[1:]
    return is_single


class _DrawnCells(NamedTuple):
    kind: NDArray[np.uint8]
    unit: NDArray[np.int16]
    item: NDArray[np.uint8]
    starts: NDArray[np.int64]


def _draw_classes_and_cells(
    units: Units, cells: BillCells, tables: ClassTables, *, acts: int, rng: np.random.Generator
) -> _DrawnCells:
    kind = draw_classes(acts, rng)
    unit = np.empty(acts, np.int16)
    slots = rng.integers(0, 1 << SLOTS_BITS, acts, np.uint32)
    for class_number, table in enumerate(tables.units):
        rows = np.flatnonzero(kind == class_number)
        unit[rows] = table[slots[rows]]
    item = tables.items[kind, units.bill[unit], rng.integers(0, ITEM_SLOTS, acts, np.uint16)]
    for class_number in (MASS, WORKS):
        unit_of, item_of = _cover_cells(units, cells, tables.items[class_number])
        rows = np.flatnonzero(kind == class_number)
        rows = rows[: min(len(unit_of), (len(rows) + 1) // 2)]
        unit[rows], item[rows] = unit_of[: len(rows)], item_of[: len(rows)]
    senders = int(units.sender.max()) + 1
    block = list_months(acts).astype(np.uint16) * senders + units.sender[unit].astype(np.uint16)
    order = np.argsort(block, kind="stable")
    starts = np.concatenate(([0], np.cumsum(np.bincount(block, minlength=12 * senders))))
    return _DrawnCells(kind[order], unit[order], item[order], starts)


class _CoveredCells(NamedTuple):
    unit: NDArray[np.int64]
    item: NDArray[np.int64]


def _cover_cells(units: Units, cells: BillCells, tables: NDArray[np.uint8]) -> _CoveredCells:
    """List the cells that a class pays in, the largest first, so that each large cell gets a large act."""
    first = {int(place): number for number, place in reversed(list(enumerate(units.bill)))}
    largest = np.argsort(-cells.cp_euros[1:], kind="stable") + 1
    pairs = [
        (first[place], item)
        for place, item in zip(cells.programme[largest].tolist(), cells.item[largest].tolist(), strict=True)
        if place in first and item in tables[place]
    ]
    return _CoveredCells(*np.array(pairs, np.int64).reshape(-1, 2).T)


def _draw_days(starts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int16]:
    days = np.empty(starts[-1], np.int16)
    tables = build_day_tables()
    senders = (len(starts) - 1) // 12
    for block, (start, end) in enumerate(pairwise(starts)):
        slots = rng.integers(0, 1 << SLOTS_BITS, end - start, np.uint32)
        days[start:end] = np.sort(tables[block // senders][slots])
    return days


def _draw_continuations(
    kind: NDArray[np.uint8], starts: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.bool_]:
    is_continuation = rng.integers(0, 100, len(kind), np.uint8) < JOINED_PERCENT
    is_continuation[starts[:-1][starts[:-1] < len(kind)]] = False
    is_mass = kind == MASS
    is_continuation &= ~is_mass
    is_continuation[1:] &= ~is_mass[:-1]
    return is_continuation


def _draw_followers(kind: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.bool_]:
    percent = np.array(
        [100 if spending.unserviced == ALL_SERVICED else spending.unserviced for spending in CLASSES],
        np.uint8,
    )
    return rng.integers(0, 100, len(kind), np.uint8) < percent[kind]


def _draw_copies(requests: Requests, starts: NDArray[np.int64], rng: np.random.Generator) -> Copies:
    acts = len(requests.kind)
    count = acts * (DUPLICATES + CONFLICTS) // 10_000
    row = np.unique(rng.integers(0, acts, 2 * count))
    rows_before = row - starts[np.searchsorted(starts, row, "right") - 1]
    row, rows_before = row[rows_before > 0], rows_before[rows_before > 0]
    source = row - 1 - (rng.random(len(row)) * np.minimum(rows_before, _RESENT_WITHIN)).astype(np.int64)
    is_sound = find_single_lines(requests.is_continuation) & (requests.kind != MASS)
    is_copy = np.zeros(acts, bool)
    is_copy[row] = True
    candidates = np.flatnonzero(is_sound[row] & is_sound[source] & ~is_copy[source])
    positions = np.sort(rng.permutation(candidates)[:count])
    differs = rng.permutation(
        np.arange(len(positions)) < len(positions) * CONFLICTS // (DUPLICATES + CONFLICTS)
    )
    requests.follows[row[positions]] = False  # a copy has the content of its source
    return Copies(row[positions], source[positions], differs)


def draw_assignments(
    item: NDArray[np.uint8],
    unit: NDArray[np.int16],
    units: Units,
    *,
    cells: BillCells,
    rng: np.random.Generator,
) -> Assignment:
    """Draw an area among the actions that have the item in the bill, and the sheet of the unit's budget."""
    cell = cells.number[units.bill[unit], item]
    area = cells.areas[cell, rng.integers(0, AREA_SLOTS, len(item), np.uint8)]
    is_on_fund = (units.fund[unit] > 0) & (rng.integers(0, 100, len(item), np.uint8) < _OWN_FUND_PERCENT)
    sheet = np.where(cells.is_staff[cell], T2, np.where(is_on_fund, OWN_FUND, HT2)).astype(np.uint8)
    return Assignment(area, sheet)


def set_payees(plan: RequestPlan, payees: int, rng: np.random.Generator) -> None:
    """Set the payee of each request."""
    requests = plan.requests
    requests.payee[:] = year_payees.draw_payees(len(requests.kind), payees, rng)
    continuations = np.flatnonzero(requests.is_continuation)
    requests.payee[continuations] = requests.payee[find_heads(continuations)]


def compute_presented_amounts(
    requests: Requests, rows: slice | NDArray[np.integer] = slice(None)
) -> NDArray[np.int64]:
    """Return the amounts that the files contain; those with the fault become zero or negative."""
    amount, fault = requests.amount[rows], requests.fault[rows]
    is_wrong = fault == Outcome.AMOUNT_NOT_POSITIVE
    return np.where(is_wrong, np.where(amount % 2, 0, -amount), amount)
