"""The credits of the year, cut to what will be asked of them: most civilian programmes run out.

A unit that runs out gets, to a few euros, what is asked of it up to a day of December: everything before
passes, and after it only what is small enough.  So a programme ends within a few euros of zero, as the
accounts show.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.act_changes import Changes
from bench.year.commitments import Commitments, sum_by_position
from bench.year.line_arrays import SpendingYear
from bench.year.payment_requests import Requests
from bench.year.spending_units import HT2, SHEETS, Units

EXHAUSTED_PERCENT = 80
"""Civilian programmes whose CP run out."""
AE_EXHAUSTED_PERCENT = 25
"""Units of those whose AE run out too, at about the same time."""
_CUT_DAYS = (350, 363)
_NO_CUT_DAY = 366
_LEFT_CENTS_MAX = 500


class Demand(NamedTuple):
    """What is asked of budgets: which (unit and sheet), how much, on which day; releases are negative."""

    node: NDArray[np.int64]
    amount: NDArray[np.int64]
    day: NDArray[np.int16]


class UnitCredits(NamedTuple):
    """What each unit gets, by unit x sheet, and each operation, by fund centre number."""

    ae: NDArray[np.int64]
    cp: NDArray[np.int64]
    earmarked: NDArray[np.int64]


def compute_credits(book: SpendingYear, changes: Changes, rng: np.random.Generator) -> UnitCredits:
    """Credits for all that is sound, short of what comes after the unit's last day."""
    units = book.units
    cut = _draw_cut_days(units, rng)
    earmarked = _compute_earmarks(book, changes)
    also = rng.integers(0, 100, len(cut)) < AE_EXHAUSTED_PERCENT
    ae_cut = np.where(also, np.minimum(cut + rng.integers(0, 3, len(cut)), _NO_CUT_DAY), _NO_CUT_DAY)
    ae = _compute_node_credits(units, _list_ae_demands(book, changes), ae_cut, rng)
    before = np.concatenate(([0], np.cumsum(earmarked)))
    ae[HT2::SHEETS] += before[units.operation + units.operations] - before[units.operation]
    return UnitCredits(ae, _compute_node_credits(units, _list_cp_demands(book, changes), cut, rng), earmarked)


def _draw_cut_days(units: Units, rng: np.random.Generator) -> NDArray[np.int64]:
    """The day each unit's credits run out."""
    days = rng.integers(*_CUT_DAYS, len(units.centre), endpoint=True)
    programmes, group = np.unique(units.programme, return_inverse=True)
    exhausted = rng.integers(0, 100, len(programmes))[group] < EXHAUSTED_PERCENT
    return np.where(exhausted & (units.military == 0) & (units.estimated == 0), days, _NO_CUT_DAY)


def _list_cp_demands(book: SpendingYear, changes: Changes) -> list[Demand]:
    requests, back = book.requests, changes.rejected
    sound = np.flatnonzero(_find_sound_requests(book))
    return [
        _build_demand(requests, sound, requests.amount[sound], requests.day[sound]),
        _build_demand(requests, back.row, back.amount, back.day),
    ]


def _build_demand(
    of: Requests | Commitments, rows: NDArray[np.int64], amount: NDArray[np.int64], day: NDArray[np.int16]
) -> Demand:
    return Demand(of.unit[rows].astype(np.int64) * SHEETS + of.sheet[rows], amount, day)


def _find_sound_requests(book: SpendingYear) -> NDArray[np.bool_]:
    sound = book.requests.fault == 0
    sound[book.copies.row] = False
    return sound


def _list_ae_demands(book: SpendingYear, changes: Changes) -> list[Demand]:
    """By direct requests and their rejections, by commitments and their changes; earmarks come apart."""
    requests, commitments = book.requests, book.commitments
    direct = np.flatnonzero(_find_sound_requests(book) & ~requests.follows)
    back = changes.rejected
    own = ~requests.follows[back.row]
    plain = np.flatnonzero(commitments.operation == 0)
    changed = commitments.operation[changes.amended.row] == 0
    at = changes.amended.row[changed]
    return [
        _build_demand(requests, direct, requests.amount[direct], requests.day[direct]),
        _build_demand(requests, back.row[own], back.amount[own], back.day[own]),
        _build_demand(commitments, plain, commitments.amount[plain], commitments.day[plain]),
        _build_demand(commitments, at, changes.amended.amount[changed], changes.amended.day[changed]),
    ]


def _compute_node_credits(
    units: Units, asked: list[Demand], cut: NDArray[np.int64], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Credits of each node: up to the cut and a few euros, or with room to spare where there is no cut."""
    count = len(units.centre) * SHEETS
    cuts = np.repeat(cut, SHEETS)
    cuts[np.arange(count) % SHEETS != HT2] = _NO_CUT_DAY
    total, kept = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for each in asked:
        total += sum_by_position(each.node, np.maximum(each.amount, 0), count)
        within = each.day <= cuts[each.node]
        kept += sum_by_position(each.node[within], each.amount[within], count)
    ample = total * rng.integers(103, 115, count) // 100
    kept += rng.integers(0, _LEFT_CENTS_MAX, count)
    given = np.where(cuts == _NO_CUT_DAY, ample, np.maximum(kept, 0))
    # Estimated credits are no ceiling, and theirs prove too small.
    return np.where(np.repeat(units.estimated, SHEETS) > 0, total * 95 // 100, given) * (total > 0)


def _compute_earmarks(book: SpendingYear, changes: Changes) -> NDArray[np.int64]:
    """What each operation's commitments and their increases will ask, and a tenth more."""
    commitments, amended = book.commitments, changes.amended
    count = int((book.units.operation + book.units.operations).max()) + 1
    asked = sum_by_position(commitments.operation, commitments.amount, count)
    asked += sum_by_position(commitments.operation[amended.row], np.maximum(amended.amount, 0), count)
    asked[0] = 0
    return asked + asked // 10
