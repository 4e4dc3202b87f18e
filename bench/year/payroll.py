"""Payroll: what the bill gives each programme for staff, paid by unit and month without an order of its own."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year.act_changes import UnitLines
from bench.year.bill_cells import BillCells, split_credits
from bench.year.line_arrays import ORDINARY, REQUEST, create_lines
from bench.year.request_amounts import PaidCells
from bench.year.spending_mixture import split_exactly
from bench.year.spending_units import Units

_MONTHS = 12
_DAYS = (25, 56, 84, 115, 145, 176, 206, 237, 267, 298, 329, 354)
"""About the 26th of each month, and the 21st of December."""
_ACTS_A_UNIT = 1_000
"""A small year has one unit with payroll for so many requests."""
_UNITS_OF_PROGRAMME_MAX = 12


class _Payslips(NamedTuple):
    """The payroll of a unit and item over the year."""

    unit: NDArray[np.int64]
    cell: NDArray[np.int64]
    cents: NDArray[np.int64]


def build_payroll(
    units: Units, cells: BillCells, paid: PaidCells, *, cents: int, acts: int, payees: int
) -> UnitLines:
    """Build the payroll of the year: for each item of title 2 what direct requests leave of its CP."""
    slips = _split_cells(units, cells, split_credits(cells, cents) - paid.cents, acts=acts)
    count = len(slips.unit)
    day = np.tile(np.array(_DAYS, np.int16), count)
    lines = create_lines(count * _MONTHS, "payroll", REQUEST, day=day)
    unit, cell = np.repeat(slips.unit, _MONTHS), np.repeat(slips.cell, _MONTHS)
    lines.number[:] = acts + 1 + np.arange(count * _MONTHS)
    lines.centre[:], lines.fund[:] = units.centre[unit], ORDINARY
    lines.area[:], lines.item[:] = cells.areas[cell, 0], cells.item[cell]
    lines.payee[:] = (unit * len(cells.item) + cell) % payees + 1
    share, rest = np.divmod(slips.cents, _MONTHS)
    lines.amount[:] = (share[:, None] + (np.arange(_MONTHS) < rest[:, None])).ravel()
    return UnitLines(lines, unit.astype(np.int16))


def _split_cells(units: Units, cells: BillCells, cents: NDArray[np.int64], *, acts: int) -> _Payslips:
    """Split the cents of each cell of title 2 over units of its programme; a small year has the largest programmes alone."""
    euros = np.bincount(cells.programme, np.where(cells.is_staff, cells.cp_euros, 0), len(cells.programmes))
    parts: list[tuple[int, int, int]] = []
    unit_count = max(1, acts // _ACTS_A_UNIT)
    for programme in np.argsort(-euros, kind="stable")[:unit_count]:
        members = np.flatnonzero(units.bill == programme)[:_UNITS_OF_PROGRAMME_MAX]
        members = members[: max(1, unit_count * len(members) // len(units.bill))]
        for cell in np.flatnonzero(cells.is_staff & (cells.programme == programme)):
            shares = split_exactly(int(cents[cell]), (1,) * len(members)) if len(members) else []
            parts += [(int(unit), int(cell), int(share)) for unit, share in zip(members, shares, strict=True)]
    return _Payslips(*np.array([part for part in parts if part[2] >= _MONTHS], np.int64).reshape(-1, 3).T)
