"""Commitments of November and December that take AE of the next year; and some that must be refused (LOLF art. 9)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from bench.year import line_arrays
from bench.year.act_changes import UnitLines
from bench.year.bill_cells import BillCells
from bench.year.change_rates import MILLION, load_rates
from bench.year.line_arrays import SpendingYear
from bench.year.spending_mixture import LAST_DAY, MASS
from bench.year.spending_units import HT2, Codes
from core.outcome_codes import Outcome

_NOVEMBER, _OCTOBER = 304, 273
"""The first days of the months."""
_FIRST_NUMBER = 50_000_000
"""No other commitment has so high a number."""
_TITLE_DIVISOR = 4_000
"""A commitment takes at most one part in so many of its item's CP: the quarter of its title lasts for all of them."""
_CURRENT = "31"
_INVESTMENT = "51"


def build_anticipations(
    spending: SpendingYear,
    cells: BillCells,
    codes: Codes,
    *,
    targets: NDArray[np.int64],
    rng: np.random.Generator,
) -> list[UnitLines]:
    """Build the right ones, then those above the quarter, of investment, and before November.

    ``targets`` are the cents of each cell.
    """
    rates, parts, number = load_rates(), [], _FIRST_NUMBER
    for change, fault in _FAMILIES.items():
        part = _build_family(spending, codes, count=_count_acts(spending, rates, change), rng=rng)
        lines = part.lines
        lines.number[:] = number + np.arange(len(lines.day))
        cell_cents = targets[cells.number[spending.units.bill[part.unit], lines.item]]
        lines.amount[:] = np.minimum(lines.amount, np.maximum(cell_cents // _TITLE_DIVISOR, 1))
        lines.fault[:] = fault
        _falsify(lines, change, codes, cell_cents=cell_cents)
        parts.append(part)
        number += len(lines.day)
    return parts


_FAMILIES: Mapping[str, int] = {
    "anticipated_commitment": 0,
    "anticipation_above_quarter": Outcome.ANTICIPATION_LIMIT,
    "anticipated_investment": Outcome.ANTICIPATION_LIMIT,
    "anticipation_before_november": Outcome.BUDGET_YEAR_CLOSED,
}


def _count_acts(spending: SpendingYear, rates: Mapping[str, int], change: str) -> int:
    return max(1, rates[change] * len(spending.commitments.unit) // MILLION)


def _build_family(spending: SpendingYear, codes: Codes, *, count: int, rng: np.random.Generator) -> UnitLines:
    """Build commitments of running expenses, with the assignments of others of the year."""
    commitments = spending.commitments
    is_current = (commitments.item == codes.items.index(_CURRENT)) & (commitments.sheet == HT2)
    is_current &= (commitments.kind != MASS) & (commitments.operation == 0)
    rows = rng.choice(np.flatnonzero(is_current), min(count, int(is_current.sum())), replace=False)
    lines = line_arrays.build_commitment_lines(commitments, rows, spending.units)
    day = rng.integers(_NOVEMBER, LAST_DAY, len(rows)).astype(np.int16)
    line_arrays.set_days(lines, day)
    lines.line[:], lines.in_advance[:] = 1, 1
    return UnitLines(lines, commitments.unit[rows])


def _falsify(
    lines: line_arrays.LineArrays, change: str, codes: Codes, *, cell_cents: NDArray[np.int64]
) -> None:
    if change == "anticipation_above_quarter":
        lines.amount[:] = cell_cents * 10 + 1_000_000
    elif change == "anticipated_investment":
        lines.item[:] = codes.items.index(_INVESTMENT)
    elif change == "anticipation_before_november":
        line_arrays.set_days(lines, (lines.day - _NOVEMBER + _OCTOBER) % _NOVEMBER)
